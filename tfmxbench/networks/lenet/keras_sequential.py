"""Keras Sequential with fit: convolutions in a list, each taking its shape from the one before.

Seven layers with parameters or pooling and one that flattens, in the order in which an image passes
through them. Only the input's shape is stated; rows, columns and channels further down follow from
it, and ``model.summary()`` prints them.

**Names.** ``Conv2D`` takes filters and kernel size, ``AveragePooling2D`` its window, and
``Flatten`` puts a dense layer behind an image. ``padding="same"`` keeps rows and columns,
``"valid"``, the default, uses no padding. An activation is an argument of the layer before it.

**What it does for you.** It works out how much to pad and how many inputs the first dense layer has
(400), and ``fit`` does the rest: batches, step, gradients, Adam. Pooling steps by its own window,
unless ``strides`` says otherwise, but ``AveragePooling2D`` requires the window, while
``MaxPooling2D`` assumes 2.

**Coming from MXNet.** Images are rows, columns, channels (NHWC), where ``mx.sym.Convolution`` has
channels first, and kernels are rows, columns, inputs, outputs instead of OIHW. ``Flatten``
therefore gives the features in another order: to move weights over, permute the rows of the first
dense kernel too, not only the kernels. Padding is a word, not ``pad=(2, 2)``. Keras' Adam adds an
epsilon of 1e-7 by default, MXNet's adds 1e-8.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled", "pair": "framework owns the loop"}


def build(task):
    filters1, filters2 = task.filters
    units1, units2 = task.dense_units
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=task.input_shape),
            tf.keras.layers.Conv2D(filters1, task.kernel_size, padding="same", activation="tanh"),
            tf.keras.layers.AveragePooling2D(task.pool_size),
            tf.keras.layers.Conv2D(filters2, task.kernel_size, activation="tanh"),
            tf.keras.layers.AveragePooling2D(task.pool_size),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(units1, activation="tanh"),
            tf.keras.layers.Dense(units2, activation="tanh"),
            tf.keras.layers.Dense(task.classes),
        ]
    )
    model.compile(
        # Epsilon is named because the default is not the same in every framework.
        optimizer=tf.keras.optimizers.Adam(
            task.learning_rate, beta_1=task.beta_1, beta_2=task.beta_2, epsilon=task.epsilon
        ),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.task = task
    return model


def train(model, x, y):
    batch_size = model.task.batch_size
    # fit would train on the incomplete last batch too, so it does not get to see it.
    n = len(x) // batch_size * batch_size
    history = model.fit(x[:n], y[:n], batch_size=batch_size, shuffle=False, verbose=0)
    return history.history["loss"][0]


def predict(model, x):
    return model.predict(x, batch_size=model.task.batch_size, verbose=0)


def set_parameters(model, parameters):
    # Pooling and flattening have no weights; the others come in order, kernel before bias.
    model.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.get_weights(), strict=True))
