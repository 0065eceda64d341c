"""Runs what is not timed: several processes at a time, each on processors of its own."""

from __future__ import annotations

import concurrent.futures
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from tfmxbench.processes import bounded, machine

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def places(threads: int) -> int:
    """How many processes of so many threads there are processors for; at least one."""
    return len(machine.shares(threads))


def run(
    jobs: Sequence[tuple[Key, Callable[[], Answer]]],
    threads: int,
    end_all: Callable[[], None] = bounded.end_all,
) -> Generator[tuple[Key, Answer], None, None]:
    """Do jobs that each wait for a process, as many at a time as there are processors for.

    Each keeps to processors of its own: where more threads than processors wait for each other in
    loops, as those of OpenMP do, two at a time take ten times as long as one after the other.

    Parameters
    ----------
    jobs : sequence of (key, callable)
        They are begun in this order.
    threads : int
        Of each process.
    end_all : callable
        Ends the processes that jobs are waiting for.

    Yields
    ------
    key, answer
        As they come to their ends. If the generator is closed before, or interrupted, the processes
        that are running are ended, and what has not begun is not done.
    """
    shares: queue.SimpleQueue[set[int]] = queue.SimpleQueue()
    for share in machine.shares(threads):
        shares.put(share)
    lock = threading.Lock()
    running: set[int] = set()
    stopped = False

    def begin(number: int, job: Callable[[], Answer]) -> Answer:
        with lock:
            if stopped:
                raise concurrent.futures.CancelledError
            running.add(number)
        try:
            return job()
        finally:
            with lock:
                running.remove(number)

    with concurrent.futures.ThreadPoolExecutor(
        shares.qsize(), initializer=lambda: machine.keep_to(shares.get())
    ) as pool:
        try:
            waiting = {pool.submit(begin, number, job): key for number, (key, job) in enumerate(jobs)}
            while waiting:
                # With a time limit, so that an interrupt is noticed whichever thread it reaches.
                done, _ = concurrent.futures.wait(
                    waiting, timeout=1.0, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for finished in done:
                    yield waiting.pop(finished), finished.result()
        except BaseException:
            # What runs is not asked of the pool: interrupted while it was given a job, it may not know.
            with lock:
                stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            # One may be about to start a process while the others' are ended.
            while running:
                end_all()
                time.sleep(0.01)
            raise
