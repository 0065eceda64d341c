"""Keras model with its own compiled step."""

import tensorflow as tf


def initialise(model):
    """Layers draw their values when they are built, not in a call such as Gluon's ``initialize``: Glorot
    uniform kernels and zero biases, unless a layer was given another initializer. This draws them again.
    """
    for layer in model.network.layers:
        # An initializer draws the same values at every call, so each kernel gets a new one.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """One graph contains the forward pass, the gradients and the update; ``hybridize`` compiles only the
    network. The loss is a mean, so nothing divides by the batch size.
    """
    # A tensor of the same shape and type runs the existing graph; a Python number traces another.
    loss = model.train_step(tf.constant(x), tf.constant(y))
    # The only line that waits for the step.
    return float(loss)


def save(model, folder):
    """The counterpart of ``save_parameters``; the name must end in ``.weights.h5``. The optimiser is a
    separate object, like the ``Trainer``, and is not in the file.
    """
    model.network.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # Values are assigned to the existing variables, so graphs that use them need no new trace.
    model.network.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """There is no ``ctx=``: TensorFlow uses the first GPU by default. Build the model inside ``tf.device`` to
    choose another device. Batches are copied to where they are needed.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """Includes non-trainable weights, like ``collect_params``; ``trainable_variables`` excludes them."""
    return model.network.count_params()
