"""NDArray and autograd: a kernel, a bias, and the update written out.

**Coming from TensorFlow.** An array becomes trainable with ``attach_grad``, and ``backward`` leaves
the gradients behind in ``.grad``.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    parameters = {name: mx.nd.zeros(shape, ctx=context) for name, shape in task.parameters.items()}
    velocities = {name: mx.nd.zeros(shape, ctx=context) for name, shape in task.parameters.items()}
    for parameter in parameters.values():
        parameter.attach_grad()
    return SimpleNamespace(task=task, context=context, parameters=parameters, velocities=velocities)


def forward(parameters, x):
    return mx.nd.dot(x, parameters["kernel"]) + parameters["bias"]


def update(model):
    for name, parameter in model.parameters.items():
        velocity = model.velocities[name]
        velocity[:] = model.task.momentum * velocity - model.task.learning_rate * parameter.grad
        # In place: "parameter = parameter + velocity" would make a new array without a gradient.
        parameter += velocity


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        with autograd.record():
            loss = -mx.nd.pick(mx.nd.log_softmax(forward(model.parameters, batch_x)), batch_y).mean()
        loss.backward()
        update(model)
        total += loss
    return float(total.asscalar()) / batches


def predict(model, x):
    return forward(model.parameters, mx.nd.array(x, ctx=model.context)).asnumpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name][:] = value


def get_parameters(model):
    return {name: parameter.asnumpy() for name, parameter in model.parameters.items()}
