"""Multilayer perceptron in NumPy, float64: what the frameworks do for you.

Forward pass, gradients and update are written out, in twice the precision that the frameworks
compute in. Every implementation is compared with this file, and this file with numerical
derivatives.
"""

from types import SimpleNamespace

import numpy as np

STYLE = {"level": "low", "paradigm": "imperative"}


def build(task):
    parameters = {name: np.zeros(shape) for name, shape in task.parameters.items()}
    velocity = {name: np.zeros(shape) for name, shape in task.parameters.items()}
    return SimpleNamespace(task=task, parameters=parameters, velocity=velocity)


def forward(parameters, x):
    hidden1 = np.maximum(x @ parameters["dense1_kernel"] + parameters["dense1_bias"], 0)
    hidden2 = np.maximum(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"], 0)
    logits = hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]
    return logits, (hidden1, hidden2)


def softmax_cross_entropy(logits, y):
    """Mean loss over the batch, and its gradient with respect to the logits."""
    rows = np.arange(len(y))
    # Subtracting the greatest logit changes nothing but keeps exp from overflowing.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(log_probabilities)
    gradient[rows, y] -= 1
    return -log_probabilities[rows, y].mean(), gradient / len(y)


def loss_and_gradients(parameters, x, y):
    """The chain rule by hand: from the logits back to each parameter."""
    logits, (hidden1, hidden2) = forward(parameters, x)
    loss, d_logits = softmax_cross_entropy(logits, y)
    # Relu passes a gradient on where it passed its input on.
    d_hidden2 = (d_logits @ parameters["dense3_kernel"].T) * (hidden2 > 0)
    d_hidden1 = (d_hidden2 @ parameters["dense2_kernel"].T) * (hidden1 > 0)
    return loss, {
        "dense1_kernel": x.T @ d_hidden1,
        "dense1_bias": d_hidden1.sum(axis=0),
        "dense2_kernel": hidden1.T @ d_hidden2,
        "dense2_bias": d_hidden2.sum(axis=0),
        "dense3_kernel": hidden2.T @ d_logits,
        "dense3_bias": d_logits.sum(axis=0),
    }


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
        batch_y = y[start : start + batch_size]
        loss, gradients = loss_and_gradients(model.parameters, batch_x, batch_y)
        update(model, gradients)
        losses.append(loss)
    return float(np.mean(losses))


def predict(model, x):
    logits, _ = forward(model.parameters, x.astype(np.float64))
    return logits


def set_parameters(model, parameters):
    model.parameters = {name: value.astype(np.float64) for name, value in parameters.items()}


def get_parameters(model):
    return dict(model.parameters)
