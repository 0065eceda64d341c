"""Phrases of the NumPy reference."""

import math

import numpy as np


def initialise(model):
    """Shown on a page."""
    for name, values in model.parameters.items():
        if name.endswith("bias"):
            values[:] = 0
        else:
            limit = math.sqrt(6 / sum(values.shape))
            values[:] = np.random.uniform(-limit, limit, values.shape)


def forward(parameters, x):
    hidden1 = np.maximum(x @ parameters["dense1_kernel"] + parameters["dense1_bias"], 0)
    hidden2 = np.maximum(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"], 0)
    return hidden1, hidden2, hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def step(model, x, y):
    x, task, p = x.astype(np.float64), model.task, model.parameters
    hidden1, hidden2, logits = forward(p, x)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    loss = -log_probabilities[rows, y].mean()
    d3 = np.exp(log_probabilities)
    d3[rows, y] -= 1
    d3 /= len(y)
    d2 = (d3 @ p["dense3_kernel"].T) * (hidden2 > 0)
    d1 = (d2 @ p["dense2_kernel"].T) * (hidden1 > 0)
    for layer, inputs, gradient in (("dense1", x, d1), ("dense2", hidden1, d2), ("dense3", hidden2, d3)):
        for name, value in (("kernel", inputs.T @ gradient), ("bias", gradient.sum(axis=0))):
            velocity = model.velocity[f"{layer}_{name}"]
            velocity[:] = task.momentum * velocity - task.learning_rate * value
            p[f"{layer}_{name}"] = p[f"{layer}_{name}"] + velocity
    return float(loss)


def save(model, folder):
    np.savez(f"{folder}/mlp.npz", **model.parameters)


def load(model, folder):
    with np.load(f"{folder}/mlp.npz") as arrays:
        model.parameters = dict(arrays)


def device():
    return "cpu"


def count_parameters(model):
    return sum(values.size for values in model.parameters.values())
