"""Keras model with its own compiled step: the loop is yours, a step is one graph.

The training step is written as for eager execution and decorated with ``tf.function``: the first
call traces it into a graph, from the forward pass to the update, and later calls run that graph.
The loop over the batches stays in Python, which now makes one call for a batch and not one for an
operator.

**Names.** ``tf.function`` turns a Python function into graphs, one for each combination of shapes
and types. Tracing is the one time when its Python code runs. An ``input_signature`` fixes what is
traced.

**What it does for you.** Layers, loss and optimiser are Keras objects; the graph is made from the
code you would run without it. Python inside the step, such as a ``print``, runs only while
tracing. No ``compile`` and no ``fit``: metrics, callbacks and validation are yours to write.

**Coming from MXNet.** ``hybridize()`` compiles a block, and ``backward()`` and ``trainer.step()``
remain separate calls. ``tf.function`` compiles the whole step: loss, gradients and the update
of the variables. There is nothing to switch on in the model, and any function can be compiled, not
only a block. The tape does not switch to training mode, as ``autograd.record()`` does: pass
``training=True`` when calling the model.
"""

from types import SimpleNamespace

import tensorflow as tf

STYLE = {"level": "high", "paradigm": "compiled", "pair": "own loop, compiled"}


def build(task):
    hidden1, hidden2 = task.hidden_units
    network = tf.keras.Sequential(
        [
            tf.keras.Input(shape=task.input_shape),
            tf.keras.layers.Dense(hidden1, activation="relu"),
            tf.keras.layers.Dense(hidden2, activation="relu"),
            # No softmax: the loss takes logits, and is safer from overflow that way.
            tf.keras.layers.Dense(task.classes),
        ]
    )
    loss_function = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.SGD(task.learning_rate, momentum=task.momentum)
    # Velocities are made here: a trace that makes variables would be followed by a second one.
    optimizer.build(network.trainable_variables)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_function(y, network(x, training=True))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
        return loss

    # None is any number of rows: without it, each new number of rows would be traced anew.
    @tf.function(input_signature=[tf.TensorSpec((None, *task.input_shape), tf.float32)])
    def predict_step(x):
        return network(x, training=False)

    return SimpleNamespace(task=task, network=network, train_step=train_step, predict_step=predict_step)


def train(model, x, y):
    # drop_remainder leaves out the incomplete last batch, and with it a second trace of the step.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(model.task.batch_size, drop_remainder=True)
    total = tf.constant(0.0)
    for batch_x, batch_y in batches:
        # Summed on the device: reading each loss would make Python wait for each step.
        total += model.train_step(batch_x, batch_y)
    return float(total) / int(batches.cardinality())


def predict(model, x):
    return model.predict_step(x).numpy()


def set_parameters(model, parameters):
    # Keras orders weights by layer, kernel before bias, as the task does.
    model.network.set_weights([parameters[name] for name in model.task.parameters])


def get_parameters(model):
    return dict(zip(model.task.parameters, model.network.get_weights(), strict=True))
