"""Keras with train_on_batch: Keras makes the step, the loop over the batches is yours.

The model is described and compiled as for ``fit``, but the loop is written out: each call of
``train_on_batch`` takes one step, in the graph that Keras made of it.

**Names.** ``train_on_batch`` is one step of ``fit``, and ``predict_on_batch`` one of ``predict``.

**What it does for you.** The step, its ``tf.function``, gradients and updates. Batches, their order
and the mean of the losses are yours. It returns the loss as a Python float, so every call waits for
its step to end.

**Coming from MXNet.** It stands between ``Module.fit``, which has the loop, and ``forward``,
``backward`` and ``update`` of a ``Module``, which are three calls for what is one here.
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
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.task = task
    return model


def train(model, x, y):
    batch_size = model.task.batch_size
    losses = []
    # The last start that leaves room for a whole batch: the incomplete one is left out.
    for start in range(0, len(x) - batch_size + 1, batch_size):
        end = start + batch_size
        losses.append(model.train_on_batch(x[start:end], y[start:end]))
    return sum(losses) / len(losses)


def predict(model, x):
    return model.predict_on_batch(x)


def set_parameters(model, parameters):
    # Keras orders weights by layer, kernel before bias, as the task does.
    model.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.get_weights(), strict=True))
