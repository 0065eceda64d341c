"""Keras model with its own compiled step: convolutions and Adam in one graph, the loop in Python.

The graph of a step reaches from the images to Adam's moments. Its shapes are part of it:
convolutions and pooling are traced for 128 images of 28 x 28 pixels, and another number of images
means another trace. The step for prediction is traced with the number left open.

**Names.** ``tf.function`` makes the graphs. ``tf.TensorSpec`` with ``None`` for the number of
images makes one graph for any of them. The moments of Adam belong to the optimiser, and
``optimizer.build`` makes them before the first trace.

**What it does for you.** Gradients of convolution and pooling, and the update, are nodes of one
graph, which the runtime may prune, fold and run in parallel. How many images to predict at a time
remains your decision, as do metrics and the order of batches.

**Coming from MXNet.** A hybridized block is traced once, and shapes are inferred when it is called;
``tf.function`` traces once for each shape. ``Trainer.step`` calls ``adam_update`` from Python for
one parameter after the other; here all updates are in the graph. Keras counts Adam's steps in a
variable for this reason: a Python number would stay what it was while tracing. Use NHWC instead of
NCHW, and ``padding="same"`` instead of ``padding=2``. Epsilon is explicit, since the defaults
differ: 1e-7 for Keras, 1e-8 for MXNet.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled", "pair": "own loop, compiled"}


def build(task):
    filters1, filters2 = task.filters
    units1, units2 = task.dense_units
    network = tf.keras.Sequential(
        [
            tf.keras.Input(shape=task.input_shape),
            tf.keras.layers.Conv2D(filters1, task.kernel_size, padding="same", activation="tanh"),
            tf.keras.layers.AveragePooling2D(task.pool_size),
            tf.keras.layers.Conv2D(filters2, task.kernel_size, activation="tanh"),
            tf.keras.layers.AveragePooling2D(task.pool_size),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(units1, activation="tanh"),
            tf.keras.layers.Dense(units2, activation="tanh"),
            tf.keras.layers.Dense(task.classes),
        ]
    )
    loss_function = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(
        task.learning_rate, beta_1=task.beta_1, beta_2=task.beta_2, epsilon=task.epsilon
    )
    # Moments are made here: a trace that makes variables would be followed by a second one.
    optimizer.build(network.trainable_variables)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_function(y, network(x, training=True))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return loss

    # None is any number of images: without it, an incomplete last batch would be traced anew.
    @tf.function(input_signature=[tf.TensorSpec((None, *task.input_shape), tf.float32)])
    def predict_step(x):
        return network(x, training=False)

    return SimpleNamespace(task=task, network=network, train_step=train_step, predict_step=predict_step)


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
    # Pooling and flattening have no weights; the others come in order, kernel before bias.
    model.network.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.network.get_weights(), strict=True))
