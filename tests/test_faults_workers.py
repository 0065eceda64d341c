"""Workers that misbehave: each leaves a record with its true reason."""

from __future__ import annotations

import datetime
import os
import resource
import signal
import subprocess
import sys
import time

import psutil
import pytest
from misbehaving import assert_failed, gone

from tfmxbench.processes import bounded, ending, runner
from tfmxbench.records.trial import COMPLETED

pytestmark = pytest.mark.xdist_group("machine")

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux shows other processes' environments"
)


@pytest.fixture
def shell(make_trial, tmp_path, monkeypatch):
    """Run a trial whose worker is a shell command."""

    def run(line: str) -> runner.Record:
        monkeypatch.setattr(runner, "command", lambda *_: ["/bin/sh", "-c", line])
        return runner.run(make_trial(), tmp_path)

    return run


# How a worker ends.


@pytest.mark.parametrize(
    "codes", [(1, 73, 74, 75, 127, 255), pytest.param(range(1, 256), marks=pytest.mark.sweep)], ids=str
)
def test_an_exit_code_is_reported(shell, codes):
    """All codes are reported alike, except 74, which has its own meaning."""
    for code in codes:
        reason = "could not write its result" if code == 74 else f"exited with code {code}"
        assert_failed(shell(f"exit {code}"), reason)


# These signals do not end a process.
HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
STOPPING = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
ENDING = sorted(signal.valid_signals() - HARMLESS - STOPPING)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, 40], id="some"),
        pytest.param(ENDING, id="all", marks=pytest.mark.sweep),
    ],
)
def test_a_signal_that_ends_a_process_is_reported(shell, numbers):
    """The reason has the signal's name, if it has one."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for number in numbers:
        record = shell(f"kill -{int(number)} $$; sleep 60")
        name = number.name if isinstance(number, signal.Signals) else str(number)
        assert_failed(record, f"killed by signal {name}")


@pytest.mark.parametrize(
    ("training", "words"),
    [
        pytest.param("import ctypes; ctypes.string_at(0)", ["killed by signal SIGSEGV"], id="null pointer"),
        pytest.param("import ctypes; ctypes.CDLL(None).abort()", ["signal SIGABRT"], id="native abort"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGILL)", ["killed by signal SIGILL"], id="processor too old"
        ),
    ],
)
def test_a_crash_in_native_code_is_a_record_with_the_signal(misbehave, training, words):
    assert_failed(misbehave(training), *words)


@pytest.mark.parametrize("training", ["ctypes.PyDLL(None).sleep(600)", "ctypes.CDLL(None).pause()"])
def test_native_code_that_hangs_is_ended_at_the_limit(misbehave, tmp_path, training):
    """One of them holds Python's lock, so no Python code runs any more; the other does not."""
    record = misbehave(
        f"import ctypes\n(HERE / 'pid').write_text(str(os.getpid()))\n{training}", time_limit=6.0
    )
    assert_failed(record, "did not end within its limit of 6 s")
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_process_that_is_stopped_is_ended_at_the_limit(misbehave, tmp_path):
    record = misbehave(
        "(HERE / 'pid').write_text(str(os.getpid()))\nos.kill(os.getpid(), signal.SIGSTOP)", time_limit=6.0
    )
    assert_failed(record, "did not end within its limit of 6 s")
    assert gone(int((tmp_path / "pid").read_text()))


# Children.

SLEEPS = "[sys.executable, '-c', 'import time; time.sleep(600)']"
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    (HERE / 'pid.part').write_text(str(os.getpid()))
    os.rename(HERE / 'pid.part', HERE / 'pid')
    time.sleep(600)
while not (HERE / 'pid').exists():
    time.sleep(0.01)
"""
BREEDER = r"""
code = (
    "import pathlib, subprocess, sys, time\n"
    "while True:\n"
    "    pathlib.Path(sys.argv[1]).touch()\n"
    "    subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    "    time.sleep(0.2)\n"
)
child = subprocess.Popen([sys.executable, '-c', code, str(HERE / 'runs')], start_new_session=True)
(HERE / 'pid').write_text(str(child.pid))
while not (HERE / 'runs').exists():
    time.sleep(0.01)
