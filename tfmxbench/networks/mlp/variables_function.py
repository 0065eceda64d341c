"""Variables and tf.nn under tf.function: the arithmetic is yours, the graph is TensorFlow's.

No layer, loss or optimiser object: the parameters are ``tf.Variable``, the network is a function of
them, and the update rule is written out. ``tf.function`` traces the training step once for a shape
and runs the graph from then on.

**Names.** A trained array is a ``tf.Variable``. ``tf.GradientTape`` records what happens to
variables and returns their gradients. ``assign_add`` changes a variable in place.

**What it does for you.** Derivatives, and a graph that skips Python in every step but the first.
It keeps no list of parameters, no initial values and no optimiser state: those are yours to hold.

**Coming from MXNet.** There is no ``attach_grad``: a tape watches every variable by itself. There
is no ``backward()`` either: gradients are values that ``tape.gradient`` returns, not buffers that
stay behind. Inside ``tf.function`` the Python code runs only while it is traced, so a ``print``
appears once, and a Python number as an argument makes a new graph for each of its values; pass
tensors of one shape.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "low", "paradigm": "compiled", "pair": "low level, compiled"}


def build(task):
    parameters = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}
    velocities = {name: tf.Variable(tf.zeros(shape)) for name, shape in task.parameters.items()}

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=forward(parameters, x))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        for name, gradient in gradients.items():
            velocity = velocities[name]
            # The rate sits inside the velocity, as in both frameworks' own optimisers.
            velocity.assign(task.momentum * velocity - task.learning_rate * gradient)
            parameters[name].assign_add(velocity)
        return loss

    # None is any number of rows: without it, each new number of rows would be traced anew.
    @tf.function(input_signature=[tf.TensorSpec((None, *task.input_shape), tf.float32)])
    def predict_step(x):
        return forward(parameters, x)

    return SimpleNamespace(task=task, parameters=parameters, train_step=train_step, predict_step=predict_step)


def forward(parameters, x):
    hidden1 = tf.nn.relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = tf.nn.relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        # Summed on the device: reading each loss would make Python wait for each step.
        total += model.train_step(batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    return model.predict_step(x).numpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name].assign(value)


def get_parameters(model):
    return {name: variable.numpy() for name, variable in model.parameters.items()}
