"""When the Python code of a tf.function runs, and when its graph does."""

import sys

import tensorflow as tf


@tf.function
def double(x):
    print("    Python runs, with a", type(x).__name__, "of shape", x.shape)
    tf.print("    the graph runs, with", x, output_stream=sys.stdout)
    return 2 * x


for value in (1.0, 2.0, 3.0):
    print("call with", value)
    double(tf.constant(value))
print("calls: 3, traces:", double.experimental_get_tracing_count())

graph = double.get_concrete_function(tf.constant(0.0)).graph
print("operations:", *(operation.type for operation in graph.get_operations()))
