"""A convolution by hand, and by MXNet: images NCHW, kernels outputs, inputs, rows, columns."""

import mxnet as mx
import numpy as np

image = np.arange(36, dtype="float32").reshape(6, 6)
image[:, 3:] += 10
# Right minus left: it answers to upright edges.
kernel = np.float32([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def by_hand(image, kernel):
    size = len(kernel)
    places = range(len(image) - size + 1)
    return np.float32([[(image[r : r + size, c : c + size] * kernel).sum() for c in places] for r in places])


def convolve(image, **options):
    data, weight = mx.nd.array(image[None, None]), mx.nd.array(kernel[None, None])
    found = mx.nd.Convolution(data, weight, kernel=(3, 3), num_filter=1, no_bias=True, **options)
    return found[0, 0].asnumpy()


found = convolve(image)
print(found)
print("as by hand:", np.array_equal(found, by_hand(image, kernel)))
print("as by hand, kernel turned round:", np.array_equal(found, by_hand(image, kernel[::-1, ::-1])))

print("stride 2, pad 1:", convolve(image, stride=(2, 2), pad=(1, 1)).tolist())
padded = np.pad(image, ((0, 1), (0, 1)))
print("stride 2, one pixel at the end only:", convolve(padded, stride=(2, 2)).tolist())
