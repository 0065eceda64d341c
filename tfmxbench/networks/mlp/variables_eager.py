"""Variables and tf.nn, executed eagerly: the arithmetic is yours, and Python runs every line of it.

No layer, loss or optimiser object, and no graph: the parameters are ``tf.Variable``, the network is
a function of them, and each operator runs when Python reaches it, as in NumPy. Only the gradients
are found for you.

**Names.** A trained array is a ``tf.Variable``; what operators return is a ``tf.Tensor``, which
never changes. ``tf.GradientTape`` records what happens to variables and returns their gradients.
``assign`` and ``assign_add`` change a variable in place.

**What it does for you.** Derivatives, and nothing else. Any intermediate value is there to be
printed, and a Python ``if`` may depend on it. The compiled twin of this file has the same
arithmetic, traced by ``tf.function``.

**Coming from MXNet.** ``tf.Variable`` and the tape stand for ``NDArray``, ``attach_grad`` and
``autograd.record()``. A tensor cannot be written to; ``w[:] = ...`` and ``w += ...`` become
``w.assign(...)`` and ``w.assign_add(...)`` of a variable, which refuses both of the former. A tape
is good for one call of ``gradient`` unless it is made with ``persistent=True``. There is no
``mx.nd.sgd_mom_update``: write the rule, as here, or take an optimiser of Keras.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    parameters = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    velocities = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, velocities=velocities)


def forward(parameters, x):
    hidden1 = tf.nn.relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = tf.nn.relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def train_step(model, x, y):
    task = model.task
    # The update below is outside the tape: it is not differentiated.
    with tf.GradientTape() as tape:
        logits = forward(model.parameters, x)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    # A dict of variables goes in, a dict of gradients comes out.
    gradients = tape.gradient(loss, model.parameters)
    for name, gradient in gradients.items():
        velocity = model.velocities[name]
        # The rate sits inside the velocity, as in both frameworks' own optimisers.
        velocity.assign(task.momentum * velocity - task.learning_rate * gradient)
        model.parameters[name].assign_add(velocity)
    return loss


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        # Summed on the device: reading each loss would make Python wait for each step.
        total += train_step(model, batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    return forward(model.parameters, tf.constant(x)).numpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name].assign(value)


def get_parameters(model):
    return {name: variable.numpy() for name, variable in model.parameters.items()}