"""


def left_by_trials() -> list[int]:
    """The processes with a mark of this process."""
    processes = []
    for number in psutil.pids():
        try:
            mark = psutil.Process(number).environ().get(ending.MARK, "")
        except (psutil.Error, OSError):
            continue
        if mark.startswith(f"{os.getpid():010d}-"):
            processes.append(number)
    return processes


@linux
@pytest.mark.parametrize("ending", ["os._exit(3)", "time.sleep(600)"])
@pytest.mark.parametrize(
    "start",
    [
        pytest.param(f"child = subprocess.Popen({SLEEPS})", id="in its group"),
        pytest.param(f"child = subprocess.Popen({SLEEPS}, process_group=0)", id="in a group of its own"),
        pytest.param(f"child = subprocess.Popen({SLEEPS}, start_new_session=True)", id="in its own session"),
        pytest.param(DAEMON, id="daemon"),
        pytest.param(BREEDER, id="starts more of them"),
    ],
)
def test_a_child_that_a_trial_leaves_behind_is_ended_wherever_it_went(misbehave, tmp_path, start, ending):
    write_pid = "" if "'pid'" in start else "(HERE / 'pid').write_text(str(child.pid))\n"
    record = misbehave(f"{start.strip()}\n{write_pid}{ending}", time_limit=6.0)
    assert_failed(record)
    assert gone(int((tmp_path / "pid").read_text()))
    assert left_by_trials() == []


@linux
def test_a_child_without_its_environment_is_ended_with_a_trial_that_hangs(misbehave, tmp_path):
    record = misbehave(
        f"child = subprocess.Popen({SLEEPS}, start_new_session=True, env={{}})\n"
        "(HERE / 'pid').write_text(str(child.pid))\ntime.sleep(600)",
        time_limit=6.0,
    )
    assert_failed(record, "did not end within its limit")
    assert gone(int((tmp_path / "pid").read_text()))


@linux
def test_a_child_of_a_trial_that_completed_is_ended_too(misbehave, tmp_path):
    record = misbehave(
        f"child = subprocess.Popen({SLEEPS}, start_new_session=True)\n"
        "(HERE / 'pid').write_text(str(child.pid))\nchild.returncode = 0\nreturn 1.0"
    )
    assert (record.status, record.reason) == (COMPLETED, "")
    assert gone(int((tmp_path / "pid").read_text()))


def sleeping(mark: str) -> subprocess.Popen:
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    environ = {**os.environ, ending.MARK: mark}
    process = subprocess.Popen(command, env=environ, start_new_session=True, stdout=subprocess.PIPE)
    # It shows its mark only when it runs.
    process.stdout.readline()
    return process


@linux
def test_only_orphans_of_killed_runs_are_ended():
    dead = subprocess.Popen(["true"])
    dead.wait()
    orphans = [sleeping(f"{dead.pid:010d}-0123456789abcdef-00000000")]
    # This process may have the id of a process that has ended.
    orphans.append(sleeping(f"{os.getpid():010d}-0123456789abcdef-00000000"))
    unrelated = [
        sleeping(ending.new_mark()),
        sleeping(f"{os.getppid():010d}-0123456789abcdef-00000000"),
        sleeping("something else"),
        sleeping(""),
    ]
    try:
        ending.end_orphans()
        assert all(gone(process.pid) for process in orphans)
        assert all(process.poll() is None for process in unrelated)
    finally:
        for process in [*orphans, *unrelated]:
            process.kill()
            process.wait()
            process.stdout.close()


@linux
def test_a_process_that_does_not_show_its_mark_yet_is_waited_for_and_ended():
    """A process that is starting when its parent is interrupted does this; this one takes long to start."""
    mark = ending.new_mark()
    program = (
        "import os, sys, time; print(flush=True); time.sleep(0.3); "
        "os.execve(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'], "
        f"{{{ending.MARK!r}: {mark!r}}})"
    )
    starting = subprocess.Popen([sys.executable, "-c", program], env={}, stdout=subprocess.PIPE)
    starting.stdout.readline()
    try:
        ending.end(None, mark)
        assert starting.poll() == -signal.SIGKILL
    finally:
        starting.kill()
        starting.wait()
        starting.stdout.close()


def test_marks_differ_and_have_the_same_length():
    """The length of the environment moves the stack, and may change the speed."""
    marks = {ending.new_mark() for _ in range(1000)}
    assert len(marks) == 1000
    assert len({len(mark) for mark in marks}) == 1


# What a worker leaves.


def test_a_half_written_result_of_a_killed_worker_is_removed(misbehave, tmp_path):
    record = misbehave("pathlib.Path(sys.argv[2] + '.part').write_text('{')\nos.kill(os.getpid(), 9)")
    assert_failed(record, "killed by signal SIGKILL")
    assert list(tmp_path.glob("*.part")) == []


def test_a_worker_that_cannot_write_its_result_says_so(misbehave, tmp_path):
    """This acts like a full disk: the worker cannot write another byte."""
    record = misbehave("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nreturn 1.0")
    assert_failed(record, "could not write its result")
    assert "File too large" in record.output
    assert list(tmp_path.glob("*.part")) == []


def test_output_that_is_not_text_is_kept_as_text(misbehave):
    record = misbehave(
        r"""
        os.write(1, bytes(range(256)) * 4)
        os.write(2, "caf\u00e9 \u4e2d \U0001f600 \x1b[31m".encode("utf-16"))
        os._exit(3)
        """
    )
    assert_failed(record, "exited with code 3")
    assert len(record.output) <= bounded.OUTPUT_LIMIT


def test_a_source_that_changes_itself_while_it_runs_is_not_measured(misbehave):
    record = misbehave(
        "path = pathlib.Path(__file__)\npath.write_text(path.read_text() + '# faster')\nreturn 1.0"
    )
    assert_failed(record, "source of mlp/bad", "changed after the trial was planned")


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')", "-float('inf')"])
def test_a_loss_that_is_not_finite_is_reported_with_its_epoch(misbehave, value):
    """The loss may also stop being finite in a later epoch."""
    record = misbehave(
        f"train.calls = getattr(train, 'calls', 0) + 1\nreturn 1.0 if train.calls < 3 else {value}", epochs=2
    )
    assert_failed(record, f"the mean loss of epoch 2 is {eval(value)}; it should be finite")


def test_a_trial_that_never_reaches_its_accuracy_completes_with_all_accuracies(misbehave):
    record = misbehave("return 1.0", purpose="goal", goal=1.0, epochs=3, passes=0, latency_samples=0)
    assert (record.status, record.reason) == (COMPLETED, "")
    assert len(record.measurement.accuracies) == 3
    assert max(record.measurement.accuracies) < 1.0


def test_more_threads_than_processors_are_refused_in_the_worker(make_trial, tmp_path):
    """A trial's file may come from a larger machine. With fewer processors it measures something else."""
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system does not bind processes to processors")
    record = runner.run(make_trial(threads=100_000), tmp_path)
    offered = len(os.sched_getaffinity(0))
    assert_failed(record, f"100000 threads were requested; this machine offers {offered} processors")


