"""Gluon: layers, a loss and a Trainer, in a loop of your own that runs line by line.

The network is a ``Sequential`` of layers, each of which runs as soon as it is called. This is the
style that MXNet's own course begins with: as much written for you as in Keras, except for the loop.

**Names.** A *block* is a layer or a network. A ``Parameter`` holds a trained array and its gradient,
on every device that has a copy. ``autograd.record`` opens the scope in which operations are
remembered; ``backward`` goes back through them; ``Trainer`` applies the optimiser to parameters.

**What it does for you.** Input sizes, initial values, derivatives, the update with the optimiser's
state. It does not loop, batch, report or evaluate, and it compiles nothing: any layer can be called
by itself, stepped into with a debugger, or replaced by Python with branches.

**Coming from TensorFlow.** ``record`` is the tape, and ``backward`` with ``trainer.step`` stands for
``tape.gradient`` with ``apply_gradients``. The loss has one entry a row, as with ``reduction="none"``;
``backward`` differentiates their sum, and ``step(batch_size)`` divides the gradients: with ``step(1)``
the rate would in effect be multiplied by the batch size. ``record`` also switches layers such as
dropout to training, for which Keras has ``training=True``.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn

STYLE = {"level": "high", "paradigm": "imperative", "pair": "own loop, imperative"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    network = nn.Sequential()
    network.add(
        nn.Dense(task.hidden_units[0], activation="relu"),
        nn.Dense(task.hidden_units[1], activation="relu"),
        nn.Dense(task.classes),
    )
    network.initialize(mx.init.Xavier(), ctx=context)
    # No layer was told the size of its input: the first input tells, and arrays are made only then.
    network(mx.nd.zeros((1, *task.input_shape), ctx=context))
    trainer = gluon.Trainer(
        network.collect_params(), "sgd", {"learning_rate": task.learning_rate, "momentum": task.momentum}
    )
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    return SimpleNamespace(
        task=task, context=context, network=network, trainer=trainer, loss_function=loss_function
    )


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    # One copy to the device; a slice of rows is then a view and costs nothing.
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        with autograd.record():
            losses = model.loss_function(model.network(batch_x), batch_y)
        losses.backward()
        # One loss a row, so the gradients are sums: step divides them by the batch size.
        model.trainer.step(batch_size)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += losses.mean()
    return float(total.asscalar()) / batches


def predict(model, x):
    return model.network(mx.nd.array(x, ctx=model.context)).asnumpy()


def set_parameters(model, parameters):
    for number, layer in enumerate(model.network, start=1):
        # Dense keeps its weight as (outputs, inputs).
        layer.weight.set_data(mx.nd.array(parameters[f"dense{number}_kernel"].T))
        layer.bias.set_data(mx.nd.array(parameters[f"dense{number}_bias"]))


def get_parameters(model):
    parameters = {}
    for number, layer in enumerate(model.network, start=1):
        parameters[f"dense{number}_kernel"] = layer.weight.data().asnumpy().T
        parameters[f"dense{number}_bias"] = layer.bias.data().asnumpy()
    return parameters
