"""What Python computes while a tf.function is traced stays as it was at that moment."""

import numpy as np
import tensorflow as tf

random = np.random.RandomState(0)
rate = 0.1
rate_variable = tf.Variable(0.1)
seen = []


@tf.function
def step(x):
    seen.append("traced")
    return {
        "rate, a Python number": rate * x,
        "rate, a variable": rate_variable * x,
        "NumPy's random number": random.uniform() * x,
        "TensorFlow's random number": tf.random.uniform(()) * x,
    }


first = step(tf.constant(1.0))
rate = 0.5
rate_variable.assign(0.5)
second = step(tf.constant(1.0))

for name in sorted(first):
    changed = "changed" if first[name].numpy() != second[name].numpy() else "the same in both calls"
    print(f"{name:28} {changed}")
print("entries in the list after two calls:", len(seen))
