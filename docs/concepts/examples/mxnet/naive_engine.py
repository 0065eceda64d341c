"""The engine for debugging: each operation ends before its line does."""

import os

# Read when MXNet is imported.
os.environ["MXNET_ENGINE_TYPE"] = "NaiveEngine"

import time

import mxnet as mx

try:
    mx.nd.random.normal(0, -1, (2, 2))
    print("a negative scale: no error at the call")
except mx.base.MXNetError as error:
    print("a negative scale, at the call:", type(error).__name__)

size, products = 1500, 6
matrix = mx.nd.ones((size, size)) / size
mx.nd.dot(matrix, matrix).wait_to_read()
start = time.perf_counter()
result = matrix
for _ in range(products):
    result = mx.nd.dot(result, matrix)
called = time.perf_counter() - start
result.wait_to_read()
finished = time.perf_counter() - start
print("the calls took more than nine tenths of the time:", called > 0.9 * finished)
