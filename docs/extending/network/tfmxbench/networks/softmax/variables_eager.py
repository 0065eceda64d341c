"""Variables and tf.nn, executed eagerly: a kernel, a bias, and the update written out.

**Coming from MXNet.** ``tf.Variable`` and the tape stand for ``NDArray``, ``attach_grad`` and
``autograd.record()``.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    parameters = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    velocities = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, velocities=velocities)


def forward(parameters, x):
    return x @ parameters["kernel"] + parameters["bias"]


def train_step(model, x, y):
    task = model.task
    with tf.GradientTape() as tape:
        logits = forward(model.parameters, x)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    gradients = tape.gradient(loss, model.parameters)
    for name, gradient in gradients.items():
        velocity = model.velocities[name]
        velocity.assign(task.momentum * velocity - task.learning_rate * gradient)
        model.parameters[name].assign_add(velocity)
    return loss


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        total += train_step(model, batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    return forward(model.parameters, tf.constant(x)).numpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name].assign(value)


def get_parameters(model):
    return {name: variable.numpy() for name, variable in model.parameters.items()}
