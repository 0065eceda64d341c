"""NDArray and autograd: arrays, recorded operations, and everything else yours.

No layer, loss or optimiser object: parameters are arrays, the network is a function of them, and the
update rule is written out. Each line runs as it is reached, so any value can be printed.

**Names.** An ``NDArray`` is an array on a device. ``attach_grad`` gives it a buffer for its gradient;
``autograd.record`` opens the scope in which operations are remembered; ``backward`` fills the buffers.
``context`` is MXNet's word for a device.

**What it does for you.** Derivatives, and a queue that runs operations as their inputs are ready,
while Python goes on to the next line. It keeps no list of parameters, no initial values and no
optimiser state: those are yours to hold. Each operation is launched by itself; none are fused.

**Coming from TensorFlow.** There is no variable type: an array becomes trainable with
``attach_grad``, and can be changed in place, outside ``record`` only. ``backward`` returns nothing;
gradients stay behind in ``.grad``, and the next ``backward`` overwrites them. Labels may be floats.
An array made from NumPy becomes float32 whatever it was, and every array has to be put on the
device by hand: operations do not mix devices.
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
    hidden1 = mx.nd.relu(mx.nd.dot(x, parameters["dense1_kernel"]) + parameters["dense1_bias"])
    hidden2 = mx.nd.relu(mx.nd.dot(hidden1, parameters["dense2_kernel"]) + parameters["dense2_bias"])
    return mx.nd.dot(hidden2, parameters["dense3_kernel"]) + parameters["dense3_bias"]


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch: pick takes the entry of each row's label."""
    return -mx.nd.pick(mx.nd.log_softmax(logits), y).mean()


def update(model):
    for name, parameter in model.parameters.items():
        velocity = model.velocities[name]
        # The rate sits inside the velocity, as in both frameworks' own optimisers.
        velocity[:] = model.task.momentum * velocity - model.task.learning_rate * parameter.grad
        # In place: "parameter = parameter + velocity" would make a new array without a gradient.
        parameter += velocity


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    # One copy to the device; a slice of rows is then a view and costs nothing.
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        with autograd.record():
            loss = softmax_cross_entropy(forward(model.parameters, batch_x), batch_y)
        loss.backward()
        update(model)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += loss
    return float(total.asscalar()) / batches


def predict(model, x):
    return forward(model.parameters, mx.nd.array(x, ctx=model.context)).asnumpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name][:] = value


def get_parameters(model):
    return {name: parameter.asnumpy() for name, parameter in model.parameters.items()}
