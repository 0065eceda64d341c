"""Keras Model subclass with an eager loop."""

import tensorflow as tf


def initialise(model):
    """A layer draws its values at its first call, as Gluon does where ``in_units`` is not given; but it
    needs no ``initialize()`` before. This draws them again.
    """
    for layer in model.network.layers:
        # An initializer draws the same values whenever it is called: so a new one for each kernel.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """A tape for ``autograd.record()``, ``tape.gradient`` for ``backward()``, ``apply`` for
    ``trainer.step``. The loss is a mean, so ``apply`` is told no batch size.
    """
    with tf.GradientTape() as tape:
        # Unlike record(), a tape does not switch layers such as dropout to training.
        loss = model.loss(y, model.network(x, training=True))
    variables = model.network.trainable_variables
    gradients = tape.gradient(loss, variables)
    model.optimizer.apply(gradients, variables)
    return float(loss)


def save(model, folder):
    """The counterpart of ``save_parameters``. The parameters go by the names of the attributes that hold
    their layers (``dense1``), as in Gluon.
    """
    model.network.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A subclass has no parameters before its first call: only then is there something to load into.
    model.network.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """There is no ``ctx=``: TensorFlow takes the first GPU without being asked. ``tf.device`` around the
    first call of a layer places its parameters.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer(tf.zeros((1, 64)))
    return layer.kernel.value.device


def count_parameters(model):
    """Only after the model has been called: before, there are none to count, and it raises."""
    return model.network.count_params()
