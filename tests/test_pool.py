"""Jobs that are not timed: how many at a time, on which processors, and what becomes of them when stopped."""

import concurrent.futures
import os
import threading
import time

import pytest

from tfmxbench.processes import machine, pool

pytestmark = pytest.mark.xdist_group("machine")


@pytest.fixture
def shares(monkeypatch):
    """Two places, as a machine of two processors has for processes of one thread."""
    monkeypatch.setattr(machine, "shares", lambda threads: [set(), set()])


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
def test_each_keeps_to_processors_of_its_own_and_the_caller_to_all():
    own = os.sched_getaffinity(0)
    places = pool.places(1)
    meeting = threading.Barrier(places)

    def job() -> frozenset[int]:
        meeting.wait(60)
        return frozenset(os.sched_getaffinity(0))

    found = [answer for _, answer in pool.run([(number, job) for number in range(places)], 1)]
    assert sorted(map(list, found)) == [[processor] for processor in sorted(own)]
    assert os.sched_getaffinity(0) == own


def test_closing_it_ends_what_runs_and_leaves_the_rest_undone(shares):
    ended = threading.Event()
    begun = []

    def job(number: int) -> int:
        begun.append(number)
        # As a thread that waits for its process.
        assert number == 0 or ended.wait(60)
        return number

    answers = pool.run([(number, lambda number=number: job(number)) for number in range(10)], 1, ended.set)
    assert next(answers) == (0, 0)
    answers.close()
    assert ended.is_set()
    assert sorted(begun) == list(range(len(begun)))
    assert len(begun) <= 3


def test_a_job_that_raises_ends_the_others_and_raises_here(shares):
    ended = threading.Event()

    def broken() -> int:
        raise OSError("the disk is full")

    def waits() -> int:
        assert ended.wait(60)
        return 1

    with pytest.raises(OSError, match="the disk is full"):
        list(pool.run([("waits", waits), ("broken", broken), ("never", waits)], 1, ended.set))
    assert ended.is_set()


def test_interrupted_while_a_job_is_handed_over_it_waits_for_what_has_begun(shares, monkeypatch):
    """The pool itself may not know of its thread then, so that leaving it does not wait for the thread."""
    begun, ended, gone = threading.Event(), threading.Event(), threading.Event()
    submit = concurrent.futures.ThreadPoolExecutor.submit

    def interrupted(executor, *arguments):
        submit(executor, *arguments)
        assert begun.wait(60)
        # As the thread of an executor that was interrupted before it noted the thread down.
        executor._threads.clear()
        raise KeyboardInterrupt

    def job() -> None:
        begun.set()
        assert ended.wait(60)
        time.sleep(0.2)
        gone.set()

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(pool.run([("first", job), ("never", job)], 1, ended.set))
    assert gone.is_set()
