"""The memory of a trial over time, as its parent sees it."""

import dataclasses
import itertools
import json
import sys

import pytest

from tfmxbench.processes import bounded, runner
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import COMPLETED, FAILED, record_from_json, to_json
from tfmxbench.worker import memory

pytestmark = pytest.mark.xdist_group("machine")

needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of a process")


class Clock:
    """A clock that is moved by hand, and a process that grows with it."""

    def __init__(self, monkeypatch) -> None:
        self.now = 1000.0
        self.gone = False
        monkeypatch.setattr(bounded.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(memory, "resident", self.resident)

    def resident(self, process: int) -> int:
        assert process == 77
        return 0 if self.gone else round((self.now - 1000) * 1e6)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize("seconds", [0.05, 1, 19.9, 20, 20.3, 100, 600, 3601, 50_000])
def test_a_trial_of_any_length_has_few_points_that_span_it(clock, seconds):
    curve = bounded.MemoryCurve(77)
    samples = 0
    while clock.now + curve.interval <= 1000 + seconds:
        clock.now += curve.interval
        curve.sample()
        samples += 1
        assert len(curve.points) <= bounded.CURVE_POINTS
    if samples == 0:
        assert curve.points == []
        return
    times = [time for time, _ in curve.points]
    assert times[0] == pytest.approx(0.1)
    assert times[-1] == pytest.approx(clock.now - 1000, abs=1e-3)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(gap > 0 for gap in gaps)
    assert [held for _, held in curve.points] == pytest.approx([1e6 * time for time in times], abs=1000)
    # Once thinned, it is still even, and not thinner than it has to be.
    assert max(gaps, default=0) <= 1.01 * min(gaps, default=0)
    assert len(times) > min(samples, bounded.CURVE_POINTS / 2) - 1


def test_a_process_that_is_gone_leaves_no_points(clock):
    curve = bounded.MemoryCurve(77)
    clock.now += 0.1
    curve.sample()
    clock.gone = True
    clock.now += 0.1
    curve.sample()
    assert len(curve.points) == 1


@needs_proc
def test_memory_of_another_process_is_told_apart_from_ones_own():
    assert memory.resident() > 0
    assert memory.resident("self") > 0
    # A number that no process can have.
    assert memory.resident(2**31 - 1) == 0


@needs_proc
def test_a_real_trial_leaves_a_curve_that_agrees_with_its_own_account(make_trial, tmp_path):
    """The parent samples what the process says of itself after each phase, and at its peak."""
    record = runner.run(make_trial(epochs=60, passes=0), tmp_path)
    assert record.status == COMPLETED, record.reason
    times = [time for time, _ in record.memory_curve]
    held = [value for _, value in record.memory_curve]
    memory = record.measurement.memory
    assert len(times) >= 4
    assert times == sorted(set(times))
    assert 0 < times[0] < times[-1] <= record.seconds
    # Linux counts the pages of a process in batches for each thread, so that both are a little off.
    assert max(held) < 1.05 * memory.peak
    assert max(held) > 0.95 * memory.imported
    values = json.loads(json.dumps(to_json(record), allow_nan=False))
    check_against("record", values)
    assert record_from_json(values).memory_curve == record.memory_curve


# 80 MB more, after a while.
GROWS = (
    "import os, signal, time\n"
    "time.sleep(0.4)\n"
    "held = bytearray(os.urandom(1)) * 80_000_000\n"
    "time.sleep(0.6)\n"
)


@needs_proc
@pytest.mark.parametrize(
    ("ending", "limit", "reason"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", 60.0, "SIGKILL", id="killed"),
        pytest.param("os._exit(3)", 60.0, "exited with code 3", id="exits"),
        pytest.param("time.sleep(600)", 2.0, "did not end within its limit", id="hangs"),
    ],
)
def test_a_trial_that_fails_leaves_its_curve_too(make_trial, tmp_path, monkeypatch, ending, limit, reason):
    """That it grew, before it was killed, is what a person wants to see."""
    monkeypatch.setattr(runner, "command", lambda *_: [sys.executable, "-I", "-S", "-c", GROWS + ending])
    record = runner.run(make_trial(time_limit=limit), tmp_path)
    assert record.status == FAILED
    assert reason in record.reason
    held = [value for _, value in record.memory_curve]
    assert len(held) >= 5
    assert 79e6 < max(held) - min(held) < 90e6
    check_against("record", json.loads(json.dumps(to_json(record), allow_nan=False)))


def test_a_trial_that_was_never_started_has_no_curve(make_trial, tmp_path):
    record = runner.run(dataclasses.replace(make_trial(), interpreter=str(tmp_path / "none")), tmp_path)
    assert (record.status, record.memory_curve) == (FAILED, [])
