"""Runs that are interrupted, that run out of space, or that run at once lose nothing and leave nothing."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import random
import shutil
import signal
import time

import pytest
import staged
from staged import ROUNDS, STYLES, leftovers, marked, ran, records, workers

from tfmxbench.records import store
from tfmxbench.records.trial import COMPLETED

pytestmark = pytest.mark.xdist_group("machine")

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -9}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
TRIALS = {f"{number:04d}-mlp-{style}-cpu" for number in range(ROUNDS) for style in STYLES}

needs_mounts = pytest.mark.skipif(not staged.can_mount(), reason="this user may not mount anything")


def resumed(stage, folder: pathlib.Path) -> staged.Ended:
    """Run it again, to its end: finished trials are kept, the others are measured, nothing is left over."""
    kept, before = records(folder), ran(folder)
    ended = stage.run(folder)
    assert ended.code == 0, ended.err
    now = records(folder)
    assert {name: now[name] for name in kept} == kept, "a finished trial was measured again"
    finished = {name.removesuffix(".record.json") for name in kept}
    assert not finished & set(ran(folder)[len(before) :]), "a finished trial was run again"
    results = store.read_results(folder / "here" / "results.json")
    names = [record.trial.identifier for record in results.records]
    assert sorted(names) == sorted(TRIALS), "a trial was lost or counted twice"
    assert {record.status for record in results.records} == {COMPLETED}
    assert leftovers(folder) == []
    return ended


def all_gone(find, process: int) -> bool:
    deadline = time.monotonic() + staged.PATIENCE
    while find(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def interrupted_at(stage, folder: pathlib.Path, number: signal.Signals, at=None, after=None) -> str:
    """Interrupt a run at a stage or after a time, and run it again; return what was wrong."""
    process = stage.start(folder, at=at, signal=int(number))
    if after is not None:
        stage.signal(process, folder, number, after)
    ended = stage.wait(process, folder)
    try:
        assert ended.code in (0, EXIT_CODES[number]), ended.err
        assert "Traceback" not in ended.err, ended.err
        if ended.code > 0:
            assert "finished trials are kept" in ended.sentence
        if ended.code != -signal.SIGKILL:
            assert marked(process) == [], "a process was left"
        assert all_gone(workers, process), "a worker survived its parent"
        resumed(stage, folder)
        assert all_gone(marked, process), "a process was left permanently"
    except AssertionError as error:
        return f"{number.name} at {at or after}: {error}"
    return ""


def test_an_undisturbed_run_measures_everything_once(stage, tmp_path):
    """This shows that the tests below fail for the reason that they check."""
    ended = stage.run(tmp_path)
    assert ended.code == 0, ended.err
    assert sorted(ran(tmp_path)) == sorted(TRIALS)
    assert leftovers(tmp_path) == []
    assert ended.stages > 80
    assert ended.writes > 30
    again = resumed(stage, tmp_path)
    assert again.stages < ended.stages


@pytest.mark.parametrize("points_each", [3, pytest.param(17, marks=pytest.mark.sweep)])
def test_a_run_that_is_interrupted_at_any_stage_resumes_without_loss_or_repetition(
    stage, tmp_path, points_each
):
    """By Ctrl-C, by SIGTERM and by SIGKILL: no finished trial is lost or counted twice, no worker survives
    its parent, and no temporary file is left permanently.

    Each signal is sent at ``points_each`` stages, and after as many times, when the parent may be waiting
    for a worker.
    """
    started = time.monotonic()
    whole = stage.run(tmp_path / "whole")
    seconds = time.monotonic() - started
    draw = random.Random(0)
    points = []
    for number in SIGNALS:
        for place in range(points_each):
            # One point in each share of the run, at a different place for each signal.
            by_stage, by_time = ((place + draw.random()) / points_each for _ in range(2))
            points += [(number, 1 + int(whole.stages * by_stage), None), (number, None, seconds * by_time)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(interrupted_at, stage, tmp_path / str(place), *point)
            for place, point in enumerate(points)
        ]
        problems = [problem for item in waiting if (problem := item.result())]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_a_run_is_reported_in_one_sentence(stage, tmp_path, number):
    """The trials that were measured by then are shown and written."""
    process = stage.start(tmp_path)
    deadline = time.monotonic() + staged.PATIENCE
    while not records(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.005)
    stage.signal(process, tmp_path, number)
    ended = stage.wait(process, tmp_path)
    assert ended.code == EXIT_CODES[number], ended.err
    word = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
    assert ended.sentence == (f"tfmxbench: {word}; finished trials are kept, and the same command resumes")
    written = store.read_results(tmp_path / "here" / "results.json")
    assert {record.trial.identifier for record in written.records} <= TRIALS
    assert len(written.records) == len(records(tmp_path)) >= 1
    resumed(stage, tmp_path)


# A full disk.


@pytest.mark.parametrize("each", [6, pytest.param(1, marks=pytest.mark.sweep)])
def test_a_disk_that_is_full_from_any_write_on_is_reported_and_loses_nothing(stage, tmp_path, each):
    """The parent writes prepared data, the parity gate's cache, trials, records and results."""
    whole = stage.run(tmp_path / "whole")

    def fill(number: int) -> str:
        folder = tmp_path / str(number)
        ended = stage.run(folder, full=number)
        try:
            assert "Traceback" not in ended.err, ended.err
            assert leftovers(folder) == []
            if number < whole.writes:
                assert ended.code == 2, ended
                words = "No space left on device", "No usable temporary directory found"
                assert any(word in ended.sentence for word in words), ended
            # The last write only protects the results' file name from a power failure.
            if number % 5 == 1 or ended.code == 0:
                resumed(stage, folder)
        except AssertionError as error:
            return f"write {number}: {error}"
        return ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        numbers = {*range(1, whole.writes + 1, each), whole.writes}
        problems = [problem for problem in pool.map(fill, sorted(numbers)) if problem]
    assert not problems, "\n".join(problems)


