"""Gluon: convolution and pooling as layers, images with their channels first.

The network is a ``Sequential`` of layers, each of which runs as soon as it is called: the shape of any
layer's output can be read by calling the layers one after another.

**Names.** ``Conv2D(channels, kernel_size)``; ``AvgPool2D(pool_size)``; ``Dense(units)``.
``in_channels`` and ``in_units``, left out here, would state a layer's input. ``set_data`` and
``data`` write and read a ``Parameter``.

**What it does for you.** Input channels and the size of the first dense layer, found from the first
image; flattening, which ``Dense`` does unless told ``flatten=False``; Adam's state and bias correction.
It does not transpose images: it takes the second axis for the channels, whatever that holds.

**Coming from TensorFlow.** Images are (n, channels, rows, columns), and ``Conv2D`` keeps its weight as
(output channels, input channels, rows, columns); ``layout="NHWC"`` exists, documented for GPUs only.
Padding is a number of pixels on each side: half the kernel, rounded down, is Keras' ``"same"``.
Pooling moves by its own size, as in Keras. Flattening keeps a channel's pixels together, so a dense
weight from Keras needs its rows permuted, not only transposed. Adam's default epsilon is 1e-8, in
Keras 1e-7; both add it outside the root.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn

STYLE = {"level": "high", "paradigm": "imperative", "pair": "own loop, imperative"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    same = task.kernel_size // 2
    network = nn.Sequential()
    network.add(
        nn.Conv2D(task.filters[0], task.kernel_size, padding=same, activation="tanh"),
        nn.AvgPool2D(task.pool_size),
        nn.Conv2D(task.filters[1], task.kernel_size, activation="tanh"),
        nn.AvgPool2D(task.pool_size),
        # Dense flattens its input by itself.
        nn.Dense(task.dense_units[0], activation="tanh"),
        nn.Dense(task.dense_units[1], activation="tanh"),
        nn.Dense(task.classes),
    )
    network.initialize(mx.init.Xavier(), ctx=context)
    # No layer was told the size of its input: the first input tells, and arrays are made only then.
    rows, columns, channels = task.input_shape
    network(mx.nd.zeros((1, channels, rows, columns), ctx=context))
    adam = {
        "learning_rate": task.learning_rate,
        "beta1": task.beta_1,
        "beta2": task.beta_2,
        "epsilon": task.epsilon,
    }
    trainer = gluon.Trainer(network.collect_params(), "adam", adam)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    return SimpleNamespace(
        task=task, context=context, network=network, trainer=trainer, loss_function=loss_function
    )


def to_device(model, x):
    # MXNet's layers expect channels before rows and columns.
    return mx.nd.array(x.transpose(0, 3, 1, 2), ctx=model.context)


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    # One copy to the device; a slice of images is then a view and costs nothing.
    x, y = to_device(model, x), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        with autograd.record():
            losses = model.loss_function(model.network(batch_x), batch_y)
        losses.backward()
        # One loss per image, so the gradients are sums: step divides them by the batch size.
        model.trainer.step(batch_size)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += losses.mean()
    return float(total.asscalar()) / batches


def predict(model, x):
    return model.network(to_device(model, x)).asnumpy()


# Where the layers with parameters stand in the network.
LAYERS = {"convolution1": 0, "convolution2": 2, "dense1": 4, "dense2": 5, "dense3": 6}


def set_parameters(model, parameters):
    for name, index in LAYERS.items():
        kernel = parameters[f"{name}_kernel"]
        if kernel.ndim == 4:
            # From (rows, columns, in, out) to (out, in, rows, columns).
            weight = kernel.transpose(3, 2, 0, 1)
        elif name == "dense1":
            # Its inputs are flattened images: pixels, then channels, in the task's order; channels,
            # then pixels, in MXNet's. Also, Dense keeps its weight as (out, in).
            channels, units = model.task.filters[1], kernel.shape[1]
            weight = kernel.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)
        else:
            weight = kernel.T
        model.network[index].weight.set_data(mx.nd.array(weight))
        model.network[index].bias.set_data(mx.nd.array(parameters[f"{name}_bias"]))


def get_parameters(model):
    parameters = {}
    for name, index in LAYERS.items():
        weight = model.network[index].weight.data().asnumpy()
        if weight.ndim == 4:
            kernel = weight.transpose(2, 3, 1, 0)
        elif name == "dense1":
            units, channels = weight.shape[0], model.task.filters[1]
            kernel = weight.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)
        else:
            kernel = weight.T
        parameters[f"{name}_kernel"] = kernel
        parameters[f"{name}_bias"] = model.network[index].bias.data().asnumpy()
    return parameters
