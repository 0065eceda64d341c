"""The NumPy references: every number on the site is judged by them, so they are judged here."""

import dataclasses
import importlib
import math

import numpy as np
import pytest
import scipy.signal

from tfmxbench.networks import catalogue
from tfmxbench.worker import inputs

NETWORKS = catalogue.networks()


class Subject:
    """A network's reference with a task of small batches."""

    def __init__(self, network: str) -> None:
        self.reference = importlib.import_module(f"tfmxbench.networks.{network}.reference")
        self.task = dataclasses.replace(catalogue.task(network), batch_size=4)

    def model(self, seed=0):
        """A model with initial values, and biases that are not zero."""
        random = np.random.RandomState(seed)
        model = self.reference.build(self.task)
        parameters = inputs.initial_parameters(self.task, seed)
        for name, value in parameters.items():
            if value.ndim == 1:
                parameters[name] = random.uniform(-0.1, 0.1, value.shape).astype(np.float32)
        self.reference.set_parameters(model, parameters)
        return model

    def batches(self, count, seed=0):
        random = np.random.RandomState(seed)
        images = count * self.task.batch_size
        x = random.uniform(0, 1, (images, *self.task.input_shape)).astype(np.float32)
        return x, random.randint(0, self.task.classes, images).astype(np.int32)


@pytest.fixture(params=NETWORKS)
def subject(request) -> Subject:
    return Subject(request.param)


def test_gradients_are_central_differences(subject, monkeypatch):
    """In every parameter, at the values of the greatest gradient and at random ones."""
    taken = []
    monkeypatch.setattr(subject.reference, "update", lambda model, gradients: taken.append(gradients))
    model = subject.model()
    x, y = subject.batches(1)
    subject.reference.train(model, x, y)
    gradients = taken[0]
    assert gradients.keys() == subject.task.parameters.keys()
    random = np.random.RandomState(1)
    step = 1e-5
    for name, gradient in gradients.items():
        values = model.parameters[name]
        assert values.dtype == np.float64
        assert gradient.shape == values.shape == subject.task.parameters[name]
        chosen = {int(np.abs(gradient).argmax()), *random.randint(0, values.size, 8).tolist()}
        for index in chosen:
            place = np.unravel_index(index, values.shape)
            before = values[place]
            losses = []
            for moved in (before + step, before - step):
                values[place] = moved
                losses.append(subject.reference.train(model, x, y))
            values[place] = before
            numerical = (losses[0] - losses[1]) / (2 * step)
            assert gradient[place] == pytest.approx(numerical, rel=1e-5, abs=1e-9), (name, place)


def momentum(task, value, gradients):
    velocity = 0.0
    for gradient in gradients:
        velocity = task.momentum * velocity - task.learning_rate * gradient
        value += velocity
    return value


def adam(task, value, gradients):
    first, second = 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        first = first * task.beta_1 + gradient * (1 - task.beta_1)
        second = second * task.beta_2 + gradient * gradient * (1 - task.beta_2)
        rate = task.learning_rate * math.sqrt(1 - task.beta_2**step) / (1 - task.beta_1**step)
        value -= rate * first / (math.sqrt(second) + task.epsilon)
    return value


@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_updates_are_those_of_the_rule_written_for_a_single_number(subject, scale):
    """Also where a gradient is so small that Adam's epsilon counts."""
    rule = {"momentum": momentum, "adam": adam}[subject.task.optimizer]
    model = subject.model()
    before = {name: value.copy() for name, value in model.parameters.items()}
    random = np.random.RandomState(2)
    steps = [
        {name: scale * random.standard_normal(shape) for name, shape in subject.task.parameters.items()}
        for _ in range(7)
    ]
    for gradients in steps:
        subject.reference.update(model, gradients)
    for name, shape in subject.task.parameters.items():
        for index in random.randint(0, math.prod(shape), 5):
            place = np.unravel_index(index, shape)
            wanted = rule(subject.task, float(before[name][place]), [step[name][place] for step in steps])
            change = model.parameters[name][place] - before[name][place]
            assert change == pytest.approx(wanted - before[name][place], rel=1e-9, abs=1e-18)


def test_the_loss_of_uniform_logits_is_the_logarithm_of_the_number_of_classes(subject):
    """A built model is all zeros before its parameters are set, so that its logits are equal."""
    model = subject.reference.build(subject.task)
    x, y = subject.batches(1)
    assert subject.reference.train(model, x, y) == pytest.approx(math.log(subject.task.classes), rel=1e-12)


def test_the_loss_of_huge_logits_is_finite(subject):
    """exp of a logit of 1e4 would overflow."""
    model = subject.model()
    last = list(subject.task.parameters)[-1]
    model.parameters[last] = np.linspace(-1e4, 1e4, subject.task.classes)
    x, _ = subject.batches(1)
    y = np.zeros(len(x), np.int32)
    assert subject.reference.train(model, x, y) == pytest.approx(2e4, rel=1e-2)


