"""Softmax regression in NumPy, float64: what the frameworks do for you.

Forward pass, gradients and update are written out, in twice the precision that the frameworks
compute in.
"""

from types import SimpleNamespace

import numpy as np

STYLE = {"level": "low", "paradigm": "imperative"}


def build(task):
    parameters = {name: np.zeros(shape) for name, shape in task.parameters.items()}
    velocity = {name: np.zeros(shape) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, velocity=velocity)


def forward(parameters, x):
    return x @ parameters["kernel"] + parameters["bias"]


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch, and its gradient with respect to the logits."""
    rows = np.arange(len(y))
    # Subtracting the greatest logit changes nothing but keeps exp from overflowing.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(log_probabilities)
    gradient[rows, y] -= 1
    return -log_probabilities[rows, y].mean(), gradient / len(y)


def update(model, gradients):
    """Stochastic gradient descent with momentum, the rate inside the velocity."""
    task = model.task
    for name, gradient in gradients.items():
        velocity = task.momentum * model.velocity[name] - task.learning_rate * gradient
        model.velocity[name] = velocity
        model.parameters[name] = model.parameters[name] + velocity


def train(model, x, y):
    batch_size = model.task.batch_size
    losses = []
    for start in range(0, len(x) - batch_size + 1, batch_size):
        batch_x = x[start : start + batch_size].astype(np.float64)
        loss, d_logits = softmax_cross_entropy(
            forward(model.parameters, batch_x), y[start : start + batch_size]
        )
        update(model, {"kernel": batch_x.T @ d_logits, "bias": d_logits.sum(axis=0)})
        losses.append(loss)
    return float(np.mean(losses))


def predict(model, x):
    return forward(model.parameters, x.astype(np.float64))


def set_parameters(model, parameters):
    model.parameters = {name: value.astype(np.float64) for name, value in parameters.items()}


def get_parameters(model):
    return dict(model.parameters)
