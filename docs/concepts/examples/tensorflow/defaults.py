"""The defaults of TensorFlow and Keras, read from their objects or found by computing."""

import inspect

import numpy as np
import tensorflow as tf

keras = tf.keras
layers, optimizers, losses = keras.layers, keras.optimizers, keras.losses


def default(function, name):
    return inspect.signature(function).parameters[name].default


def show(what, *values):
    print(f"{what:34} {' '.join(str(value) for value in values)}")


def step(optimizer, gradient, steps=1):
    """Where a weight of 1 is after steps with one gradient."""
    weight = tf.Variable(1.0)
    for _ in range(steps):
        optimizer.apply([tf.constant(gradient)], [weight])
    return f"{weight.numpy():.4f}"


show("SGD learning rate", default(optimizers.SGD, "learning_rate"))
show("Adam epsilon", default(optimizers.Adam, "epsilon"))
show("RMSProp decay, epsilon", default(optimizers.RMSprop, "rho"), default(optimizers.RMSprop, "epsilon"))
show("AdaGrad accumulator", default(optimizers.Adagrad, "initial_accumulator_value"))
show("AdaDelta decay, epsilon", default(optimizers.Adadelta, "rho"), default(optimizers.Adadelta, "epsilon"))
show("AdaDelta, 1 step", step(optimizers.Adadelta(), 1.0))
momentum = (step(optimizers.SGD(0.1, momentum=0.9), 1.0, steps) for steps in (1, 2))
show("SGD momentum, 1 step, 2 steps", *momentum)
show("SGD with decay 0.1", step(optimizers.SGD(0.1, weight_decay=0.1), 0.0))
show("Adam with decay 0.1", step(optimizers.Adam(0.1, weight_decay=0.1), 0.0))

show("batch norm epsilon", default(layers.BatchNormalization, "epsilon"))
show("batch norm momentum", default(layers.BatchNormalization, "momentum"))
show("layer norm epsilon", default(layers.LayerNormalization, "epsilon"))
normalise = layers.BatchNormalization(momentum=0.0)
with tf.GradientTape() as tape:
    normalised = normalise(np.float32([[1], [2], [3], [6]]), training=True)
show("variance of 1 2 3 6, forward", f"{normalise.moving_variance[0].numpy():.3f}")
tape.gradient(normalised, normalise.trainable_variables)
show("variance of 1 2 3 6, backward too", f"{normalise.moving_variance[0].numpy():.3f}")

dense = layers.Dense(100)
dense.build((None, 300))
kernel = dense.kernel.numpy()
show("dense initial values, greatest", f"{np.abs(kernel).max():.2f}")
show("dense kernel of 300 to 100", kernel.shape)
show("dense on (2, 3, 4), shape", layers.Dense(5)(np.ones((2, 3, 4))).shape)

ones = np.ones((1, 4, 4, 1), "float32")
show("average pool 2, shape", layers.AveragePooling2D(2)(ones).shape)
show("average pool 2 operation, shape", "has no default")
show("average at a padded corner", layers.AveragePooling2D(3, 1, padding="same")(ones)[0, 0, 0, 0].numpy())
show("pool 2 of 5 pixels", layers.MaxPooling2D(2)(np.ones((1, 5, 5, 1)))[0, :, :, 0].shape)

show("leaky relu of -1", layers.LeakyReLU()(np.float32([-1])).numpy()[0])
show("leaky relu operation of -1", tf.nn.leaky_relu(np.float32([-1])).numpy()[0])
show("hard sigmoid of 1", f"{keras.activations.hard_sigmoid(np.float32([1])).numpy()[0]:.4f}")
show("gelu of 1", f"{keras.activations.gelu(np.float32([1])).numpy()[0]:.4f}")
show("dropout outside training, changes", not np.array_equal(layers.Dropout(0.5)(ones), ones))
show("dropout kept values", np.max(layers.Dropout(0.5, seed=0)(ones, training=True)))
with tf.GradientTape():
    changed = not np.array_equal(layers.Dropout(0.5)(ones), ones)
show("dropout while recording, changes", changed)

logits, labels = np.float32([[0, 0], [0, 2], [3, 0]]), np.int32([0, 1, 1])
crossentropy = losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits).numpy()
show("cross-entropy of logits", f"{crossentropy:.3f}")
show("cross-entropy, from_logits", default(losses.SparseCategoricalCrossentropy, "from_logits"))
row = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits).numpy()
show("cross-entropy operation", *(f"{value:.3f}" for value in row))
weight, sides = tf.Variable([0.0]), np.float32([[1, 0]] * 4)
with tf.GradientTape() as tape:
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)(np.ones(4), weight * sides)
show("gradient over 4 rows of 0.5 each", f"{tape.gradient(loss, weight).numpy()[0]:.3f}")
show("squared error of 0 and 2", losses.MeanSquaredError()(np.float32([[0]]), np.float32([[2]])).numpy())

show("type of an array of float64", tf.constant(np.ones(1)).dtype.name)
show("type of an array of int64", tf.constant(np.arange(3)).dtype.name)
show("type of a list of integers", tf.constant([1, 2]).dtype.name)
show("int32 7 divided by 2", (tf.constant(7) / 2).numpy())
show("type of argmax", tf.argmax(logits, axis=1).dtype.name)
show("axis of argmax", tf.argmax(np.float32([[1, 2], [5, 0]])).shape)
