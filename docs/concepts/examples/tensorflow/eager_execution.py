"""On a CPU, an eager operation has been computed when its call returns."""

import time

import tensorflow as tf

size, products = 1500, 6
matrix = tf.ones((size, size)) / size
tf.linalg.matmul(matrix, matrix).numpy()

start = time.perf_counter()
result = matrix
for _ in range(products):
    result = tf.linalg.matmul(result, matrix)
called = time.perf_counter() - start
result.numpy()
finished = time.perf_counter() - start
print("the calls took more than nine tenths of the time:", called > 0.9 * finished)

try:
    tf.constant(1) // tf.constant(0)
except tf.errors.OpError as error:
    print("division by zero, at the call:", type(error).__name__)


@tf.function
def divide(a, b):
    return a // b


try:
    divide(tf.constant(1), tf.constant(0))
except tf.errors.OpError as error:
    print("in a graph, when it is run:", type(error).__name__)
