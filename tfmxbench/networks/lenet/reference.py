"""LeNet in NumPy, float64: what the frameworks do for you.

Convolution, average pooling, their gradients and Adam are written out, in twice the precision that
the frameworks compute in. Every implementation is compared with this file, and this file with
numerical derivatives. Images are rows, columns, channels.
"""

from types import SimpleNamespace

import numpy as np

STYLE = {"level": "low", "paradigm": "imperative"}


def build(task):
    return SimpleNamespace(
        task=task,
        parameters={name: np.zeros(shape) for name, shape in task.parameters.items()},
        mean={name: np.zeros(shape) for name, shape in task.parameters.items()},
        variance={name: np.zeros(shape) for name, shape in task.parameters.items()},
        step=0,
    )


def convolve(images, kernel, bias):
    """Cross-correlation without padding, which is what deep learning calls convolution."""
    size = kernel.shape[0]
    # Every size x size window of every image: (n, rows, columns, channels, size, size).
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    return np.tensordot(windows, kernel, axes=([4, 5, 3], [0, 1, 2])) + bias


def convolve_gradients(images, kernel, d_output):
    """Gradients of a convolution with respect to its images, kernel and bias."""
    size = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    d_kernel = np.tensordot(windows, d_output, axes=([0, 1, 2], [0, 1, 2])).transpose(1, 2, 0, 3)
    # Each output pixel spreads its gradient over its window: a convolution of the padded gradient
    # with the kernel turned by half a turn, its input and output channels exchanged.
    edge = ((0, 0), (size - 1, size - 1), (size - 1, size - 1), (0, 0))
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    d_images = convolve(np.pad(d_output, edge), turned, 0.0)
    return d_images, d_kernel, d_output.sum(axis=(0, 1, 2))


def average_pool(images, size):
    n, rows, columns, channels = images.shape
    blocks = images.reshape(n, rows // size, size, columns // size, size, channels)
    return blocks.mean(axis=(2, 4))


def average_pool_gradient(d_output, size):
    return d_output.repeat(size, axis=1).repeat(size, axis=2) / size**2


def forward(parameters, x, pool_size):
    edge = parameters["convolution1_kernel"].shape[0] // 2
    padded = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    convolution1 = np.tanh(
        convolve(padded, parameters["convolution1_kernel"], parameters["convolution1_bias"])
    )
    pool1 = average_pool(convolution1, pool_size)
    convolution2 = np.tanh(
        convolve(pool1, parameters["convolution2_kernel"], parameters["convolution2_bias"])
    )
    flat = average_pool(convolution2, pool_size).reshape(len(x), -1)
    dense1 = np.tanh(flat @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    dense2 = np.tanh(dense1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    logits = dense2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]
    return logits, (padded, convolution1, pool1, convolution2, flat, dense1, dense2)


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch, and its gradient with respect to the logits."""
    rows = np.arange(len(y))
    # Subtracting the greatest logit changes nothing but keeps exp from overflowing.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(log_probabilities)
    gradient[rows, y] -= 1
    return -log_probabilities[rows, y].mean(), gradient / len(y)


def loss_and_gradients(parameters, x, y, pool_size):
    """The chain rule by hand: from the logits back to each parameter."""
    logits, layers = forward(parameters, x, pool_size)
    padded, convolution1, pool1, convolution2, flat, dense1, dense2 = layers
    loss, d_logits = softmax_cross_entropy(logits, y)
    # The derivative of tanh is one minus its own square.
    d_dense2 = (d_logits @ parameters["dense3_kernel"].T) * (1 - dense2**2)
    d_dense1 = (d_dense2 @ parameters["dense2_kernel"].T) * (1 - dense1**2)
    d_flat = d_dense1 @ parameters["dense1_kernel"].T
    pool2_shape = (len(x), convolution2.shape[1] // pool_size, convolution2.shape[2] // pool_size, -1)
    d_convolution2 = average_pool_gradient(d_flat.reshape(pool2_shape), pool_size)
    d_convolution2 *= 1 - convolution2**2
    d_pool1, d_kernel2, d_bias2 = convolve_gradients(pool1, parameters["convolution2_kernel"], d_convolution2)
    d_convolution1 = average_pool_gradient(d_pool1, pool_size) * (1 - convolution1**2)
    _, d_kernel1, d_bias1 = convolve_gradients(padded, parameters["convolution1_kernel"], d_convolution1)
    return loss, {
        "convolution1_kernel": d_kernel1,
        "convolution1_bias": d_bias1,
        "convolution2_kernel": d_kernel2,
        "convolution2_bias": d_bias2,
        "dense1_kernel": flat.T @ d_dense1,
        "dense1_bias": d_dense1.sum(axis=0),
        "dense2_kernel": dense1.T @ d_dense2,
        "dense2_bias": d_dense2.sum(axis=0),
        "dense3_kernel": dense2.T @ d_logits,
        "dense3_bias": d_logits.sum(axis=0),
    }


def update(model, gradients):
    """Adam (Kingma and Ba, 2015), in the form that both frameworks use: epsilon outside the root."""
    task = model.task
    model.step += 1
    correction = np.sqrt(1 - task.beta_2**model.step) / (1 - task.beta_1**model.step)
    for name, gradient in gradients.items():
        mean = task.beta_1 * model.mean[name] + (1 - task.beta_1) * gradient
        variance = task.beta_2 * model.variance[name] + (1 - task.beta_2) * gradient**2
        change = task.learning_rate * correction * mean / (np.sqrt(variance) + task.epsilon)
        model.mean[name], model.variance[name] = mean, variance
        model.parameters[name] = model.parameters[name] - change


def train(model, x, y):
    task = model.task
    losses = []
    for start in range(0, len(x) - task.batch_size + 1, task.batch_size):
        batch_x = x[start : start + task.batch_size].astype(np.float64)
        batch_y = y[start : start + task.batch_size]
        loss, gradients = loss_and_gradients(model.parameters, batch_x, batch_y, task.pool_size)
        update(model, gradients)
        losses.append(loss)
    return float(np.mean(losses))


def predict(model, x):
    logits, _ = forward(model.parameters, x.astype(np.float64), model.task.pool_size)
    return logits


def set_parameters(model, parameters):
    model.parameters = {name: value.astype(np.float64) for name, value in parameters.items()}


def get_parameters(model):
    return dict(model.parameters)
