"""The gate with real runs on NumPy: the reference under another name."""

import pathlib
import shutil

import numpy as np
import pytest

import tfmxbench
from tfmxbench.analysis import parity
from tfmxbench.measure import gate
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments, runner
from tfmxbench.worker import entry, prepared

pytestmark = pytest.mark.xdist_group("gate")

MOMENTUM = parity.TOLERANCES["momentum"]


@pytest.fixture(scope="module")
def copied_network(tmp_path_factory) -> pathlib.Path:
    """A network's folder in a copy of the package, from which trials are run."""
    copy = tmp_path_factory.mktemp("parity") / "tfmxbench"
    source = pathlib.Path(tfmxbench.__file__).parent
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "__file__", str(copy / "worker" / "entry.py"))
        yield copy / "networks" / "mlp"


@pytest.fixture(scope="module")
def numpy_gate(tmp_path_factory) -> gate.Gate:
    """A gate for NumPy only, on as many images as the steps need."""
    random = np.random.RandomState(0)
    prototypes = random.randint(0, 200, (10, 28, 28))
    arrays = {}
    for part, count in (("train", 6500), ("test", 300)):
        labels = random.randint(0, 10, count)
        images = prototypes[labels] + random.randint(0, 56, (count, 28, 28))
        if part == "train":
            # Some labels are wrong: a deviation relative to a loss near zero would mean nothing.
            labels[::3] = random.randint(0, 10, len(labels[::3]))
        arrays |= {f"{part}_images": images.astype(np.uint8), f"{part}_labels": labels.astype(np.uint8)}
    folder = tmp_path_factory.mktemp("numpy_gate")
    path = prepared.write_prepared(arrays, folder, "small")
    by_key = {("numpy", "cpu"): environments.find("numpy", "cpu")}
    return gate.Gate(by_key, "small", path.stem, path, threads=1, seed=0, epochs=1, cache=folder / "parity")


def under_another_name(network: pathlib.Path, name: str, *changes: tuple[str, str]):
    """The reference, copied to be an implementation."""
    source = (network / "reference.py").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    path = network / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    return catalogue.describe(path)


PREDICTS = ("    return logits\n\n\ndef set", "    return logits.astype(np.float32)\n\n\ndef set")


def test_the_reference_under_another_name_is_refused_for_its_float64(copied_network, numpy_gate):
    result = numpy_gate.compare(under_another_name(copied_network, "twin"), "cpu")
    assert not result.passed
    assert result.reason == "the logits are float64; they should be float32"
    assert result.worst == 0


def test_the_reference_with_float32_logits_is_refused_for_being_too_close(copied_network, numpy_gate):
    result = numpy_gate.compare(under_another_name(copied_network, "disguised", PREDICTS), "cpu")
    assert not result.passed
    assert result.reason.startswith("the losses agree with the float64 reference to 0e+00")


def test_the_reference_computed_in_float32_passes(copied_network, numpy_gate):
    """This shows that the two above are refused for their precision and for nothing else."""
    single = under_another_name(
        copied_network,
        "single",
        ("np.float64", "np.float32"),
        ("np.zeros(shape)", "np.zeros(shape, np.float32)"),
        ("task.momentum *", "np.float32(task.momentum) *"),
        ("task.learning_rate *", "np.float32(task.learning_rate) *"),
    )
    result = numpy_gate.compare(single, "cpu")
    assert result.passed, result.reason
    assert parity.TOO_CLOSE < result.worst < MOMENTUM.losses
    assert result.accuracy > 0.9


def test_a_gates_numbers_from_a_process_are_cached(copied_network, numpy_gate, monkeypatch):
    implementation = under_another_name(copied_network, "kept", PREDICTS)
    first = numpy_gate.compare(implementation, "cpu")
    monkeypatch.setattr(runner, "run", lambda trial, folder: pytest.fail("a process was started"))
    assert numpy_gate.compare(implementation, "cpu") == first
    assert {path.suffix for path in numpy_gate.cache.iterdir()} == {".json", ".npz"}