# The wall clock.


def test_a_clock_that_jumps_changes_no_duration(misbehave, monkeypatch):
    """The clocks of the worker and of its parent jump a day back or a day forward at every reading."""

    class Jumping(datetime.datetime):
        readings = 0

        @classmethod
        def now(cls, zone=None):
            cls.readings += 1
            return super().now(zone) + datetime.timedelta(days=(-1) ** cls.readings)

    true_time = time.time
    monkeypatch.setattr(datetime, "datetime", Jumping)
    monkeypatch.setattr(time, "time", lambda: true_time() + 86400 * (-1) ** int(true_time() * 1000))
    record = misbehave(
        """
        true_time = time.time
        time.time = lambda: true_time() + 86400 * (-1) ** int(true_time() * 1000)
        time.sleep(0.2)
        return 1.0
        """
    )
    assert record.status == COMPLETED
    assert Jumping.readings
    measurement = record.measurement
    spans = [
        measurement.interpreter,
        measurement.imported,
        measurement.built,
        *measurement.epochs,
        *measurement.passes,
        *measurement.inference,
    ]
    assert all(0 <= span.wall < 3600 for span in spans)
    assert all(span.wall >= 0.2 for span in measurement.epochs + measurement.passes)
    assert sum(span.wall for span in spans) < record.seconds < 3600
    assert all(0 <= moment < 3600 for moment, _ in record.memory_curve)
