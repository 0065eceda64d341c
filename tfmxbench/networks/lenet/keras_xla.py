"""Keras fit with XLA: convolutions, pooling and Adam compiled as one program for one batch shape.

The Sequential model with ``jit_compile=True``. Bias, tanh and pooling after a convolution are
passes over the feature maps, and Adam is several more over each parameter; run as separate
operators, each of these reads and writes memory once. XLA sees them all in one graph and may fuse
them.

**Names.** ``jit_compile`` in ``compile`` asks for XLA. A *fusion* is a group of operators that it
compiled into one loop. It hands convolutions and large matrix products to a library where it has
one for the device.

**What it does for you.** Compilation of the step when it first runs, and again for each new batch
shape; ``predict`` is compiled too. Results may differ from the uncompiled ones in the last digits,
since sums are ordered differently. The model, its NHWC layout and its weights stay as they are.

**Coming from MXNet.** On a CPU, MXNet fuses by pattern: its oneDNN backend knows a convolution with
the activation behind it, and applies this in inference (``sym.optimize_for("MKLDNN")``). XLA needs
no list of patterns and works on the training step, update included, for which MXNet has
``mx.nd.adam_update``, one operator written by hand. Layouts and kernels differ as in every Keras
style: NHWC instead of NCHW, and rows, columns, inputs, outputs instead of OIHW.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled"}


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
        jit_compile=True,
    )
    model.task = task
    return model


def train(model, x, y):
    batch_size = model.task.batch_size
    # fit would train on the incomplete last batch too, and XLA would compile the step for its shape.
    n = len(x) // batch_size * batch_size
    history = model.fit(x[:n], y[:n], batch_size=batch_size, shuffle=False, verbose=0)
    return history.history["loss"][0]


def predict(model, x):
    # Compiled as well, once for full batches and once for each size that a last batch has.
    return model.predict(x, batch_size=model.task.batch_size, verbose=0)


def set_parameters(model, parameters):
    # Pooling and flattening have no weights; the others come in order, kernel before bias.
    model.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.get_weights(), strict=True))
