"""mx.np and mx.npx: NumPy's functions and semantics, with gradients and devices.

MXNet's second array interface, meant to succeed NDArray: ``mx.np`` has NumPy's names, shapes and
broadcasting, ``mx.npx`` what a neural network needs beyond NumPy. The parameters are arrays, the
network is a function of them, and the update rule is written out.

**Names.** ``np`` is MXNet's here, not NumPy's. ``npx.set_np`` switches MXNet to NumPy's semantics.
``attach_grad``, ``autograd.record`` and ``backward`` are the same as for an NDArray.

**What it does for you.** Derivatives, arrays on a GPU, and a queue that runs operations while Python
goes on. Arrays without axes (a mean is one) and arrays of size zero exist, which NDArray lacks; ``@``,
``.T`` and indexing by arrays do the same as in NumPy. No layers, no optimiser, no graph.

**Coming from TensorFlow.** The counterpart is ``tf.experimental.numpy``, except that here a whole
framework stands behind it: Gluon's layers take these arrays too. ``set_np`` stays on for all that
follows, and code written for NDArray may then fail or see other shapes, so a program is written for
one of the two. An array becomes float32 unless told otherwise, where NumPy would choose float64.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd, np, npx

STYLE = {"level": "low", "paradigm": "imperative"}

# Without it, NDArray's rules for shapes apply, and there are no arrays without axes.
npx.set_np()


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    parameters = {name: np.zeros(shape, ctx=context) for name, shape in task.parameters.items()}
    velocities = {name: np.zeros(shape, ctx=context) for name, shape in task.parameters.items()}
    for parameter in parameters.values():
        parameter.attach_grad()
    return SimpleNamespace(task=task, context=context, parameters=parameters, velocities=velocities)


def forward(parameters, x):
    hidden1 = npx.relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = npx.relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch: pick takes the entry of each row's label."""
    return -npx.pick(npx.log_softmax(logits), y).mean()


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
    x, y = np.array(x, ctx=model.context), np.array(y, ctx=model.context)
    total = np.zeros((), ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        with autograd.record():
            loss = softmax_cross_entropy(forward(model.parameters, batch_x), batch_y)
        loss.backward()
        update(model)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += loss
    return total.item() / batches


def predict(model, x):
    return forward(model.parameters, np.array(x, ctx=model.context)).asnumpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name][:] = value


def get_parameters(model):
    return {name: parameter.asnumpy() for name, parameter in model.parameters.items()}
