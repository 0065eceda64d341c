"""Keras Sequential with fit: you list the layers, the framework owns the loop.

The network is a list of layers, ``compile`` says how it is trained, and ``fit`` trains it. No step
is written down anywhere in this file: Keras builds one from the loss and the optimiser, and runs it
for every batch.

**Names.** ``tf.keras.Sequential`` chains layers. ``compile`` compiles nothing yet: it ties
optimiser and loss to the model. ``fit`` is the training loop, and returns a ``History`` with the
mean loss of each epoch. ``predict`` is the loop for inference.

**What it does for you.** Batches, the training step and its ``tf.function``, gradients, updates,
the mean of the losses, metrics, callbacks and a progress bar. It shuffles unless told not to, and
it trains on an incomplete last batch: neither happens here. If there is a GPU, it also compiles the
step with XLA, which ``jit_compile=False`` would prevent.

**Coming from MXNet.** This is ``Module.fit``, without an iterator: ``fit`` takes arrays. There is
no ``bind`` or ``init_params``: ``Input`` says what shape comes in, and the layers have their values
before training starts. The loss is the mean over the batch, so there is no ``rescale_grad`` to know
about. A second call of ``fit`` continues where the first stopped, with the optimiser's state, and
without a warning.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled", "pair": "framework owns the loop"}


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
    # Keras orders weights by layer, kernel before bias, as the task does.
    model.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.get_weights(), strict=True))
