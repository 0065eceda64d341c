"""NDArray and autograd: convolution and pooling as functions, Adam written out.

The operations below Gluon's layers, called by hand: everything that a layer fills in from its input
or by default is an argument here. Each runs as it is reached.

**Names.** Operations that are layers elsewhere have capital letters: ``mx.nd.Convolution``,
``mx.nd.Pooling``. ``Activation`` is what layers call; ``mx.nd.tanh`` computes the same with another
kernel. ``pad``, ``kernel`` and ``stride`` are pairs, rows and columns. ``num_filter`` repeats what the
shape of the weight says, and has to agree with it.

**What it does for you.** Derivatives, and oneDNN's or cuDNN's convolutions. Adam's means, its
variances and its count of steps are yours to hold, and so is the bias correction: even the raw
operation ``mx.nd.adam_update`` leaves it to the learning rate that it is given.

**Coming from TensorFlow.** Images are (n, channels, rows, columns), weights (output channels, input
channels, rows, columns). ``tf.nn.conv2d`` has no bias; ``Convolution`` wants one, or ``no_bias=True``.
The stride of ``Pooling`` is 1 unless given, so windows overlap without an error: only the shape of a
later operation shows it. ``flatten`` keeps the first axis, like ``tf.keras.layers.Flatten``, and
yields all pixels of a channel before the next channel.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    parameters = {}
    for name, shape in task.parameters.items():
        if len(shape) == 4:
            rows, columns, inputs, outputs = shape
            shape = (outputs, inputs, rows, columns)
        parameters[name] = mx.nd.zeros(shape, ctx=context)
        parameters[name].attach_grad()
    means = {name: mx.nd.zeros_like(parameter) for name, parameter in parameters.items()}
    variances = {name: mx.nd.zeros_like(parameter) for name, parameter in parameters.items()}
    return SimpleNamespace(
        task=task, context=context, parameters=parameters, means=means, variances=variances, step=0
    )


def convolution(x, parameters, name, padding):
    kernel, bias = parameters[f"{name}_kernel"], parameters[f"{name}_bias"]
    size, pad = kernel.shape[2:], (padding, padding)
    return mx.nd.Convolution(x, kernel, bias, kernel=size, pad=pad, num_filter=len(kernel))


def activate(x):
    return mx.nd.Activation(x, act_type="tanh")


def average_pool(x, size):
    # The stride would be 1 by default.
    return mx.nd.Pooling(x, kernel=(size, size), stride=(size, size), pool_type="avg")


def dense(x, parameters, name):
    return mx.nd.dot(x, parameters[f"{name}_kernel"]) + parameters[f"{name}_bias"]


def forward(parameters, x, task):
    hidden = activate(convolution(x, parameters, "convolution1", padding=task.kernel_size // 2))
    hidden = average_pool(hidden, task.pool_size)
    hidden = activate(convolution(hidden, parameters, "convolution2", padding=0))
    hidden = mx.nd.flatten(average_pool(hidden, task.pool_size))
    hidden = activate(dense(hidden, parameters, "dense1"))
    hidden = activate(dense(hidden, parameters, "dense2"))
    return dense(hidden, parameters, "dense3")


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch: pick takes the entry of each row's label."""
    return -mx.nd.pick(mx.nd.log_softmax(logits), y).mean()


def update(model):
    task = model.task
    model.step += 1
    # Adam's bias correction, moved into the rate, as in both frameworks' own optimisers.
    correction = (1 - task.beta_2**model.step) ** 0.5 / (1 - task.beta_1**model.step)
    rate = task.learning_rate * correction
    for name, parameter in model.parameters.items():
        gradient, mean, variance = parameter.grad, model.means[name], model.variances[name]
        mean[:] = task.beta_1 * mean + (1 - task.beta_1) * gradient
        variance[:] = task.beta_2 * variance + (1 - task.beta_2) * mx.nd.square(gradient)
        # In place: "parameter = parameter - ..." would make a new array without a gradient.
        parameter -= rate * mean / (mx.nd.sqrt(variance) + task.epsilon)


def to_device(model, x):
    # MXNet's operations expect channels before rows and columns.
    return mx.nd.array(x.transpose(0, 3, 1, 2), ctx=model.context)


def train(model, x, y):
    task = model.task
    batches = len(x) // task.batch_size
    # One copy to the device; a slice of images is then a view and costs nothing.
    x, y = to_device(model, x), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * task.batch_size, task.batch_size):
        batch_x, batch_y = x[start : start + task.batch_size], y[start : start + task.batch_size]
        with autograd.record():
            loss = softmax_cross_entropy(forward(model.parameters, batch_x, task), batch_y)
        loss.backward()
        update(model)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += loss
    return float(total.asscalar()) / batches


def predict(model, x):
    return forward(model.parameters, to_device(model, x), model.task).asnumpy()


def set_parameters(model, parameters):
    channels = model.task.filters[1]
    for name, value in parameters.items():
        if value.ndim == 4:
            # From (rows, columns, in, out) to (out, in, rows, columns).
            value = value.transpose(3, 2, 0, 1)
        elif name == "dense1_kernel":
            # Its inputs are flattened images: pixels, then channels, in the task's order; channels,
            # then pixels, in MXNet's.
            value = value.reshape(-1, channels, value.shape[1]).transpose(1, 0, 2).reshape(value.shape)
        model.parameters[name][:] = value


def get_parameters(model):
    parameters, channels = {}, model.task.filters[1]
    for name, parameter in model.parameters.items():
        value = parameter.asnumpy()
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif name == "dense1_kernel":
            value = value.reshape(channels, -1, value.shape[1]).transpose(1, 0, 2).reshape(value.shape)
        parameters[name] = value
    return parameters
