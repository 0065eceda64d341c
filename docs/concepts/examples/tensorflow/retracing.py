"""What makes a tf.function trace again: everything about its arguments but the values of tensors."""

import numpy as np
import tensorflow as tf


class Settings:
    def __init__(self, factor):
        self.factor = factor


def square(x):
    return x * x


def scale(x, settings):
    return settings.factor * x


def count(label, function, calls):
    for arguments in calls:
        function(*arguments)
    print(f"{label:38} calls: {len(calls)}, traces: {function.experimental_get_tracing_count()}")


numbers = (1, 2, 3, 4)
count("tensors", tf.function(square), [(tf.constant(number),) for number in numbers])
count("NumPy arrays", tf.function(square), [(np.array(number),) for number in numbers])
count("Python numbers", tf.function(square), [(number,) for number in numbers])
count("the same number again", tf.function(square), [(1,), (1,), (1,), (1,)])

x = tf.ones(3)
count("a new object at each call", tf.function(scale), [(x, Settings(2)) for _ in numbers])
settings = Settings(2)
count("the same object", tf.function(scale), [(x, settings) for _ in numbers])
settings.factor = 10
scaled = tf.function(scale)
before = scaled(x, settings).numpy()
settings.factor = 1000
print("    a changed attribute is not seen:", before, scaled(x, settings).numpy())

count("types: int32, float32", tf.function(square), [(tf.constant(1),), (tf.constant(1.0),)])
shapes = [(tf.ones(number),) for number in numbers]
count("shapes (1,), (2,), (3,), (4,)", tf.function(square), shapes)
count("    with reduce_retracing=True", tf.function(square, reduce_retracing=True), shapes)
signature = [tf.TensorSpec((None,), tf.float32)]
count("    with an input_signature, (None,)", tf.function(square, input_signature=signature), shapes)

try:
    tf.function(square, input_signature=signature)(tf.ones((2, 2)))
except TypeError as error:
    print("outside the signature:", type(error).__name__)
