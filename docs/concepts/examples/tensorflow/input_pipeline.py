"""An incomplete last batch is a new shape, and one more trace."""

import tensorflow as tf

images, labels = tf.zeros((1000, 784)), tf.zeros(1000, tf.int32)


def train(step, batches):
    for x, y in batches:
        step(x, y)
    return step.experimental_get_tracing_count()


def step(x, y):
    return tf.reduce_sum(x) + tf.cast(tf.reduce_sum(y), tf.float32)


data = tf.data.Dataset.from_tensor_slices((images, labels))
print("batches of", sorted({len(x) for x, _ in data.batch(128)}, reverse=True), "images")
print("traces:", train(tf.function(step), data.batch(128)))
print("traces with drop_remainder:", train(tf.function(step), data.batch(128, drop_remainder=True)))
signature = [tf.TensorSpec((None, 784), tf.float32), tf.TensorSpec((None,), tf.int32)]
print("traces with a signature:", train(tf.function(step, input_signature=signature), data.batch(128)))
