"""Keras Sequential with fit."""

import tensorflow as tf


def initialise(model):
    """Nothing has to be said: Glorot uniform kernels and zero biases are the defaults, drawn when a layer is
    built. This draws them again, for which MXNet has ``init_params(mx.init.Xavier(), force_init=True)``.
    """
    for layer in model.layers:
        # An initializer draws the same values whenever it is called: so a new one for each kernel.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """One call for ``forward_backward``, ``update`` and ``update_metric`` of a ``Module``. The loss is that
    of this batch, before the update.
    """
    return float(model.train_on_batch(x, y))


def save(model, folder):
    """The name has to end in ``.weights.h5``. The optimiser's state is in the file, for which
    ``save_checkpoint`` has to be asked; ``model.save("mlp.keras")`` has the layers in it as well.
    """
    model.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # A new optimiser has no velocities before its first step: they would be left out, with a warning.
    model.optimizer.build(model.trainable_variables)
    model.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """TensorFlow takes the first GPU without being asked. A model lives where it was built, so ``tf.device``
    goes around building it; there is no context to hand over.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """Counts what is not trained too; ``model.summary()`` tells the two apart and prints them by layer."""
    return model.count_params()
