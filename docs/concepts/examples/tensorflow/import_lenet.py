"""A LeNet from MXNet: its weights, its next training step, and the effect of three slips.

Run after mxnet/export_lenet.py, in the same folder.
"""

import numpy as np
import tensorflow as tf

layers = tf.keras.layers
found = dict(np.load("lenet.npz"))


def build(epsilon=1e-5, momentum=0.9):
    """Gluon's defaults, where Keras has others."""
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.BatchNormalization(epsilon=epsilon, momentum=momentum),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(10),
        ]
    )


def convolution(weight):
    """From (out, in, rows, columns) to (rows, columns, in, out)."""
    return weight.transpose(2, 3, 1, 0)


def dense(weight):
    """From (out, in) to (in, out)."""
    return weight.T


def dense_after_flattening(weight, channels, rows, columns):
    """From (out, channels x rows x columns) to (rows x columns x channels, out)."""
    return weight.reshape(-1, channels, rows, columns).transpose(2, 3, 1, 0).reshape(-1, len(weight))


def load(model, first_dense):
    model.set_weights(
        [
            *(convolution(found["conv0_weight"]), found["conv0_bias"]),
            *(found[f"batchnorm0_{name}"] for name in ("gamma", "beta", "running_mean", "running_var")),
            *(convolution(found["conv1_weight"]), found["conv1_bias"]),
            *(first_dense, found["dense0_bias"]),
            *(dense(found["dense1_weight"]), found["dense1_bias"]),
        ]
    )
    return model


def difference(values, expected):
    return f"{np.abs(values - expected).max() / np.abs(expected).max():.0e}"


# NCHW to NHWC.
images = found["images"].transpose(0, 2, 3, 1)
permuted = dense_after_flattening(found["dense0_weight"], channels=16, rows=5, columns=5)
model = load(build(), permuted)
print("greatest difference, as a share of the greatest value")
print("logits:", difference(model(images), found["logits"]))

optimizer = tf.keras.optimizers.SGD(0.05, momentum=0.9)
with tf.GradientTape() as tape:
    logits = model(images, training=True)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(found["labels"], logits)
optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
print("loss of the next step:", difference(loss.numpy(), found["next_loss"]))
print("logits after it:", difference(model(images), found["next_logits"]))

print("the same with a slip")
transposed_only = load(build(), dense(found["dense0_weight"]))
print("rows after flattening not permuted:", difference(transposed_only(images), found["logits"]))
print("Keras' epsilon:", difference(load(build(epsilon=1e-3), permuted)(images), found["logits"]))
swapped = {**found, "conv0_weight": found["conv0_weight"].transpose(0, 1, 3, 2)}
found, kept = swapped, found
print("rows and columns swapped:", difference(load(build(), permuted)(images), kept["logits"]))
