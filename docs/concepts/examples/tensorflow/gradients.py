"""What a GradientTape sees, what it returns, and when that is None."""

import tensorflow as tf

x = tf.Variable(3.0)
constant = tf.constant(3.0)

with tf.GradientTape() as tape:
    y = x**2
print("variable:", tape.gradient(y, x).numpy())
try:
    tape.gradient(y, x)
except RuntimeError as error:
    print("a second time:", type(error).__name__)

with tf.GradientTape() as tape:
    y = constant**2
print("constant:", tape.gradient(y, constant))
with tf.GradientTape() as tape:
    tape.watch(constant)
    y = constant**2
print("constant, watched:", tape.gradient(y, constant).numpy())

with tf.GradientTape(persistent=True) as tape:
    through_numpy = tf.constant(x.numpy() ** 2) * 1.0
    through_integers = tf.cast(tf.cast(x, tf.int32), tf.float32)
    stopped = tf.stop_gradient(x**2) * x
print("through NumPy:", tape.gradient(through_numpy, x))
print("through integers:", tape.gradient(through_integers, x))
print("x squared held constant, times x:", tape.gradient(stopped, x).numpy())

with tf.GradientTape() as tape:
    y = x**2
    x.assign(10.0)
    y += x
print("assigned in between:", tape.gradient(y, x).numpy())
x.assign(3.0)

with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = x**3
    first = inner.gradient(y, x)
print("second derivative of x cubed:", outer.gradient(first, x).numpy())

with tf.GradientTape() as tape:
    y = tf.stack([x, 2 * x, 3 * x])
print("of a vector, the sum:", tape.gradient(y, x).numpy())
with tf.GradientTape() as tape:
    y = tf.stack([x, 2 * x, 3 * x])
print("each entry:", tape.jacobian(y, x).numpy())

with tf.GradientTape() as tape:
    y = {"used": x * 2.0}["used"]
unused = tf.Variable(1.0)
structure = {"weight": x, "unused": unused}
found = tape.gradient(y, structure, unconnected_gradients=tf.UnconnectedGradients.ZERO)
print("by name, zeros where unconnected:", {name: float(value) for name, value in found.items()})


@tf.custom_gradient
def clip_gradient(z):
    return z, lambda upstream: tf.clip_by_value(upstream, -1.0, 1.0)


with tf.GradientTape() as tape:
    y = 100.0 * clip_gradient(x)
print("with a derivative of one's own:", tape.gradient(y, x).numpy())
