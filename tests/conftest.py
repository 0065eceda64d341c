"""Fixtures that several test modules share. They need no framework: the references use NumPy."""

import pathlib
import signal
import sys

import numpy as np
import pytest
from command_line import surroundings  # noqa: F401
from fabricated import fabricated  # noqa: F401
from measurements import make_measurement  # noqa: F401
from misbehaving import misbehave, package_copy  # noqa: F401
from planned import make_passing  # noqa: F401
from sites import browser, measured, results, site  # noqa: F401
from small_files import few_drawn, no_data_named, small  # noqa: F401
from staged import stage  # noqa: F401

from tfmxbench import frameworks
from tfmxbench.commands import cli
from tfmxbench.measure import gate
from tfmxbench.measure.campaign import Campaign
from tfmxbench.networks import catalogue
from tfmxbench.processes import hashes, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.store import Results
from tfmxbench.records.trial import COMPLETED, Measurement, Memory, Pass, Record, Span, Trial
from tfmxbench.worker import prepared


def pytest_configure() -> None:
    """Let signals end the programs that tests start, also if the tests run in the background and ignore them.

    A program inherits the signals that its parent ignores, but not those that its parent handles.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda number, frame: None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one of several test processes, where they share what the file prepares.

    Files that share something costly, or that watch the processes of the machine, name a group of files.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def small_arrays() -> dict[str, np.ndarray]:
    """1500 training and 200 test images in ten classes that a network learns easily."""
    random = np.random.RandomState(0)
    prototypes = random.randint(0, 200, (10, 28, 28))
    arrays = {}
    for part, count in (("train", 1500), ("test", 200)):
        labels = random.randint(0, 10, count)
        arrays[f"{part}_images"] = (prototypes[labels] + random.randint(0, 56, (count, 28, 28))).astype(
            np.uint8
        )
        arrays[f"{part}_labels"] = labels.astype(np.uint8)
    return arrays


@pytest.fixture(scope="session")
def small_data(tmp_path_factory, small_arrays) -> pathlib.Path:
    """The small arrays as a prepared data set."""
    return prepared.write_prepared(small_arrays, tmp_path_factory.mktemp("prepared"), "small")


@pytest.fixture(scope="session")
def make_trial(small_data):
    """Make a short trial of the multilayer perceptron's reference, with changes."""

    def make(**changes) -> Trial:
        values = {
            "identifier": "0000-mlp-reference-cpu",
            "purpose": "measure",
            "network": "mlp",
            "style": "reference",
            "framework": "numpy",
            "source_sha256": hashes.source_sha256(catalogue.reference("mlp").path),
            "device": "cpu",
            "threads": 1,
            "seed": 0,
            "round": 0,
            "epochs": 1,
            "passes": 2,
            "pass_batches": 3,
            "latency_samples": 4,
            "data_name": "small",
            "data": str(small_data),
            "interpreter": sys.executable,
            "time_limit": 120.0,
        }
        return Trial(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def make_record(make_trial):
    """Make the record of a trial that completed, as if it had been run."""

    def make(trial: Trial | None = None, wall: float = 0.5, **changes) -> Record:
        span = Span(wall=wall, cpu=wall)
        values = {
            "trial": trial or make_trial(),
            "status": COMPLETED,
            "reason": "",
            "output": "",
            "started": "2026-11-22T12:00:00.000+00:00",
            "seconds": 10 * wall,
            "hashes": {"data": "a", "initial_parameters": "b", "batch_order": "c", "source": "d"},
            "versions": {"python": "3.11.7", "numpy": "2.4.6"},
            "device_name": "CPU",
            "measurement": Measurement(
                interpreter=span,
                imported=span,
                built=span,
                epochs=[Pass(wall, wall, 11, 1408, 1.5)],
                passes=[Pass(wall, wall, 3, 384, 0.5), Pass(wall, wall, 3, 384, 0.4)],
                accuracies=[0.9],
                inference=[span, span],
                latencies=[0.001, 0.0011, 0.0012, 0.0013],
                memory=Memory(10_000_000, 20_000_000, 30_000_000, 40_000_000, 50_000_000, None),
                training_images=1500,
                test_images=200,
            ),
        }
        return Record(**{**values, **changes})

    return make


@pytest.fixture
def make_campaign(small_data, tmp_path):
    """Make a campaign of all implementations of the multilayer perceptron, as if all could run."""

    def make(implementations=None, problems=None, **changes) -> Campaign:
        chosen = catalogue.implementations("mlp") if implementations is None else implementations
        settings = {
            "profile": "quick",
            "networks": sorted({item.network for item in chosen}),
            "styles": sorted({item.style for item in chosen}),
            "devices": ["cpu"],
            "threads": 1,
            "seed": 0,
            "rounds": 3,
            "budget": None,
        }
        settings |= {name: changes.pop(name) for name in list(changes) if name in settings}
        problems = problems or {}
        values = {
            "settings": Settings(**settings),
            "implementations": chosen,
            "environments": {
                (framework, device): Environment(
                    framework, device, sys.executable, problems.get(framework, ""), {"python": "3.11.7"}
                )
                for framework in ("mxnet", "numpy", "tensorflow")
                for device in settings["devices"]
            },
            "data": DataDescription("small", "made by a test", "0" * 64),
            "data_path": small_data,
            "machine": {"system": "Linux", "processor": "a processor", "processors": "2", "gpu": "none"},
            "parity": [
                Parity(item.network, item.style, item.framework, device, True, "", [2.3], [1e-7])
                for item in chosen
                for device in settings["devices"]
            ],
            "root": tmp_path / "campaigns",
        }
        return Campaign(**{**values, **changes})

    return make


@pytest.fixture
def call(capsys):
    """Call the command line in this process: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main(arguments)
        except SystemExit as exit:
            code = exit.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def make_results(make_trial, make_record):
    """Make a campaign's results from the times of each style's trials, with changes.

    Two campaigns never have the same key and dates. ``name`` is therefore in the campaign's key and in the
    dates of its trials.
    """

    def make(times: dict[str, list[float]], name: str = "first", **changes) -> Results:
        trials = {"threads": 2} | changes.pop("trial", {})
        records = [
            make_record(
                make_trial(
                    identifier=f"{number:04d}-mlp-{style}-cpu",
                    style=style,
                    framework="mxnet",
                    round=number,
                    **trials,
                ),
                wall=wall,
                started=f"{name} {number}",
                **changes.get("record", {}),
            )
            for style, walls in times.items()
            for number, wall in enumerate(walls)
        ]
        values = {
            "campaign": name,
            "created": "2026-11-22T12:00:00.000+00:00",
            "package": "0.1.0",
            "data": DataDescription("small", "made by a test", "0" * 64),
            "machine": {"system": "Linux", "processor": "a processor", "processors": "2", "gpu": "none"},
            "settings": Settings("quick", ["mlp"], list(times), ["cpu"], 2, 0, 3, None),
            "parity": [],
            "environments": [],
            "records": records,
        }
        changes.pop("record", None)
        return Results(**{**values, **changes})

    return make


@pytest.fixture
def make_gate(tmp_path):
    """Make a gate without checking its environments."""

    def make(**changes) -> gate.Gate:
        names = [name for name in frameworks.names() if name != "numpy"]
        environments = {
            (name, device): Environment(name, device, sys.executable, "", {"python": "3.11.7"})
            for name in names
            for device in ("cpu", "gpu")
        }
        environments["numpy", "cpu"] = Environment("numpy", "cpu", sys.executable, "", {"numpy": "2.4.6"})
        values = {
            "environments": environments,
            "data_name": "small",
            "data_sha256": "0" * 64,
            "data_path": tmp_path / "none.npz",
            "threads": 1,
            "seed": 0,
            "epochs": 1,
            "cache": tmp_path / "cache" / "parity",
        }
        return gate.Gate(**{**values, **changes})

    return make


@pytest.fixture(scope="module")
def reference_run(make_trial, tmp_path_factory):
    """A record of the reference, and the result file that its worker left."""
    folder = tmp_path_factory.mktemp("reference")
    trial = make_trial(epochs=2)
    record = runner.run(trial, folder)
    return record, folder / f"{trial.identifier}.result.json"
