"""A network, its loss, its optimiser and its loop, of variables and operations alone."""

import numpy as np
import tensorflow as tf


class Dense(tf.Module):
    def __init__(self, inputs, outputs, random):
        super().__init__()
        limit = (6 / (inputs + outputs)) ** 0.5
        kernel = random.uniform(-limit, limit, (inputs, outputs))
        self.kernel = tf.Variable(kernel.astype("float32"))
        self.bias = tf.Variable(tf.zeros(outputs))

    def __call__(self, x):
        return x @ self.kernel + self.bias


class Network(tf.Module):
    def __init__(self, random):
        super().__init__()
        self.hidden = Dense(2, 32, random)
        self.logits = Dense(32, 2, random)

    def __call__(self, x):
        return self.logits(tf.nn.relu(self.hidden(x)))


class Momentum(tf.Module):
    def __init__(self, variables, rate, momentum):
        super().__init__()
        self.rate, self.momentum = tf.Variable(rate, trainable=False), momentum
        # Made here and not in the step: a tf.function may make variables in its first trace only.
        self.velocities = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]

    def apply(self, gradients, variables):
        for gradient, variable, velocity in zip(gradients, variables, self.velocities, strict=True):
            velocity.assign(self.momentum * velocity - self.rate * gradient)
            variable.assign_add(velocity)


random = np.random.RandomState(0)
network = Network(random)
variables = network.trainable_variables
print("variables found:", [tuple(variable.shape) for variable in variables])
optimizer = Momentum(variables, rate=0.1, momentum=0.9)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=network(x))
        loss = tf.reduce_mean(losses)
    optimizer.apply(tape.gradient(loss, variables), variables)
    return loss


# Points inside and outside a circle.
points = random.uniform(-1, 1, (2048, 2)).astype("float32")
inside = (np.square(points).sum(axis=1) < 0.6).astype("int32")
batches = tf.data.Dataset.from_tensor_slices((points, inside)).batch(64, drop_remainder=True)

for epoch in range(10):
    if epoch == 8:
        optimizer.rate.assign(0.01)
    losses = [train_step(x, y) for x, y in batches]
    if epoch % 3 == 0:
        right = tf.reduce_mean(tf.cast(tf.argmax(network(points), axis=1) == inside, tf.float32))
        print(f"epoch {epoch}: mean loss {tf.reduce_mean(losses):.2f}, {100 * right:.0f}% right")
print("steps:", 10 * len(batches), "traces:", train_step.experimental_get_tracing_count())
