"""Variables and tf.nn under tf.function: you write the convolutions and Adam; TensorFlow builds the graph.

The operators of ``tf.nn``, with strides and padding always explicit, traced into one graph together
with an Adam that is written out. Anything that changes between steps must therefore be a
``tf.Variable``: the moments, and the step counter.

**Names.** ``tf.nn.conv2d(images, kernel, strides, padding)`` convolves, without bias or activation.
``tf.nn.avg_pool2d`` requires both ``ksize`` and ``strides``. ``tf.function`` traces;
``tf.TensorSpec`` leaves the number of images open where it varies.

**What it does for you.** Derivatives, and a graph in which the operators of a step are ordered by
what they need, and assignments by the order in which you wrote them. You manage the parameters,
moments and learning rate yourself.

**Coming from MXNet.** This is the level of a Symbol bound to an Executor, but traced from code that
runs by itself: take the decorators away, and it is eager. The step finds its variables by name, as
any Python function does: there is no dict of arguments and no ``grad_req``. Layout is NHWC, kernels
are rows, columns, inputs, outputs; ``mx.sym.Pooling`` steps by 1 unless told otherwise, while
``avg_pool2d`` has no default to fall back on. The update is inside the graph. MXNet instead calls
``adam_update`` for each array after ``backward()``, with a rate that Python corrects for bias at
every step.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "low", "paradigm": "compiled", "pair": "low level, compiled"}


def build(task):
    parameters = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    means = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    variances = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    # A variable: a Python number would be traced as it is, and be 1 in every step.
    step = tf.Variable(0.0)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            logits = forward(parameters, x, task.pool_size)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        # Adam, with epsilon outside the root.
        step.assign_add(1.0)
        rate = task.learning_rate * tf.sqrt(1 - task.beta_2**step) / (1 - task.beta_1**step)
        for name, gradient in gradients.items():
            mean, variance = means[name], variances[name]
            mean.assign(task.beta_1 * mean + (1 - task.beta_1) * gradient)
            variance.assign(task.beta_2 * variance + (1 - task.beta_2) * tf.square(gradient))
            parameters[name].assign_sub(rate * mean / (tf.sqrt(variance) + task.epsilon))
        return loss

    # None is any number of images: without it, an incomplete last batch would be traced anew.
    @tf.function(input_signature=[tf.TensorSpec((None, *task.input_shape), tf.float32)])
    def predict_step(x):
        return forward(parameters, x, task.pool_size)

    return SimpleNamespace(task=task, parameters=parameters, train_step=train_step, predict_step=predict_step)


def forward(parameters, x, pool_size):
    x = tf.nn.conv2d(x, parameters["convolution1_kernel"], strides=1, padding="SAME")
    x = tf.tanh(x + parameters["convolution1_bias"])
    x = tf.nn.avg_pool2d(x, pool_size, strides=pool_size, padding="VALID")
    x = tf.nn.conv2d(x, parameters["convolution2_kernel"], strides=1, padding="VALID")
    x = tf.tanh(x + parameters["convolution2_bias"])
    x = tf.nn.avg_pool2d(x, pool_size, strides=pool_size, padding="VALID")
    # The number of images may be unknown while this is traced, the number of features is not.
    x = tf.reshape(x, (-1, parameters["dense1_kernel"].shape[0]))
    x = tf.tanh(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    x = tf.tanh(x @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return x @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch, and with it a second trace of the step.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        # Summed on the device: reading each loss would make Python wait for each step.
        total += model.train_step(batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    size = model.task.batch_size
    # In batches: the feature maps of all images at once would take far more memory than the images.
    logits = [model.predict_step(x[i : i + size]) for i in range(0, len(x), size)]
    return tf.concat(logits, axis=0).numpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name].assign(value)


def get_parameters(model):
    return {name: variable.numpy() for name, variable in model.parameters.items()}
