"""The digits that are drawn where MNIST cannot be had."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tfmxbench import data
from tfmxbench.data import synthetic
from tfmxbench.networks import mlp
from tfmxbench.networks.mlp import reference
from tfmxbench.worker import inputs

pytestmark = pytest.mark.usefixtures("no_data_named")

SEED_0_SHA256 = "6f65c2e3e09200b4472f0573241f0b04d3a5999dd92dee04c8c66063ea954608"


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> data.Dataset:
    return data.load(None, tmp_path_factory.mktemp("drawn"), choice="synthetic")


def test_drawn_digits_are_the_same_everywhere(drawn: data.Dataset) -> None:
    assert drawn.sha256 == SEED_0_SHA256, "raise synthetic.VERSION if the pixels were meant to change"


def test_drawn_digits_have_the_shape_of_mnist(drawn: data.Dataset) -> None:
    for role, file in data.FILES.items():
        assert getattr(drawn, role).shape == file.shape
        assert getattr(drawn, role).dtype == np.uint8
    counts = np.bincount(drawn.train_labels, minlength=10)
    assert len(counts) == 10
    assert counts.min() > 5700
    assert counts.max() < 6300
    assert drawn.train_images.max() == 255
    # No image is empty, and the paper is blank: MNIST's mean is 33, and 19% of it is ink.
    assert drawn.train_images.max(axis=(1, 2)).min() > 100
    assert 15 < drawn.train_images.mean() < 40
    assert 0.1 < np.count_nonzero(drawn.test_images) / drawn.test_images.size < 0.25


def test_no_two_drawn_digits_are_equal(drawn: data.Dataset) -> None:
    seen = {image.tobytes() for image in drawn.train_images}
    assert len(seen) == len(drawn.train_images)
    assert not seen & {image.tobytes() for image in drawn.test_images}


def test_seed_decides() -> None:
    images, labels = synthetic.generate(3, 600)
    again, labels_again = synthetic.generate(3, 600)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    others, other_labels = synthetic.generate(4, 600)
    assert (images != others).any(axis=(1, 2)).all()
    assert (labels != other_labels).any()


def test_seed_out_of_range_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=r"[Ss]eed"):
        data.load(None, tmp_path, seed=-1, choice="synthetic")


def test_drawn_digits_are_kept_and_checked(few_drawn: list[int], tmp_path: pathlib.Path) -> None:
    first = data.load(None, tmp_path, choice="synthetic")
    assert data.load(None, tmp_path, choice="synthetic").sha256 == first.sha256
    assert len(few_drawn) == 1
    second = data.load(None, tmp_path, seed=1, choice="synthetic")
    assert second.sha256 != first.sha256
    assert len(few_drawn) == 2
    assert "seed 1" in second.source
    (path,) = (tmp_path / "synthetic-digits").glob("*seed0*.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"?" + whole[1001:])
    assert data.load(None, tmp_path, choice="synthetic").sha256 == first.sha256
    assert len(few_drawn) == 3
    assert path.read_bytes() == whole


def test_kept_digits_go_by_the_generator_version(
    few_drawn: list[int], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.load(None, tmp_path, choice="synthetic")
    monkeypatch.setattr(synthetic, "VERSION", synthetic.VERSION + 1)
    data.load(None, tmp_path, choice="synthetic")
    assert len(few_drawn) == 2


def linear_accuracy(dataset: data.Dataset) -> float:
    """Test accuracy of a softmax regression after two epochs, by the same rule as the networks."""
    images = [dataset.train_images, dataset.test_images]
    train, test = (image.reshape(-1, 784).astype(np.float32) / 255 for image in images)
    weights = np.zeros((784, 10), np.float32)
    bias, velocity, bias_velocity = np.zeros(10, np.float32), np.zeros_like(weights), np.zeros(10, np.float32)
    targets = np.eye(10, dtype=np.float32)[dataset.train_labels]
    for start in [*range(0, 60000 - 127, 128)] * 2:
        x, target = train[start : start + 128], targets[start : start + 128]
        logits = x @ weights + bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        gradient = (exponentials / exponentials.sum(axis=1, keepdims=True) - target) / 128
        velocity = 0.9 * velocity - 0.02 * (x.T @ gradient)
        bias_velocity = 0.9 * bias_velocity - 0.02 * gradient.sum(axis=0)
        weights, bias = weights + velocity, bias + bias_velocity
    return float(((test @ weights + bias).argmax(axis=1) == dataset.test_labels).mean())


def test_drawn_digits_leave_something_to_learn(drawn: data.Dataset) -> None:
    linear = linear_accuracy(drawn)
    assert 0.85 < linear < 0.95
    model = reference.build(mlp.TASK)
    reference.set_parameters(model, inputs.initial_parameters(mlp.TASK, 0))
    images = drawn.train_images.reshape(-1, 784).astype(np.float32) / 255
    reference.train(model, images, drawn.train_labels.astype(np.int32))
    logits = reference.predict(model, drawn.test_images.reshape(-1, 784).astype(np.float32) / 255)
    accuracy = float((logits.argmax(axis=1) == drawn.test_labels).mean())
    assert accuracy > 0.93
    assert accuracy > linear + 0.02
