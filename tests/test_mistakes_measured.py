"""Each mistake, made for real: what it changes, and what it leaves as it is."""

import contextlib
import dataclasses
import subprocess
import sys
import time

import psutil
import pytest

from tfmxbench import data, frameworks, mistakes
from tfmxbench.measure import gate, plan
from tfmxbench.mistakes import drift
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments, hashes, runner
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.trial import Record, Trial
from tfmxbench.worker import prepared

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("machine")]

SIDES = [
    ("mlp", side)
    for side in plan.mistaken_sides("thorough", "mlp")
    if side.mistakes and len(side.mistakes) == 1 and side.batch_size is None
]
# The first side of each mistake; the others are made the same way, and gone through in the sweeps.
FIRST_SIDES = {side.mistakes: side for _, side in reversed(SIDES)}.values()
# What these change is the computation, and with it the losses.
COMPUTE = {"default_initialisers", "own_shuffles", "optimiser_defaults", "pooling_stride"}


@pytest.fixture(scope="module")
def interpreters() -> dict[str, str]:
    found = {}
    for name in ("tensorflow", "mxnet", frameworks.TOGETHER):
        environment = environments.find(name, "cpu")
        if environment.problem:
            pytest.skip(f"{name}: {environment.problem}")
        found[name] = environment.interpreter
    return found


@pytest.fixture(scope="module")
def make(interpreters, small_data, make_trial):
    """Make the trial of a side, of two short passes."""

    def made(network: str, side: mistakes.Side, **changes) -> Trial:
        item = next(item for item in catalogue.implementations(network) if item.style == side.style)
        together = any(mistakes.load(name).needs_both_frameworks for name in side.mistakes)
        values = {
            "identifier": "-".join([network, side.style, *(side.mistakes or ["none"])]),
            "purpose": MISTAKE,
            "condition": MISTAKE,
            "network": network,
            "style": side.style,
            "framework": item.framework,
            "source_sha256": hashes.source_sha256(item.path),
            "epochs": 2,
            "epoch_batches": 4,
            "passes": 0,
            "latency_samples": 0,
            "mistakes": list(side.mistakes),
            "interpreter": interpreters[frameworks.TOGETHER if together else item.framework],
        }
        return make_trial(**{**values, **changes})

    return made


@pytest.fixture(scope="module")
def run(make, tmp_path_factory):
    """Run a side once; the record is kept for other tests."""
    kept: dict[tuple[str, mistakes.Side], Record] = {}

    def record(network: str, side: mistakes.Side) -> Record:
        if (network, side) not in kept:
            kept[network, side] = runner.run(make(network, side), tmp_path_factory.mktemp("trial"))
        found = kept[network, side]
        assert found.completed, f"{found.reason}\n{found.output}"
        return found

    return record


def losses(record: Record) -> list[float]:
    return [item.loss for item in record.measurement.epochs]


@pytest.mark.parametrize(
    ("network", "side"),
    [
        pytest.param(
            *(network, side),
            id="-".join((network, side.style, *side.mistakes)),
            marks=() if side in FIRST_SIDES else pytest.mark.sweep,
        )
        for network, side in SIDES
    ],
)
def test_a_mistake_changes_what_is_computed_or_leaves_every_loss_as_it_is(run, network, side):
    """Those that only distort the measuring train to the last digit as their control does."""
    control = losses(run(network, mistakes.Side(side.style)))
    found = losses(run(network, side))
    if side.mistakes[0] in COMPUTE:
        assert found != control
    else:
        assert found == pytest.approx(control, rel=1e-6)


def test_a_pooling_without_a_stride_trains_another_network(run):
    side = mistakes.Side("symbol", ("pooling_stride",))
    assert losses(run("lenet", side)) != losses(run("lenet", mistakes.Side("symbol")))


@pytest.mark.parametrize("style", [mistakes.FIRST, mistakes.SECOND])
def test_memory_below_a_large_parent_is_the_parents(run, style):
    control = run("mlp", mistakes.Side(style)).measurement.memory.peak
    found = run("mlp", mistakes.Side(style, ("inherited_memory",))).measurement.memory.peak
    assert control < 1.5e9 < 2e9 <= found


