"""Variables and tf.nn under tf.function."""

import math

import tensorflow as tf


def initialise(model):
    """Does what ``mx.init.Xavier`` does with an executor's arrays, but written out."""
    for name, variable in model.parameters.items():
        if name.endswith("bias"):
            variable.assign(tf.zeros(variable.shape))
        else:
            limit = math.sqrt(6 / sum(variable.shape))
            # assign keeps the variable, and with it every graph that was traced with it.
            variable.assign(tf.random.uniform(variable.shape, -limit, limit))


def step(model, x, y):
    """One graph leads from the batch to the updated variables. An ``Executor`` needs three calls:
    ``forward``, ``backward`` and the update. Inputs are arguments here, not arrays to be filled.
    """
    # A tensor of the same shape and type runs the existing graph; a Python number traces another.
    loss = model.train_step(tf.constant(x), tf.constant(y))
    # The only line that waits for the step.
    return float(loss)


def save(model, folder):
    """The counterpart of ``mx.nd.save`` for a dict of arrays: writes an index and a file with the values."""
    tf.train.Checkpoint(parameters=model.parameters).write(f"{folder}/mlp")


def load(model, folder):
    status = tf.train.Checkpoint(parameters=model.parameters).read(f"{folder}/mlp")
    # Without this line, a variable that is not in the file silently keeps its value.
    status.assert_consumed()


def device():
    """Variables stay where they were created. Operations use the first GPU, also in a traced function, unless
    ``tf.device`` is in force during tracing. An executor is bound to one context, with all its arrays.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        kernel = tf.Variable(tf.zeros((64, 10)))
    return kernel.device


def count_parameters(model):
    """The shapes are known without reading a value, so nothing waits for the device."""
    return sum(variable.shape.num_elements() for variable in model.parameters.values())
