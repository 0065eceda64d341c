"""AutoGraph makes graph operations of loops and branches over tensors, and of no others."""

import tensorflow as tf


@tf.function
def over_range(x):
    for _ in range(5):
        x = x * x
    return x


@tf.function
def over_tensor(x):
    for _ in tf.range(5):
        x = x * x
    return x


@tf.function
def branch(x):
    if tf.reduce_sum(x) > 0:
        return x
    return -x


@tf.function
def branch_on_shape(x):
    if x.shape[0] > 2:
        return x
    return -x


x = tf.constant([1.0, 2.0])
for function in (over_range, over_tensor, branch, branch_on_shape):
    graph = function.get_concrete_function(x).graph
    types = [operation.type for operation in graph.get_operations()]
    shown = {name: types.count(name) for name in ("Mul", "Neg", "StatelessWhile", "StatelessIf")}
    print(f"{function.__name__:16}", {name: number for name, number in shown.items() if number})
