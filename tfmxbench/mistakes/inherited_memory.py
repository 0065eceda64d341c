"""The reported memory is the parent's."""

import os
import resource
import subprocess
import sys

from tfmxbench.mistakes import FIRST, MEMORY, SECOND, Harness, Mistake, Side, Source, Variant, both

# What the parent of the measured process holds: as much as a notebook that has loaded a data set.
PARENT_BYTES = 2 * 10**9
STARTED_BY_PARENT = "TFMXBENCH_STARTED_BY_LARGE_PARENT"


def switch_on(harness: Harness) -> None:
    if STARTED_BY_PARENT not in os.environ:
        ballast = bytearray(PARENT_BYTES)
        # Memory counts once it is written to.
        ballast[:: resource.getpagesize()] = b"\1" * len(range(0, PARENT_BYTES, resource.getpagesize()))
        # A child of this process runs the trial itself, and leaves the result.
        line = [sys.executable, *sys.orig_argv[1:]]
        child = subprocess.run(line, env={**os.environ, STARTED_BY_PARENT: "1"}, check=False)
        del ballast
        os._exit(max(child.returncode, 0) or int(child.returncode < 0))
    # Linux states ru_maxrss in units of 1024 bytes.
    harness.loading.memory.peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


UNDER = ("inherited_memory",)

MISTAKE = Mistake(
    title="Reporting the parent's memory",
    description=(
        "On Linux, the peak resident memory (ru_maxrss) that getrusage and time report for a process "
        "starts with what its parent held at that moment, and survives exec. Here a parent that holds 2 GB "
        "starts the trial, and both frameworks seem to need that much."
    ),
    sources=(
        Source(
            "rsalesc/rbx pull request 726",
            "https://github.com/rsalesc/rbx/pull/726",
            (
                "The authors found it in their own tool, and fixed it: the program true, started by a "
                "parent that held 400 MB, was reported with 412 MB."
            ),
        ),
        Source(
            "oven-sh/bun issue 43304",
            "https://github.com/oven-sh/bun/issues/43304",
            (
                "A child that needs 33 MB reports 728 MB, because exec carries over the parent's "
                "high-water mark. We know of no framework comparison that was caught making this "
                "mistake: the number looks right."
            ),
        ),
    ),
    check=(
        "Read the peak memory of the process itself (VmHWM in /proc/self/status), and start it from a small "
        "parent."
    ),
    variants=(
        Variant(
            "both started by a parent of 2 GB",
            (Side(FIRST, UNDER, quantity=MEMORY), Side(SECOND, UNDER, quantity=MEMORY)),
            both(quantity=MEMORY),
            thorough=True,
        ),
        Variant(
            "only MXNet started by a parent of 2 GB",
            (Side(FIRST, quantity=MEMORY), Side(SECOND, UNDER, quantity=MEMORY)),
            both(quantity=MEMORY),
        ),
    ),
    switch_on=switch_on,
)
