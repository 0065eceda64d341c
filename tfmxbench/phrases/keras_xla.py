"""Keras fit with XLA."""

import tensorflow as tf


def initialise(model):
    """The same as without XLA, which compiles what is computed and not what is kept."""
    for layer in model.layers:
        # An initializer draws the same values whenever it is called: so a new one for each kernel.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """The same call as without XLA. The first one compiles the step for this batch size, and another size
    is another program; an MXNet executor would have to be bound anew.
    """
    return float(model.train_on_batch(x, y))


def save(model, folder):
    """The same file as without XLA: compiled programs are not in it."""
    model.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A new optimiser has no velocities before its first step: they would be left out, with a warning.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """XLA compiles for the device on which the model was built. ``jit_compile="auto"``, the default of
    ``compile``, means yes on a GPU and no on a CPU.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """The same as without XLA."""
    return model.count_params()
