"""Variables and tf.nn, executed eagerly: convolution, pooling and Adam, each as a line of Python.

``tf.nn`` has the operators and none of the defaults: strides and padding are always explicit, for a
convolution and for pooling. The moments of Adam are variables like the parameters, its step counter
is a plain Python number.

**Names.** ``tf.nn.conv2d(images, kernel, strides, padding)`` convolves, without bias or activation.
``tf.nn.avg_pool2d`` requires both ``ksize`` and ``strides``. ``tf.reshape`` flattens.
``tf.GradientTape`` finds the gradients.

**What it does for you.** Derivatives of all of these. Nothing makes, counts or names the
parameters, and Adam is what you write: here Kingma and Ba's second form, with the bias corrections
in the rate and epsilon outside the root, which is also what Keras and MXNet compute.

**Coming from MXNet.** ``mx.nd.Convolution`` takes NCHW images, OIHW kernels, ``num_filter`` and the
bias; here images are NHWC, kernels rows, columns, inputs, outputs (whose shape says the rest), and
the bias is added by hand: it broadcasts, since channels are last. ``mx.nd.Pooling`` defaults to
maximum and a stride of 1. ``reshape`` flattens rows, columns, channels, and not channels, rows,
columns. ``mx.nd.adam_update`` leaves bias correction to its caller as well: the rate it is given
has to contain it.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    parameters = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    means = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    variances = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, means=means, variances=variances, step=0)


def forward(parameters, x, pool_size):
    x = tf.nn.conv2d(x, parameters["convolution1_kernel"], strides=1, padding="SAME")
    x = tf.tanh(x + parameters["convolution1_bias"])
    x = tf.nn.avg_pool2d(x, pool_size, strides=pool_size, padding="VALID")
    x = tf.nn.conv2d(x, parameters["convolution2_kernel"], strides=1, padding="VALID")
    x = tf.tanh(x + parameters["convolution2_bias"])
    x = tf.nn.avg_pool2d(x, pool_size, strides=pool_size, padding="VALID")
    x = tf.reshape(x, (len(x), -1))
    x = tf.tanh(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    x = tf.tanh(x @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return x @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def train_step(model, x, y):
    with tf.GradientTape() as tape:
        logits = forward(model.parameters, x, model.task.pool_size)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    update(model, tape.gradient(loss, model.parameters))
    return loss


def update(model, gradients):
    """Adam, with epsilon outside the root."""
    task = model.task
    # Python's own arithmetic is good enough outside a graph, and has twice the precision.
    model.step += 1
    rate = task.learning_rate * (1 - task.beta_2**model.step) ** 0.5 / (1 - task.beta_1**model.step)
    for name, gradient in gradients.items():
        mean, variance = model.means[name], model.variances[name]
        mean.assign(task.beta_1 * mean + (1 - task.beta_1) * gradient)
        variance.assign(task.beta_2 * variance + (1 - task.beta_2) * tf.square(gradient))
        model.parameters[name].assign_sub(rate * mean / (tf.sqrt(variance) + task.epsilon))


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        # Summed on the device: reading each loss would make Python wait for each step.
        total += train_step(model, batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    size, pool_size = model.task.batch_size, model.task.pool_size
    # In batches: the feature maps of all images at once would take far more memory than the images.
    logits = [forward(model.parameters, x[i : i + size], pool_size) for i in range(0, len(x), size)]
    return tf.concat(logits, axis=0).numpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name].assign(value)


def get_parameters(model):
    return {name: variable.numpy() for name, variable in model.parameters.items()}
