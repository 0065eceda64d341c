"""Untimed jobs: how many run at a time, on which processors, and what happens when they are stopped."""

import concurrent.futures
import os
import threading
import time

import pytest

from tfmxbench.processes import bounded, machine, pool

pytestmark = pytest.mark.xdist_group("machine")


@pytest.fixture
def shares(monkeypatch):
    """Two places, as on a machine of two processors, for processes of one thread."""
    monkeypatch.setattr(machine, "shares", lambda threads: [set(), set()])


@pytest.fixture
def ended(monkeypatch) -> threading.Event:
    """Is set when the processes that jobs wait for are ended."""
    event = threading.Event()
    monkeypatch.setattr(bounded, "end_all", event.set)
    return event


def test_every_job_is_answered_once(shares):
    jobs = [(number, lambda number=number: number**2) for number in range(20)]
    assert dict(pool.run(jobs, 1)) == {number: number**2 for number in range(20)}
    assert list(pool.run([], 1)) == []


def test_as_many_run_at_a_time_as_there_are_places(shares):
    meeting = threading.Barrier(2)
    running: set[int] = set()
    most = []

    def job(number: int) -> None:
        running.add(number)
        meeting.wait(60)
        most.append(len(running))
        running.discard(number)

    list(pool.run([(number, lambda number=number: job(number)) for number in range(4)], 1))
    assert max(most) == 2
    assert pool.places(1) == 2


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="processors cannot be told apart here")
def test_each_job_runs_on_its_own_processors_and_the_caller_on_all():
    own = os.sched_getaffinity(0)
    places = pool.places(1)
    meeting = threading.Barrier(places)

    def job() -> frozenset[int]:
        meeting.wait(60)
        return frozenset(os.sched_getaffinity(0))

    shares = [answer for _, answer in pool.run([(number, job) for number in range(places)], 1)]
    assert sorted(map(list, shares)) == [[processor] for processor in sorted(own)]
    assert os.sched_getaffinity(0) == own


def test_closing_it_ends_what_runs_and_leaves_the_rest_undone(shares, ended):
    begun = []

    def job(number: int) -> int:
        begun.append(number)
        # Like a thread that waits for its process.
        assert number == 0 or ended.wait(60)
        return number

    answers = pool.run([(number, lambda number=number: job(number)) for number in range(10)], 1)
    assert next(answers) == (0, 0)
    answers.close()
    assert ended.is_set()
    assert sorted(begun) == list(range(len(begun)))
    assert len(begun) <= 3


def test_a_job_that_raises_ends_the_others_and_raises_in_the_caller(shares, ended):
    def broken() -> int:
        raise OSError("the disk is full")

    def waits() -> int:
        assert ended.wait(60)
        return 1

    with pytest.raises(OSError, match="the disk is full"):
        list(pool.run([("waits", waits), ("broken", broken), ("never", waits)], 1))
    assert ended.is_set()


def test_interrupted_while_a_job_is_handed_over_it_waits_for_what_has_begun(shares, ended, monkeypatch):
    """The executor may not know of the job's thread then, so leaving the executor does not wait for it."""
    begun, gone = threading.Event(), threading.Event()
    submit = concurrent.futures.ThreadPoolExecutor.submit

    def interrupted(executor, *arguments):
        submit(executor, *arguments)
        assert begun.wait(60)
        # Like an executor that was interrupted before it recorded the thread.
        executor._threads.clear()
        raise KeyboardInterrupt

    def job() -> None:
        begun.set()
        assert ended.wait(60)
        time.sleep(0.2)
        gone.set()

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(pool.run([("first", job), ("never", job)], 1))
    assert gone.is_set()
