"""Keras Model subclass with an eager loop: you can set a breakpoint in call and inspect a feature map.

``call`` is ordinary Python, so ``print(x.shape)`` or a debugger between two layers shows what a
convolution made of this very batch. The loop below it is eager too: the tape records the operators
as they run.

**Names.** Layers made in ``__init__`` are found by the model because they are its attributes. One
pooling layer serves twice: it has no parameters, so there is nothing that could be shared by
mistake.

**What it does for you.** A convolution learns its number of input channels, and a dense layer its
number of inputs, from the first tensor that they meet: here a placeholder, so that the weights are
there to be set. Adam makes its two moments for each variable at the first ``apply``.

**Coming from MXNet.** ``call`` is what ``forward`` is to a ``gluon.Block``, and there is no
``name_scope``. Gluon's deferred initialisation is the same idea as the placeholder, but there is no
``initialize()`` to call: Keras draws the values when it makes the variable. ``gluon.nn.Conv2D``
takes NCHW and ``padding=2``; here it is NHWC and ``padding="same"``. Both pooling layers step by
their window; Gluon's has a default window of 2, this one has none. By default, Gluon's Adam has an
epsilon of 1e-8, and Keras' Adam 1e-7.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "imperative", "pair": "own loop, imperative"}


def build(task):
    network = LeNet(task)
    # Layers make their parameters when first called, here on a placeholder: nothing is computed.
    network(tf.keras.Input(shape=task.input_shape))
    return SimpleNamespace(
        task=task,
        network=network,
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        # Epsilon is named because the default is not the same in every framework.
        optimizer=tf.keras.optimizers.Adam(
            task.learning_rate, beta_1=task.beta_1, beta_2=task.beta_2, epsilon=task.epsilon
        ),
    )


class LeNet(tf.keras.Model):
    def __init__(self, task):
        super().__init__()
        filters1, filters2 = task.filters
        units1, units2 = task.dense_units
        self.convolution1 = tf.keras.layers.Conv2D(
            filters1, task.kernel_size, padding="same", activation="tanh"
        )
        self.convolution2 = tf.keras.layers.Conv2D(filters2, task.kernel_size, activation="tanh")
        self.pool = tf.keras.layers.AveragePooling2D(task.pool_size)
        self.flatten = tf.keras.layers.Flatten()
        self.dense1 = tf.keras.layers.Dense(units1, activation="tanh")
        self.dense2 = tf.keras.layers.Dense(units2, activation="tanh")
        self.dense3 = tf.keras.layers.Dense(task.classes)

    def call(self, x):
        x = self.pool(self.convolution1(x))
        x = self.pool(self.convolution2(x))
        x = self.dense1(self.flatten(x))
        return self.dense3(self.dense2(x))


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
    size = model.task.batch_size
    # In batches: the feature maps of all images at once would take far more memory than the images.
    logits = [model.network(x[i : i + size], training=False) for i in range(0, len(x), size)]
    return tf.concat(logits, axis=0).numpy()


def set_parameters(model, parameters):
    # Weights come in the order in which __init__ made the layers, kernel before bias, as in the task.
    model.network.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.network.get_weights(), strict=True))