def test_in_one_process_the_second_framework_holds_the_first_ones_memory(run):
    control = run("mlp", mistakes.Side(mistakes.SECOND)).measurement.memory.peak
    found = run("mlp", mistakes.Side(mistakes.SECOND, ("one_process",))).measurement.memory.peak
    assert found > control + 100_000_000


def test_by_default_the_threads_are_not_the_trials(make):
    side = mistakes.Side(mistakes.SECOND, ("default_threads",))
    changed = runner.environment_variables(make("mlp", side), {})
    control = runner.environment_variables(make("mlp", mistakes.Side(mistakes.SECOND)), {})
    assert control["OMP_NUM_THREADS"] == "1"
    assert set(control) - set(changed) == {"OMP_NUM_THREADS", "MXNET_CPU_WORKER_NTHREADS"}


def test_a_neighbour_does_not_outlive_its_trial(make, tmp_path):
    """It is in the trial's process group, which is ended."""
    trial = make("mlp", mistakes.Side(mistakes.SECOND, ("drift",)))
    record = runner.run(trial, tmp_path)
    assert record.completed, record.reason
    patience = time.monotonic() + 30
    while neighbours(trial.interpreter) and time.monotonic() < patience:
        time.sleep(0.1)
    assert neighbours(trial.interpreter) == []


def neighbours(interpreter: str) -> list[list[str]]:
    """Command lines of the processes that keep a processor busy and that the interpreter runs."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = process.cmdline()
            if line[:1] == [interpreter] and line[-1:] == [drift.NEIGHBOUR]:
                found.append(line)
    return found


def test_a_neighbour_does_not_outlive_a_trial_that_is_killed():
    """Nobody is left to end its group, where the trial's parent was killed too."""
    program = (
        "import types, time\n"
        "from tfmxbench.mistakes import drift\n"
        "harness = types.SimpleNamespace(loading=types.SimpleNamespace())\n"
        "drift.switch_on(harness)\n"
        "print(harness.loading.neighbour.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as trial:
        neighbour = psutil.Process(int(trial.stdout.readline()))
        patience = time.monotonic() + 60
        # Once it loops, it has told the system.
        while neighbour.cpu_times().user < 0.2 and time.monotonic() < patience:
            time.sleep(0.05)
        trial.kill()
    while alive(neighbour) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not alive(neighbour)


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended and that nobody has asked for yet does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize("style", ["gluon", "keras_subclass"])
def test_all_at_once_can_be_made(run, style):
    (side,) = (
        side
        for side in plan.mistaken_sides("thorough", "mlp")
        if side.style == style and len(side.mistakes) > 1
    )
    assert run("mlp", dataclasses.replace(side, batch_size=None)).completed


def test_the_gate_catches_what_changes_the_computation_and_passes_what_distorts(interpreters, tmp_path):
    """Of one implementation in MXNet, whose processes start fast."""
    found = {(name, "cpu"): environments.find(name, "cpu") for name in ("mxnet", "numpy", "tensorflow")}
    dataset = data.load_from_environment()
    arrays = {
        name: values[: 7000 if name.startswith("train") else 500] for name, values in dataset.arrays.items()
    }
    path = prepared.write_prepared(arrays, tmp_path, dataset.name)
    judging = gate.Gate(found, dataset.name, "0" * 64, path, 1, 0, 0, tmp_path / "cache")
    implementation = next(item for item in catalogue.implementations("mlp") if item.style == mistakes.SECOND)
    told = {
        name: judging.compare(implementation, "cpu", mistakes=(name,))
        for name in ("unsynchronised", "loss_read_back", "default_initialisers", "optimiser_defaults")
    }
    assert {name: judged.passed for name, judged in told.items()} == {
        "unsynchronised": True,
        "loss_read_back": True,
        "default_initialisers": False,
        "optimiser_defaults": False,
    }
    assert told["default_initialisers"].reason.startswith("the logits before training differ")
    assert told["optimiser_defaults"].reason.startswith("the loss of step 2 differs")
    assert told["unsynchronised"].mistakes == ["unsynchronised"]
    # What the gate says of the implementation itself is another question, and is cached apart.
    assert judging.compare(implementation, "cpu").mistakes == []
