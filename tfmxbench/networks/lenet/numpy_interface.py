"""mx.np and mx.npx: tanh and sqrt from NumPy's names, convolution and pooling from npx.

What NumPy has is called as in NumPy; what it lacks, convolution and pooling, is in ``npx``, with the
arguments of NDArray's operations under lower-case names. Adam is written out.

**Names.** ``npx.convolution``, ``npx.pooling``, ``npx.batch_flatten``, ``npx.pick``. The first axis is
the batch, as everywhere in MXNet. ``np`` is MXNet's here, not NumPy's. ``np.tanh`` is NumPy's function;
``npx.activation``, which layers call, computes the same with another kernel.

**What it does for you.** Derivatives, oneDNN's or cuDNN's convolutions, and shapes that behave as
NumPy's: a mean has no axes, and an array may be empty. Adam's means, variances, count of steps and
bias correction are yours.

**Coming from TensorFlow.** Images are (n, channels, rows, columns), weights (output channels, input
channels, rows, columns). The stride of ``npx.pooling`` is 1 unless given, so windows overlap without
an error: only the shape of a later operation shows it. ``pad`` is pixels on each side; there is no
``"SAME"``. Arrays have ``transpose``, as in NumPy, but the given images are transposed while they are
still NumPy's, before they go to the device.
"""

from types import SimpleNamespace

import mxnet as mx
from mxnet import autograd, np, npx

STYLE = {"level": "low", "paradigm": "imperative"}

# Without it, NDArray's rules for shapes apply, and there are no arrays without axes.
npx.set_np()


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    parameters = {}
    for name, shape in task.parameters.items():
        if len(shape) == 4:
            rows, columns, inputs, outputs = shape
            shape = (outputs, inputs, rows, columns)
        parameters[name] = np.zeros(shape, ctx=context)
        parameters[name].attach_grad()
    means = {name: np.zeros_like(parameter) for name, parameter in parameters.items()}
    variances = {name: np.zeros_like(parameter) for name, parameter in parameters.items()}
    return SimpleNamespace(
        task=task, context=context, parameters=parameters, means=means, variances=variances, step=0
    )


def convolution(x, parameters, name, padding):
    kernel, bias = parameters[f"{name}_kernel"], parameters[f"{name}_bias"]
    size, pad = kernel.shape[2:], (padding, padding)
    return npx.convolution(x, kernel, bias, kernel=size, pad=pad, num_filter=len(kernel))


def average_pool(x, size):
    # The stride would be 1 by default.
    return npx.pooling(x, kernel=(size, size), stride=(size, size), pool_type="avg")


def dense(x, parameters, name):
    return x @ parameters[f"{name}_kernel"] + parameters[f"{name}_bias"]


def forward(parameters, x, task):
    hidden = np.tanh(convolution(x, parameters, "convolution1", padding=task.kernel_size // 2))
    hidden = average_pool(hidden, task.pool_size)
    hidden = np.tanh(convolution(hidden, parameters, "convolution2", padding=0))
    hidden = npx.batch_flatten(average_pool(hidden, task.pool_size))
    hidden = np.tanh(dense(hidden, parameters, "dense1"))
    hidden = np.tanh(dense(hidden, parameters, "dense2"))
    return dense(hidden, parameters, "dense3")


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch: pick takes the entry of each row's label."""
    return -npx.pick(npx.log_softmax(logits), y).mean()


def update(model):
    task = model.task
    model.step += 1
    # Adam's bias correction, moved into the rate, as in both frameworks' own optimisers.
    correction = (1 - task.beta_2**model.step) ** 0.5 / (1 - task.beta_1**model.step)
    rate = task.learning_rate * correction
    for name, parameter in model.parameters.items():
        gradient, mean, variance = parameter.grad, model.means[name], model.variances[name]
        mean[:] = task.beta_1 * mean + (1 - task.beta_1) * gradient
        variance[:] = task.beta_2 * variance + (1 - task.beta_2) * np.square(gradient)
        # In place: "parameter = parameter - ..." would make a new array without a gradient.
        parameter -= rate * mean / (np.sqrt(variance) + task.epsilon)


def to_device(model, x):
    # MXNet's operations expect channels before rows and columns.
    return np.array(x.transpose(0, 3, 1, 2), ctx=model.context)


def train(model, x, y):
    task = model.task
    batches = len(x) // task.batch_size
    # One copy to the device; a slice of images is then a view and costs nothing.
    x, y = to_device(model, x), np.array(y, ctx=model.context)
    total = np.zeros((), ctx=model.context)
    for start in range(0, batches * task.batch_size, task.batch_size):
        batch_x, batch_y = x[start : start + task.batch_size], y[start : start + task.batch_size]
        with autograd.record():
            loss = softmax_cross_entropy(forward(model.parameters, batch_x, task), batch_y)
        loss.backward()
        update(model)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += loss
    return total.item() / batches


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
