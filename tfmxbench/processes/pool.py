"""Runs untimed jobs: several processes at a time, each on its own processors."""

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
    """How many processes with this number of threads run at a time; at least one."""
    return len(machine.shares(threads))


def run(
    jobs: Sequence[tuple[Key, Callable[[], Answer]]],
    threads: int,
) -> Generator[tuple[Key, Answer], None, None]:
    """Do jobs that each wait for a process, as many at a time as the processors allow.

    Each process runs on its own processors. OpenMP's threads wait for each other in loops: with more
    threads than processors, two processes at a time take ten times as long as one after the other.

    Parameters
    ----------
    jobs : sequence of (key, callable)
        They start in this order.
    threads : int
        Threads of each process.

    Yields
    ------
    key, answer
        In the order in which the jobs finish. If the generator is closed early or interrupted, the
        running processes are ended, and the other jobs do not start.
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
                # The time limit lets this thread notice an interrupt that reached another thread.
                done, _ = concurrent.futures.wait(
                    waiting, timeout=1.0, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for finished in done:
                    yield waiting.pop(finished), finished.result()
        except BaseException:
            # The pool may not know of a job if the interrupt came while the job was handed over.
            with lock:
                stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            # A job may still start its process while the others' processes are ended.
            while running:
                bounded.end_all()
                time.sleep(0.01)
            raise
