"""The same expression line by line, traced into a graph, and as TensorFlow 1 wrote it."""

import numpy as np
import tensorflow as tf

a, b = np.float32([1, 2, 3]), np.float32([10, 20, 30])

print("imperative")
product = tf.constant(a) * tf.constant(b)
print("    after the first line:", product.numpy())
print("    after the second:", (product + 1).numpy())


@tf.function
def expression(a, b):
    product = a * b
    # Nobody needs this, and it cannot be computed.
    tf.constant(1) // tf.constant(0)
    return product + 1


print("traced")
traced = expression.get_concrete_function(tf.TensorSpec(3), tf.TensorSpec(3))
print("    operations:", *(operation.type for operation in traced.graph.get_operations()))
print("    with values:", expression(a, b).numpy())
try:
    expression.python_function(tf.constant(a), tf.constant(b))
except tf.errors.OpError as error:
    print("    the same lines, imperative:", type(error).__name__)

print("TensorFlow 1")
with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    first = tf.compat.v1.placeholder(tf.float32, (3,), name="first")
    second = tf.compat.v1.placeholder(tf.float32, (3,), name="second")
    result = first * second + 1
    print("    without values:", result.op.type, result.shape)
    print("    with values:", session.run(result, {first: a, second: b}))

print("shapes that do not fit")
for what, compute in {
    "imperative": lambda: tf.zeros(3) + tf.zeros(4),
    "traced": lambda: expression.get_concrete_function(tf.TensorSpec(3), tf.TensorSpec(4)),
    "traced, shapes open": lambda: expression.get_concrete_function(tf.TensorSpec(None), tf.TensorSpec(None)),
}.items():
    try:
        compute()
        print(f"    {what}: no error before it is called")
    except Exception as error:
        print(f"    {what}: {type(error).__name__}")
