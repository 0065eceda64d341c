"""First all of one framework, then all of the other, on a machine whose speed drifts."""

import subprocess
import sys

from tfmxbench.mistakes import FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both

# It has the system end it when the trial's process dies (Linux; PR_SET_PDEATHSIG of prctl is 1).
NEIGHBOUR = """
import ctypes, sys
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, 9)
while True:
    pass
"""


def switch_on(harness: Harness) -> None:
    """Another process takes a processor, as a backup or a neighbour does: the machine is slower now."""
    harness.loading.neighbour = subprocess.Popen([sys.executable, "-I", "-c", NEIGHBOUR])


LATER = ("drift",)

MISTAKE = Mistake(
    title="All of one framework first, then all of the other",
    what=(
        "Machines grow hot, run backups and have neighbours. Whoever measures in blocks gives one of the two "
        "the quiet hour. Here the slow hour is made: another process keeps a processor busy during it."
    ),
    who=(
        Source(
            "sharkdp/hyperfine issue 21",
            "https://github.com/sharkdp/hyperfine/issues/21",
            (
                "Asks for interleaving, since a load spike or a processor that throttles can hit the "
                "last command alone."
            ),
        ),
        Source(
            "google/benchmark, random interleaving",
            "https://google.github.io/benchmark/random_interleaving.html",
            (
                "The counter-example: mixing the repetitions at random lowered their variance between "
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
            "interleaved, both in the slow hour: no mistake",
            (Side(FIRST, LATER), Side(SECOND, LATER)),
            both(),
            remedy=True,
        ),
    ),
    switch_on=switch_on,
)
