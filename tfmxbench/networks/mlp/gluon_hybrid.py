"""Gluon, hybridized: the loop is yours, the network becomes a graph.

A ``HybridSequential`` of layers is written and debugged as ordinary Python; ``hybridize`` makes it
run as one cached symbolic graph. A ``Trainer`` holds the optimiser. The loop over batches, and what
happens in it, stays in plain sight.

**Names.** A *block* is a layer or a network; a *hybrid* block can also be compiled. A ``Parameter``
holds a trained array and its gradient, on every device that has a copy. ``autograd.record`` opens
the scope in which operations are remembered for ``backward``.

**What it does for you.** Input sizes, initial values, derivatives, the graph, the update. It does not
loop, batch, report or evaluate, and it compiles the network only: ``backward`` follows the graph's
own gradient, but loss, update and loop are Python calls, each one a few operations queued.

**Coming from TensorFlow.** ``hybridize`` corresponds to ``tf.function`` around the model, not around
the training step. ``backward`` starts at a vector here, one loss a row, and so yields the gradient
of their sum; ``step(batch_size)`` divides by the batch size, which a Keras loss has already done.
Gradients are written to buffers next to the parameters, and each ``backward`` overwrites the last.
Everything is queued and runs while Python goes on: only reading a value waits.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn

STYLE = {"level": "high", "paradigm": "compiled", "pair": "own loop, compiled"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    network = nn.HybridSequential()
    network.add(
        nn.Dense(task.hidden_units[0], activation="relu"),
        nn.Dense(task.hidden_units[1], activation="relu"),
        nn.Dense(task.classes),
    )
    network.initialize(mx.init.Xavier(), ctx=context)
    network.hybridize()
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
