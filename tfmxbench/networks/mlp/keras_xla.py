"""Keras fit with XLA: one argument compiles the training step for its shapes.

The same model, ``compile`` and ``fit`` as in the Sequential style, and ``jit_compile=True``.
``tf.function`` alone makes a graph whose operators each run a kernel that came with TensorFlow.
XLA, the compiler, takes the graph of a step as one program, fuses operators, and makes machine code
for exactly these shapes.

**Names.** ``jit_compile`` is an argument of ``compile``, and of ``tf.function`` where the loop is
yours. Left at ``"auto"``, Keras compiles where there is a GPU and does not where there is only a
CPU.

**What it does for you.** Everything that ``fit`` does, and the compilation, in the first step. It
needs constant shapes: another batch size is another program, compiled when it first appears.
Dropping the incomplete last batch saves one. Operators without an XLA version fail instead of
falling back.

**Coming from MXNet.** There is no counterpart on a CPU: ``hybridize(static_alloc=True,
static_shape=True)`` and the Executor plan memory ahead, and ``optimize_for`` swaps groups of
operators for prepared ones, but the kernels stay those of the library. On a GPU, MXNet generates
kernels for chains of pointwise operators, and for these only.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled"}


def build(task):
    hidden1, hidden2 = task.hidden_units
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=task.input_shape),
            tf.keras.layers.Dense(hidden1, activation="relu"),
            tf.keras.layers.Dense(hidden2, activation="relu"),
            # No softmax: the loss takes logits, and is safer from overflow that way.
            tf.keras.layers.Dense(task.classes),
        ]
    )
    model.compile(
        optimizer=tf.keras.optimizers.SGD(task.learning_rate, momentum=task.momentum),
        # "Sparse" means that labels are class numbers, not one-hot rows.
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
    # Keras orders weights by layer, kernel before bias, as the task does.
    model.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.get_weights(), strict=True))
