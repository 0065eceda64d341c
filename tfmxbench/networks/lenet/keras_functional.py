"""Keras functional API with fit: convolutions called on tensors, whose shapes you can follow.

Every call of a layer returns a symbolic tensor that knows its shape: ``(None, 28, 28, 6)`` after
the first convolution, ``(None, 400)`` after flattening, ``None`` for the batch. Nothing has been
computed by then, and a network with branches, such as a residual block, would be written in the
same way.

**Names.** ``tf.keras.Input`` is the image to come, ``x`` by custom the tensor so far, and
``tf.keras.Model`` what lies between input and logits. Layers are those of the Sequential style.

**What it does for you.** A window too large for its image fails on the line that says so. The graph
stays open to inspection: ``tf.keras.Model(model.inputs, model.layers[1].output)`` gives the feature
maps of the first convolution, on the same weights. ``fit`` does the training.

**Coming from MXNet.** ``x = Conv2D(6, 5, padding="same")(x)`` is ``mx.sym.Convolution(x,
num_filter=6, kernel=(5, 5), pad=(2, 2))``, with the weights inside and channels last. ``"same"``
equals ``pad=(2, 2)`` for a kernel of 5 and a stride of 1; with larger strides it may pad one more
at the bottom and right, which no ``pad`` can express. ``mx.sym.Pooling`` steps by 1 unless given a
``stride``, Keras by the window. Adam's epsilon is 1e-7 here by default, and 1e-8 there.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled"}


def build(task):
    filters1, filters2 = task.filters
    units1, units2 = task.dense_units
    inputs = tf.keras.Input(shape=task.input_shape)
    x = tf.keras.layers.Conv2D(filters1, task.kernel_size, padding="same", activation="tanh")(inputs)
    x = tf.keras.layers.AveragePooling2D(task.pool_size)(x)
    x = tf.keras.layers.Conv2D(filters2, task.kernel_size, activation="tanh")(x)
    x = tf.keras.layers.AveragePooling2D(task.pool_size)(x)
    # Rows, columns, channels become one axis in this order, the last changing fastest.
    x = tf.keras.layers.Flatten()(x)
    x = tf.keras.layers.Dense(units1, activation="tanh")(x)
    x = tf.keras.layers.Dense(units2, activation="tanh")(x)
    logits = tf.keras.layers.Dense(task.classes)(x)
    model = tf.keras.Model(inputs, logits)
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
