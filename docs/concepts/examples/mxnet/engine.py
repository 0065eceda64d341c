"""Operations are queued: Python goes on, and only reading a value waits."""

import time

import mxnet as mx

size, products = 1500, 12
matrix = mx.nd.ones((size, size)) / size
mx.nd.dot(matrix, matrix).wait_to_read()

start = time.perf_counter()
result = matrix
for _ in range(products):
    result = mx.nd.dot(result, matrix)
queued = time.perf_counter() - start
print("the result's shape is known:", result.shape)
first = result[0, 0].asscalar()
finished = time.perf_counter() - start
print(f"one of its values, which took the products: {size * first:.3f}")
print("queueing took less than a tenth of the time:", queued < finished / 10)

start = time.perf_counter()
again = result[0, 0].asscalar()
print("reading it again, less than a tenth:", time.perf_counter() - start < finished / 10)

# What reads and writes the same array is kept in order, and nothing is waited for in between.
counter = mx.nd.zeros(1)
copies = []
for _ in range(1000):
    copies.append(counter * 1)
    counter += 1
print("1000 additions in place:", counter.asscalar())
print("copies in between:", copies[10].asscalar(), copies[999].asscalar())
