"""The same training of the same network from the same filters, and all of them in a picture.

Run after mxnet/learned_filters.py, in the same folder.
"""

import numpy as np
import tensorflow as tf

found = dict(np.load("filters_mxnet.npz"))
images, labels = found["images"].transpose(0, 2, 3, 1), found["labels"]
FILTERS, STEPS, BATCH = 8, 300, 64

network = tf.keras.Sequential(
    [
        tf.keras.Input(shape=images.shape[1:]),
        tf.keras.layers.Conv2D(FILTERS, 5, activation="relu"),
        tf.keras.layers.GlobalAveragePooling2D(),
        tf.keras.layers.Dense(4),
    ]
)
convolution, _, dense = network.layers
convolution.set_weights([found["first"].transpose(2, 3, 1, 0), np.zeros(FILTERS, "float32")])
dense.set_weights([found["dense"].T, np.zeros(4, "float32")])
optimizer = tf.keras.optimizers.Adam(0.01, epsilon=1e-8)
crossentropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = crossentropy(y, network(x, training=True))
    optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)


optimizer.build(network.trainable_variables)
for number in range(STEPS):
    start = number * BATCH % len(images)
    train_step(images[start : start + BATCH], labels[start : start + BATCH])

right = np.mean(np.argmax(network(images), axis=1) == labels)
learned = convolution.get_weights()[0].transpose(3, 2, 0, 1)
print(f"images right: {100 * right:.0f}%")
difference = np.abs(learned - found["learned"]).max() / np.abs(learned).max()
print("filters as in MXNet, to a thousandth of the greatest value:", bool(difference < 1e-3))

rows = {"at first": found["first"], "MXNet": found["learned"], "TensorFlow": learned}
np.savez("picture.npz", **{name: filters[:, 0] for name, filters in rows.items()})
