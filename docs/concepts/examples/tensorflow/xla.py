"""jit_compile: the same function, compiled by XLA."""

import tensorflow as tf


def normalise(x):
    return (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)


x = tf.constant([1.0, 2.0, -3.0, 4.0])
plain, compiled = tf.function(normalise), tf.function(normalise, jit_compile=True)
difference = tf.reduce_max(tf.abs(plain(x) - compiled(x)))
print("equal up to rounding:", bool(difference < 1e-6))

operations = plain.get_concrete_function(x).graph.get_operations()
text = compiled.experimental_get_compiler_ir(x)(stage="optimized_hlo")
entry = text[text.index("ENTRY") :]
print("less than half as many computations as operations:", entry.count(" fusion(") < len(operations) / 2)

for length in (4, 5, 6):
    compiled(tf.ones(length))
print("traces for three shapes:", compiled.experimental_get_tracing_count())


def positive(x):
    return tf.boolean_mask(x, x > 0)


def printed(x):
    return tf.strings.as_string(x)


for what, function in {"a shape that depends on values": positive, "text": printed}.items():
    try:
        print(f"{what}:", tf.function(function, jit_compile=True)(x).numpy())
    except tf.errors.OpError as error:
        print(f"{what}:", type(error).__name__)
