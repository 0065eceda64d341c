"""autograd's NumPy: the forward pass as in NumPy, and its derivatives computed for you.

The parameters are a dict of arrays, the loss is a function of it, and ``value_and_grad`` makes
another function that returns the gradients too. Each operator runs when Python reaches it.

**Names.** ``autograd.numpy`` holds NumPy's functions, which record what they compute while a
gradient is computed. ``value_and_grad`` returns the value and a dict of gradients.

**What it does for you.** Derivatives, and nothing else. It has no layers, no optimisers and no
types of its own for arrays; in plain arrays a constant of float64 makes a gradient float64 as well.

**Coming from TensorFlow or MXNet.** There is no tape to open and nothing to mark as trainable: the
gradient is taken with respect to the function's first argument.
"""

from types import SimpleNamespace

import autograd.numpy as np
from autograd import value_and_grad
from autograd.tracer import getval

STYLE = {"level": "low", "paradigm": "imperative", "pair": "low level, imperative"}


def build(task):
    parameters = {name: np.zeros(shape, np.float32) for name, shape in task.parameters.items()}
    velocities = {name: np.zeros(shape, np.float32) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, velocities=velocities)


def relu(x):
    # The derivative of np.maximum would be float64 here; that of this product keeps the type.
    return x * (x > 0)


def forward(parameters, x):
    hidden1 = relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def mean_loss(parameters, x, y):
    """Softmax cross-entropy, mean over the batch."""
    logits = forward(parameters, x)
    # Subtracting the greatest logit keeps exp from overflowing. Its derivative cancels out: take the value.
    shifted = logits - getval(logits).max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(log_probabilities[np.arange(len(y)), y]) / len(y)


def train_step(model, x, y):
    task = model.task
    loss, gradients = value_and_grad(mean_loss)(model.parameters, x, y)
    for name, gradient in gradients.items():
        velocity = model.velocities[name]
        velocity[:] = task.momentum * velocity - task.learning_rate * gradient
        model.parameters[name] += velocity
    return loss


def train(model, x, y):
    batch_size = model.task.batch_size
    losses = [
        train_step(model, x[start : start + batch_size], y[start : start + batch_size])
        for start in range(0, len(x) - batch_size + 1, batch_size)
    ]
    return float(sum(losses) / len(losses))


def predict(model, x):
    return forward(model.parameters, x)


def set_parameters(model, parameters):
    for name, value in parameters.items():
        model.parameters[name][:] = value


def get_parameters(model):
    # Copies, since training changes the arrays in place.
    return {name: value.copy() for name, value in model.parameters.items()}
