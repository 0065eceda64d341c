"""Keras fit with XLA."""

import tensorflow as tf


def initialise(model):
    """The same as without XLA, which compiles computations and leaves stored values as they are."""
    for layer in model.layers:
        # An initializer draws the same values at every call, so each kernel gets a new one.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """The same call as without XLA. The first call compiles the step for this batch size, and another size
    needs another program. An MXNet executor would have to be bound again.
    """
    return float(model.train_on_batch(x, y))


def save(model, folder):
    """The same file as without XLA: compiled programs are not in it."""
    model.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A new optimiser has no velocities yet: without build, loading would skip them, with a warning.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """XLA compiles for the device on which the model was built. ``jit_compile="auto"``, the default of
    ``compile``, uses XLA only on a machine with a GPU.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """The same as without XLA."""
    return model.count_params()
