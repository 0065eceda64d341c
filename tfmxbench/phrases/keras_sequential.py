"""Keras Sequential with fit."""

import tensorflow as tf


def initialise(model):
    """No call is needed: Glorot uniform kernels and zero biases are the defaults, drawn when a layer is
    built. This draws them again, like MXNet's ``init_params(mx.init.Xavier(), force_init=True)``.
    """
    for layer in model.layers:
        # An initializer draws the same values at every call, so each kernel gets a new one.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """One call replaces ``forward_backward``, ``update`` and ``update_metric`` of a ``Module``. It returns
    the loss of this batch, before the update.
    """
    return float(model.train_on_batch(x, y))


def save(model, folder):
    """The name must end in ``.weights.h5``. The file includes the optimiser's state, which MXNet's
    ``save_checkpoint`` writes only on request. ``model.save("mlp.keras")`` also writes the layers.
    """
    model.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A new optimiser has no velocities yet: without build, loading would skip them, with a warning.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """TensorFlow uses the first GPU by default. A model stays where it was built, so build it inside
    ``tf.device`` to choose another device. There is no context to pass.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """Includes non-trainable weights; ``model.summary()`` lists them separately, and prints each layer."""
    return model.count_params()
