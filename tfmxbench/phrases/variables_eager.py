"""Variables and tf.nn, executed eagerly."""

import math

import tensorflow as tf


def initialise(model):
    """A tensor cannot be written to. A variable has ``w.assign(...)`` instead of ``w[:] = ...``."""
    for name, variable in model.parameters.items():
        if name.endswith("bias"):
            variable.assign(tf.zeros(variable.shape))
        else:
            limit = math.sqrt(6 / sum(variable.shape))
            variable.assign(tf.random.uniform(variable.shape, -limit, limit))


def forward(parameters, x):
    hidden1 = tf.nn.relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = tf.nn.relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def step(model, x, y):
    """``tape.gradient`` returns the gradients, while ``backward()`` fills buffers. The tape watches every
    trainable variable, without ``attach_grad``.
    """
    task = model.task
    with tf.GradientTape() as tape:
        logits = forward(model.parameters, tf.constant(x))
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    # A dict of variables goes in, a dict of gradients comes out.
    for name, gradient in tape.gradient(loss, model.parameters).items():
        velocity = model.velocities[name]
        velocity.assign(task.momentum * velocity - task.learning_rate * gradient)
        model.parameters[name].assign_add(velocity)
    return float(loss)


def save(model, folder):
    """The counterpart of ``mx.nd.save`` for a dict of arrays: writes an index and a file with the values."""
    tf.train.Checkpoint(parameters=model.parameters).write(f"{folder}/mlp")


def load(model, folder):
    status = tf.train.Checkpoint(parameters=model.parameters).read(f"{folder}/mlp")
    # Without this line, a variable that is not in the file silently keeps its value.
    status.assert_consumed()


def device():
    """Arrays take no ``ctx=``. Without ``tf.device`` they are created on the first GPU, if there is one. An
    operation whose inputs are on two devices copies one of them.
    """
    name = "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"
    with tf.device(name):
        x = tf.zeros((64, 10))
    return x.device


def count_parameters(model):
    """``num_elements`` of a shape is the counterpart of ``size`` of an ``NDArray``."""
    return sum(variable.shape.num_elements() for variable in model.parameters.values())
