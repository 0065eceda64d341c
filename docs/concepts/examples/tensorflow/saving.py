"""What is kept of a tf.Module: its variables in a checkpoint, its functions in a SavedModel."""

import pathlib

import tensorflow as tf


class Scale(tf.Module):
    def __init__(self, factors):
        super().__init__()
        self.steps = [tf.Variable(factor) for factor in factors]
        self.by_name = {"shift": tf.Variable(1.0, trainable=False)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32)])
    def scale(self, x):
        for factor in self.steps:
            x = factor * x
        return x + self.by_name["shift"]

    def not_traced(self, x):
        return x


x = tf.constant([1.0, 2.0, 3.0])
module = Scale([2.0, 5.0])
counts = len(module.variables), len(module.trainable_variables)
print("variables found in lists and dicts, and those to be trained:", *counts)
print("result:", module.scale(x).numpy())

tf.train.Checkpoint(module=module).write("checkpoint")
other = Scale([0.0, 0.0])
tf.train.Checkpoint(module=other).read("checkpoint").assert_consumed()
print("another object, from the checkpoint:", other.scale(x).numpy())

tf.saved_model.save(module, "saved")
print("files:", sorted(path.name for path in pathlib.Path("saved").iterdir()))
loaded = tf.saved_model.load("saved")
print("without its class:", loaded.scale(x).numpy(), "and another length:", loaded.scale(x[:1]).numpy())
print("what was not traced is there:", hasattr(loaded, "not_traced"))
