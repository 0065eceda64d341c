"""A convolution by hand, and by TensorFlow: images NHWC, kernels rows, columns, inputs, outputs."""

import numpy as np
import tensorflow as tf

image = np.arange(36, dtype="float32").reshape(6, 6)
image[:, 3:] += 10
# Right minus left: it answers to upright edges.
kernel = np.float32([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def by_hand(image, kernel):
    size = len(kernel)
    places = range(len(image) - size + 1)
    return np.float32([[(image[r : r + size, c : c + size] * kernel).sum() for c in places] for r in places])


found = tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], strides=1, padding="VALID")
found = found[0, :, :, 0].numpy()
print(found)
print("as by hand:", np.array_equal(found, by_hand(image, kernel)))
print("as by hand, kernel turned round:", np.array_equal(found, by_hand(image, kernel[::-1, ::-1])))

same = tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], strides=2, padding="SAME")
print("stride 2, SAME:", same[0, :, :, 0].numpy().tolist())
padded = np.pad(image, 1)
both = tf.nn.conv2d(padded[None, :, :, None], kernel[:, :, None, None], strides=2, padding="VALID")
print("stride 2, one pixel on each side:", both[0, :, :, 0].numpy().tolist())