def test_the_mean_of_two_steps_losses_is_the_loss_of_their_pass(subject):
    x, y = subject.batches(2)
    size = subject.task.batch_size
    model = subject.model()
    steps = [subject.reference.train(model, x[i : i + size], y[i : i + size]) for i in (0, size)]
    assert steps[0] != steps[1]
    assert subject.reference.train(subject.model(), x, y) == pytest.approx(np.mean(steps), rel=1e-14)


def test_the_incomplete_last_batch_is_left_out(subject):
    x, y = subject.batches(3)
    whole, longer = subject.model(), subject.model()
    end = 2 * subject.task.batch_size
    subject.reference.train(whole, x[:end], y[:end])
    subject.reference.train(longer, x[:-1], y[:-1])
    for name, value in subject.reference.get_parameters(whole).items():
        np.testing.assert_array_equal(subject.reference.get_parameters(longer)[name], value)


def test_training_lowers_the_loss(subject):
    """A few passes over the same images in every network's own rule and rate."""
    model = subject.model()
    x, y = subject.batches(4)
    losses = [subject.reference.train(model, x, y) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def test_rows_are_predicted_independently(subject):
    """Predicting images together or one at a time gives the same logits, in the shape of the contract."""
    model = subject.model()
    x, _ = subject.batches(2)
    logits = subject.reference.predict(model, x)
    assert logits.shape == (len(x), subject.task.classes)
    alone = np.concatenate([subject.reference.predict(model, x[i : i + 1]) for i in range(len(x))])
    np.testing.assert_allclose(logits, alone, rtol=1e-12, atol=1e-14)
    assert np.ptp(logits, axis=0).min() > 1e-4, "images make no difference to the logits"


def test_an_empty_image_without_biases_has_zero_logits(subject):
    model = subject.reference.build(subject.task)
    subject.reference.set_parameters(model, inputs.initial_parameters(subject.task, 0))
    logits = subject.reference.predict(model, np.zeros((3, *subject.task.input_shape), np.float32))
    np.testing.assert_array_equal(logits, np.zeros((3, subject.task.classes)))


def test_parameters_come_back_as_they_were_set_and_are_not_changed_by_training(subject):
    """The parity gate keeps what it was given while training goes on."""
    initial = inputs.initial_parameters(subject.task, 5)
    copies = {name: value.copy() for name, value in initial.items()}
    model = subject.reference.build(subject.task)
    subject.reference.set_parameters(model, initial)
    handed_out = subject.reference.get_parameters(model)
    assert list(handed_out) == list(subject.task.parameters)
    x, y = subject.batches(2)
    subject.reference.train(model, x, y)
    for name, value in copies.items():
        np.testing.assert_array_equal(handed_out[name], value)
        np.testing.assert_array_equal(initial[name], value)
        assert not np.array_equal(subject.reference.get_parameters(model)[name], value), name


def test_training_leaves_the_images_as_they_were(subject):
    x, y = subject.batches(2)
    before = x.copy(), y.copy()
    subject.reference.train(subject.model(), x, y)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_the_mlp_is_two_hidden_layers_of_relu_in_plain_loops():
    subject = Subject("mlp")
    model = subject.model()
    x, _ = subject.batches(1)
    values = [float(value) for value in x[0]]
    for number in (1, 2, 3):
        kernel, bias = model.parameters[f"dense{number}_kernel"], model.parameters[f"dense{number}_bias"]
        values = [sum(v * kernel[i, j] for i, v in enumerate(values)) + bias[j] for j in range(len(bias))]
        if number < 3:
            values = [max(value, 0.0) for value in values]
    np.testing.assert_allclose(subject.reference.predict(model, x)[0], values, rtol=1e-10)


def test_lenet_is_scipys_correlations_and_means_of_squares():
    """Rows, columns and channels are told apart: none of them may be exchanged for another."""
    subject = Subject("lenet")
    model = subject.model()
    parameters = model.parameters
    x, _ = subject.batches(1)

    def layer(images, kernel, bias, mode):
        maps = [
            sum(
                scipy.signal.correlate2d(images[..., channel], kernel[..., channel, output], mode)
                for channel in range(images.shape[-1])
            )
            + bias[output]
            for output in range(len(bias))
        ]
        maps = [np.tanh(one) for one in maps]
        pooled = [(one[::2, ::2] + one[1::2, ::2] + one[::2, 1::2] + one[1::2, 1::2]) / 4 for one in maps]
        return np.stack(pooled, axis=-1)

    image = x[0].astype(np.float64)
    image = layer(image, parameters["convolution1_kernel"], parameters["convolution1_bias"], "same")
    assert image.shape == (14, 14, 6)
    image = layer(image, parameters["convolution2_kernel"], parameters["convolution2_bias"], "valid")
    assert image.shape == (5, 5, 16)
    dense = np.array([image[r, c, f] for r in range(5) for c in range(5) for f in range(16)])
    for number in (1, 2, 3):
        dense = dense @ parameters[f"dense{number}_kernel"] + parameters[f"dense{number}_bias"]
        dense = np.tanh(dense) if number < 3 else dense
    np.testing.assert_allclose(subject.reference.predict(model, x)[0], dense, rtol=1e-10)
