"""Tensors never change; variables do, in place."""

import numpy as np
import tensorflow as tf


def attempt(what, action):
    try:
        print(f"{what}: {action()}")
    except Exception as error:
        print(f"{what}: {type(error).__name__}")


def change_an_element():
    tensor[0] = 5.0


tensor = tf.constant([1.0, 2.0, 3.0])
attempt("assigning to an element of a tensor", change_an_element)
print("a changed copy:", tf.tensor_scatter_nd_update(tensor, [[0]], [5.0]).numpy())

variable = tf.Variable([1.0, 2.0, 3.0])
snapshot, same = tf.convert_to_tensor(variable), variable
variable.assign_sub([0.5, 0.5, 0.5])
variable[0].assign(9.0)
print("the variable:", variable.numpy(), "by another name:", same.numpy())
print("a tensor made of it before:", snapshot.numpy())
# This makes a tensor, and no longer names the variable.
variable = variable - 1.0
print("after 'variable = variable - 1':", type(variable).__name__)

print("types:", tf.constant(1).dtype.name, tf.constant(1.0).dtype.name, tf.constant(np.ones(1)).dtype.name)
attempt("int32 times float32", lambda: tf.constant(1) * tf.constant(1.5))
attempt("float32 plus float64", lambda: tf.constant(1.0) + tf.constant(np.ones(1)))
attempt("float32 plus a Python number", lambda: (tf.constant(1.0) + 1).numpy())
attempt("cast first", lambda: (tf.cast(tf.constant(1), tf.float32) * 1.5).numpy())
attempt("a variable of another shape", lambda: same.assign([1.0, 2.0]))
