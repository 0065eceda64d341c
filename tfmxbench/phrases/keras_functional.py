"""Keras functional API with fit."""

import tensorflow as tf


def initialise(model):
    """Layers have values as soon as they have been called: Glorot uniform kernels and zero biases. There is
    no ``simple_bind`` to wait for. This draws the values again.
    """
    # The first layer is the input, which has no parameters.
    for layer in model.layers[1:]:
        # An initializer draws the same values at every call, so each kernel gets a new one.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """``fit`` for a single batch, with the same compiled step. Loss and optimiser come from ``compile``,
    while a ``Symbol`` has its loss in the graph.
    """
    return float(model.train_on_batch(x, y))


def save(model, folder):
    """Writes the weights and the optimiser's state, but not the graph. ``model.to_json()`` returns the graph,
    like ``tojson`` of a ``Symbol``. ``model.save("mlp.keras")`` writes all of it.
    """
    model.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A new optimiser has no velocities yet: without build, loading would skip them, with a warning.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """``tf.device`` around the calls of layers places their parameters. TensorFlow then copies between
    devices by itself, which MXNet refuses to do.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer(tf.keras.Input(shape=(64,)))
    return layer.kernel.value.device


def count_parameters(model):
    """A layer that is called twice counts once. ``model.summary()`` prints the parameters layer by layer."""
    return model.count_params()