@needs_mounts
@pytest.mark.parametrize("place", ["here", "cache"])
def test_a_disk_of_any_size_is_enough_or_is_reported(stage, tmp_path, place):
    """This is a real small file system, which the workers' results must fit into as well."""
    codes = set()
    for pages in (1, 4, 16, 48):
        folder = tmp_path / str(pages)
        (folder / place).mkdir(parents=True)
        ended = stage.run(folder, small={str(folder / place): pages * 4096})
        codes.add(ended.code)
        assert ended.code in (0, 2), ended
        assert "Traceback" not in ended.err, ended.err
        if ended.code == 2:
            assert "No space left on device" in ended.sentence
    assert codes == {0, 2}


# Places that cannot be written to.


@needs_mounts
def test_a_read_only_checkout_is_reported_in_a_sentence(stage, tmp_path):
    (tmp_path / "here").mkdir()
    ended = stage.run(tmp_path, read_only=[str(tmp_path / "here")])
    assert ended.code == 2, ended.err
    assert "Read-only file system" in ended.sentence
    assert "results.json" in ended.sentence
    assert ran(tmp_path) == []


@needs_mounts
def test_a_read_only_folder_of_campaigns_is_reported_in_a_sentence(stage, tmp_path):
    (tmp_path / "here" / "build").mkdir(parents=True)
    ended = stage.run(tmp_path, read_only=[str(tmp_path / "here" / "build")])
    assert ended.code == 2, ended.err
    assert ended.sentence == (
        "tfmxbench: build/campaigns: Read-only file system; finished trials are kept, and the same command "
        "resumes"
    )


@needs_mounts
def test_a_read_only_cache_is_reported_with_its_variable(stage, tmp_path):
    (tmp_path / "cache").mkdir()
    ended = stage.run(tmp_path, read_only=[str(tmp_path / "cache")])
    assert ended.code == 2, ended.err
    assert str(tmp_path / "cache") in ended.sentence
    assert "Read-only file system; TFMXBENCH_CACHE_DIR names another folder" in ended.sentence


@needs_mounts
def test_a_read_only_cache_that_has_everything_needed_is_enough(stage, tmp_path):
    assert stage.run(tmp_path).code == 0
    for path in (tmp_path / "here").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    ended = stage.run(tmp_path, read_only=[str(tmp_path / "cache")])
    assert ended.code == 0, ended.err
    assert len(records(tmp_path)) == len(TRIALS)


@needs_mounts
def test_a_read_only_home_is_no_obstacle_with_another_cache(stage, tmp_path):
    """These workers write into it. They cannot, and their trials' records say why."""
    (tmp_path / "home").mkdir()
    ended = stage.run(tmp_path, read_only=[str(tmp_path / "home")])
    assert ended.code == 0, ended.err
    failed = [json.loads(text) for text in records(tmp_path).values()]
    assert {record["status"] for record in failed} == {"failed"}
    assert all("Read-only file system" in record["reason"] for record in failed)


# Two at once.


def test_two_runs_at_once_in_one_checkout_measure_everything_once(stage, tmp_path):
    """The second run waits, and says so."""
    processes = [stage.start(tmp_path) for _ in range(2)]
    ended = [stage.wait(process, tmp_path) for process in processes]
    assert [item.code for item in ended] == [0, 0], ended
    assert sorted(ran(tmp_path)) == sorted(TRIALS)
    waited = [item for item in ended if "Another run is measuring in build/campaigns" in item.err]
    assert len(waited) == 1
    assert leftovers(tmp_path) == []


def test_two_runs_at_once_on_one_cache_do_not_disturb_each_other(stage, tmp_path):
    """Each is in its own checkout. The cache is empty when they start."""
    folders = [tmp_path / name for name in ("first", "second")]
    environ = {"TFMXBENCH_CACHE_DIR": str(tmp_path / "cache")}
    processes = [stage.start(folder, environ=environ) for folder in folders]
    for process, folder in zip(processes, folders, strict=True):
        ended = stage.wait(process, folder)
        assert ended.code == 0, ended.err
        assert sorted(ran(folder)) == sorted(TRIALS)
    assert leftovers(tmp_path) == []


def test_a_fresh_run_waits_for_the_run_whose_records_it_would_remove(stage, tmp_path):
    first = stage.start(tmp_path)
    second = stage.start(tmp_path, [*staged.RUN, "--fresh"])
    assert [stage.wait(process, tmp_path).code for process in (first, second)] == [0, 0]
    assert set(ran(tmp_path)) == TRIALS
    assert len(records(tmp_path)) == len(TRIALS)
