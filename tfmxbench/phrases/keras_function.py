"""Keras model with its own compiled step."""

import tensorflow as tf


def initialise(model):
    """Layers draw their values when they are built, not in a call such as Gluon's ``initialize``: Glorot
    uniform kernels and zero biases, unless a layer was given another initializer. This draws them again.
    """
    for layer in model.network.layers:
        # An initializer draws the same values whenever it is called: so a new one for each kernel.
        layer.kernel.assign(tf.keras.initializers.GlorotUniform()(layer.kernel.shape))
        layer.bias.assign(tf.zeros(layer.bias.shape))


def step(model, x, y):
    """One graph for forward pass, gradients and update, where ``hybridize`` compiles the network only.
    The loss is a mean, so nothing divides by the batch size.
    """
    # A tensor of the same shape and type runs the graph that is there; a Python number traces another.
    loss = model.train_step(tf.constant(x), tf.constant(y))
    # The only line that waits for the step.
    return float(loss)


def save(model, folder):
    """The counterpart of ``save_parameters``; the name has to end in ``.weights.h5``. The optimiser is an
    object of its own here, as the ``Trainer`` is, and is not in the file.
    """
    model.network.save_weights(f"{folder}/mlp.weights.h5")


def load(model, folder):
    # Values are assigned to the variables that are there, so graphs that use them need no new trace.
    model.network.load_weights(f"{folder}/mlp.weights.h5")


def device():
    """There is no ``ctx=``: TensorFlow takes the first GPU without being asked, and ``tf.device`` around
    building the model chooses otherwise. Batches are copied to where they are needed.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        layer = tf.keras.layers.Dense(10)
        layer.build((None, 64))
    return layer.kernel.value.device


def count_parameters(model):
    """Counts what is not trained too, as ``collect_params`` does: ``trainable_variables`` is without it."""
    return model.network.count_params()
