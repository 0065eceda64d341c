"""Keras Model subclass with an eager loop: the network and the training step are plain Python.

The network is a class whose ``call`` is the forward pass; the loop is yours, and every line of it
runs when it is reached. You can set a breakpoint, print a tensor or branch on a value anywhere, and
each operator is dispatched from Python on its own.

**Names.** A ``tf.keras.Model`` subclass holds layers as attributes and lists their parameters as
``trainable_variables``. ``tf.GradientTape`` records the forward pass. The optimiser's ``apply``
takes gradients and variables, in the same order.

**What it does for you.** Layers, loss and optimiser are objects with their own state. Batches come
from ``tf.data``. Nothing else: no ``compile``, no ``fit``, no metrics, and no graph.

**Coming from MXNet.** This is Gluon before ``hybridize``: ``call`` for ``forward``, a tape for
``autograd.record()``, an optimiser for the ``Trainer``. The tape does not switch to training mode,
as ``record()`` does: say ``training=True`` when calling the model. There is no ``backward()``: the
tape returns gradients. And ``apply`` divides by no batch size, since the Keras loss is already the
mean, where Gluon's is one number for each image and ``trainer.step(batch_size)`` makes the mean of
them.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "imperative", "pair": "own loop, imperative"}


def build(task):
    network = MultilayerPerceptron(task)
    # Layers make their parameters when first called, here on a placeholder: nothing is computed.
    # network.build(shape) would not do it: Keras expects a class to write that method itself.
    network(tf.keras.Input(shape=task.input_shape))
    return SimpleNamespace(
        task=task,
        network=network,
        # "Sparse" means that labels are class numbers, not one-hot rows.
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=tf.keras.optimizers.SGD(task.learning_rate, momentum=task.momentum),
    )


class MultilayerPerceptron(tf.keras.Model):
    def __init__(self, task):
        super().__init__()
        hidden1, hidden2 = task.hidden_units
        self.dense1 = tf.keras.layers.Dense(hidden1, activation="relu")
        self.dense2 = tf.keras.layers.Dense(hidden2, activation="relu")
        # No softmax: the loss takes logits, and is safer from overflow that way.
        self.dense3 = tf.keras.layers.Dense(task.classes)

    def call(self, x):
        return self.dense3(self.dense2(self.dense1(x)))


def train_step(model, x, y):
    with tf.GradientTape() as tape:
        loss = model.loss(y, model.network(x, training=True))
    variables = model.network.trainable_variables
    model.optimizer.apply(tape.gradient(loss, variables), variables)
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
    return model.network(x, training=False).numpy()


def set_parameters(model, parameters):
    # Weights come in the order in which __init__ made the layers, kernel before bias, as in the task.
    model.network.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.network.get_weights(), strict=True))
