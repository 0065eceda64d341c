"""Keras functional API with fit: you wire the layers, the framework owns the loop.

Each layer is called on the output of another, starting from an ``Input`` that holds no data. What
comes out is a graph of layers, which may branch, join and share; this network does none of these,
so it computes what the Sequential one does. ``compile`` and ``fit`` are the same as there.

**Names.** ``tf.keras.Input`` is a placeholder with a shape and a type. Calling a layer on it
returns another one. ``tf.keras.Model(inputs, outputs)`` is everything that lies between the two.

**What it does for you.** Shapes are inferred and checked while you wire, so a mistake shows where
it is made and not in the first step. The finished graph can be drawn, saved, and cut at any layer.
The loop, the gradients and the update are Keras' own.

**Coming from MXNet.** This is the nearest thing to ``mx.sym``: ``Input`` for
``mx.sym.Variable("data")``, a layer call for ``mx.sym.FullyConnected``. But a layer owns its
parameters: there is no ``weight`` to pass in or to bind, the arrays exist as soon as the layer has
been called, and calling the same layer twice shares them. Unlike ``SoftmaxOutput``, the loss is not
part of the graph. Where you would use ``get_internals()``, write ``tf.keras.Model(model.inputs,
layer.output)``.
"""

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled"}


def build(task):
    hidden1, hidden2 = task.hidden_units
    inputs = tf.keras.Input(shape=task.input_shape)
    # The first parentheses make the layer, the second call it.
    x = tf.keras.layers.Dense(hidden1, activation="relu")(inputs)
    x = tf.keras.layers.Dense(hidden2, activation="relu")(x)
    # No softmax: the loss takes logits, and is safer from overflow that way.
    logits = tf.keras.layers.Dense(task.classes)(x)
    model = tf.keras.Model(inputs, logits)
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
