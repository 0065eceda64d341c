"""Keras Model subclass with an eager loop."""

import tensorflow as tf


def initialise(model):
    """A layer draws its values at its first call, like a Gluon layer without ``in_units``, but it needs no
    ``initialize()`` before. This draws them again.
    """
    for layer in model.network.layers:
        # An initializer draws the same values at every call, so each kernel gets a new one.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """A tape replaces ``autograd.record()``, ``tape.gradient`` replaces ``backward()``, and ``apply``
    replaces ``trainer.step``. The loss is a mean, so ``apply`` needs no batch size.
    """
    with tf.GradientTape() as tape:
        # Unlike record(), a tape does not switch layers such as dropout to training.
        loss = model.loss(y, model.network(x, training=True))
    variables = model.network.trainable_variables
    gradients = tape.gradient(loss, variables)
    model.optimizer.apply(gradients, variables)
    return float(loss)


def save(model, folder):
    """The counterpart of ``save_parameters``. As in Gluon, parameters are named after the attributes that
    hold their layers (``dense1``).
    """
    model.network.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A subclassed model has no parameters to load into before its first call.
    model.network.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """There is no ``ctx=``: TensorFlow uses the first GPU by default. ``tf.device`` around a layer's first
    call places its parameters.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer(tf.zeros((1, 64)))
    return layer.kernel.value.device


def count_parameters(model):
    """Works only once the model has been called: before that, there is nothing to count, and it raises."""
    return model.network.count_params()
