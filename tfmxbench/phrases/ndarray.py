"""NDArray and autograd."""

import math

import mxnet as mx
from mxnet import autograd


def initialise(model):
    """Slice assignment writes into the array, like ``assign`` of a ``tf.Variable``. ``parameter = ...`` would
    make another array, without a gradient.
    """
    for name, parameter in model.parameters.items():
        if name.endswith("bias"):
            parameter[:] = 0
        else:
            limit = math.sqrt(6 / sum(parameter.shape))
            parameter[:] = mx.nd.random.uniform(-limit, limit, parameter.shape, ctx=parameter.context)


def forward(parameters, x):
    hidden1 = mx.nd.relu(mx.nd.dot(x, parameters["dense1_kernel"]) + parameters["dense1_bias"])
    hidden2 = mx.nd.relu(mx.nd.dot(hidden1, parameters["dense2_kernel"]) + parameters["dense2_bias"])
    return mx.nd.dot(hidden2, parameters["dense3_kernel"]) + parameters["dense3_bias"]


def step(model, x, y):
    """``record`` replaces the tape, but ``backward`` returns nothing: the gradients are in ``parameter.grad``
    until the next ``backward`` overwrites them.
    """
    task = model.task
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    with autograd.record():
        # pick takes the entry of each row's label.
        loss = -mx.nd.pick(mx.nd.log_softmax(forward(model.parameters, x)), y).mean()
    loss.backward()
    for name, parameter in model.parameters.items():
        velocity = model.velocities[name]
        velocity[:] = task.momentum * velocity - task.learning_rate * parameter.grad
        # In place: "parameter = parameter + velocity" would make a new array without a gradient.
        parameter += velocity
    # Until here Python has only queued operations: this line waits for them.
    return float(loss.asscalar())


def save(model, folder):
    """Writes a dict of arrays, like ``tf.train.Checkpoint`` for a dict of variables, but into one file."""
    mx.nd.save(f"{folder}/mlp.params", model.parameters)


def load(model, folder):
    for name, array in mx.nd.load(f"{folder}/mlp.params").items():
        # Loaded arrays are on the CPU and have no gradient, so their values are copied.
        model.parameters[name][:] = array


def device():
    """Each array is created on a context, by default on ``mx.cpu()``, even if there is a GPU. TensorFlow
    prefers the GPU and copies where it has to.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    x = mx.nd.zeros((64, 10), ctx=context)
    return str(x.context)


def count_parameters(model):
    """``size`` is the counterpart of ``shape.num_elements()`` in TensorFlow."""
    return sum(parameter.size for parameter in model.parameters.values())
