"""All runs of one framework first, then all of the other, on a machine whose speed drifts."""

import subprocess
import sys

from tfmxbench.mistakes import FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both

# On Linux, the system ends this process when the trial's process dies (prctl's PR_SET_PDEATHSIG is 1).
NEIGHBOUR = """
import ctypes, sys
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, 9)
while True:
    pass
"""


def switch_on(harness: Harness) -> None:
    """Keep a processor busy with another process, as a backup or a noisy neighbour does."""
    harness.loading.neighbour = subprocess.Popen([sys.executable, "-I", "-c", NEIGHBOUR])


LATER = ("drift",)

MISTAKE = Mistake(
    title="All runs of one framework first, then all of the other",
    description=(
        "Machines heat up, run backups and have noisy neighbours. Measuring in blocks gives one framework "
        "the quiet hour. The slow hour is simulated here: another process keeps a processor busy."
    ),
    sources=(
        Source(
            "sharkdp/hyperfine issue 21",
            "https://github.com/sharkdp/hyperfine/issues/21",
            (
                "A request for interleaving, because a load spike or a throttling processor can hit "
                "the last command alone."
            ),
        ),
        Source(
            "google/benchmark, random interleaving",
            "https://google.github.io/benchmark/random_interleaving.html",
            (
                "The counter-example: interleaving repetitions at random lowered the variance between "
                "runs by 40% on average."
            ),
        ),
    ),
    check="Shuffle the order in every round, and compare within rounds.",
    variants=(
        Variant(
            "TensorFlow first, MXNet in the slow hour",
            (Side(FIRST), Side(SECOND, LATER)),
            both(),
        ),
        Variant(
            "MXNet first, TensorFlow in the slow hour",
            (Side(FIRST, LATER), Side(SECOND)),
            both(),
        ),
        Variant(
            "control: interleaved under the same load",
            (Side(FIRST, LATER), Side(SECOND, LATER)),
            both(),
            remedy=True,
        ),
    ),
    switch_on=switch_on,
)
