"""The memory that is stated is the parent's."""

import os
import resource
import subprocess
import sys

from tfmxbench.mistakes import FIRST, MEMORY, SECOND, Harness, Mistake, Side, Source, Variant, both

# What a notebook holds that has loaded a data set: the parent of the measured process.
PARENT_BYTES = 2 * 10**9
STARTED_BY_PARENT = "TFMXBENCH_STARTED_BY_LARGE_PARENT"


def switch_on(harness: Harness) -> None:
    if STARTED_BY_PARENT not in os.environ:
        held = bytearray(PARENT_BYTES)
        # Memory counts once it is written to.
        held[:: resource.getpagesize()] = b"\1" * len(range(0, PARENT_BYTES, resource.getpagesize()))
        # The trial itself is run by a child of this process, and leaves the result.
        line = [sys.executable, *sys.orig_argv[1:]]
        ended = subprocess.run(line, env={**os.environ, STARTED_BY_PARENT: "1"}, check=False)
        del held
        os._exit(max(ended.returncode, 0) or int(ended.returncode < 0))
    # Linux counts it in units of 1024 bytes.
    harness.loading.memory.peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


UNDER = ("inherited_memory",)

MISTAKE = Mistake(
    title="The memory that is stated is the parent's",
    what=(
        "On Linux the greatest resident memory that getrusage and time report of a process begins with what "
        "its parent held when it started it, and survives exec. Here a parent of 2 GB starts the trial: both "
        "frameworks then seem to need as much."
    ),
    who=(
        Source(
            "rsalesc/rbx pull request 726",
            "https://github.com/rsalesc/rbx/pull/726",
            (
                "Found by its authors in their own tool, and mended: the program true, started by a "
                "parent that held 400 MB, was reported with 412 MB."
            ),
        ),
        Source(
            "oven-sh/bun issue 43304",
            "https://github.com/oven-sh/bun/issues/43304",
            (
                "A child that needs 33 MB reports 728 MB, since exec carries the parent's high-water "
                "mark over. No comparison of frameworks is known to have been caught at it: the figure "
                "looks right."
            ),
        ),
    ),
    check=(
        "Read the peak of the process itself (VmHWM in /proc/self/status), and start it from a small parent."
    ),
    variants=(
        Variant(
            "ru_maxrss, below a parent of 2 GB",
            (Side(FIRST, UNDER, figure=MEMORY), Side(SECOND, UNDER, figure=MEMORY)),
            both(figure=MEMORY),
            thorough=True,
        ),
        Variant(
            "only MXNet below such a parent",
            (Side(FIRST, figure=MEMORY), Side(SECOND, UNDER, figure=MEMORY)),
            both(figure=MEMORY),
        ),
    ),
    switch_on=switch_on,
)
