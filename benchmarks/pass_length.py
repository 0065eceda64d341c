"""Does a shorter pass run at another pace than that of the thorough profile?

The quick profile and the default one time some styles over fewer batches (``steady_batches`` in
measure/profiles.py). In one process of each of these styles the same model is trained by turns over so many
batches and over those that the thorough profile takes, the order of the two being drawn anew for each pair.
Compared are the seconds that a batch takes, as the ratio of the short pass to the long one of each pair, with
a 95% interval.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from statistics import median

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

# The pace is to differ by no more than this.
BAR = 0.02


def child(trial_path: str, short: int, pairs: int) -> None:
    """Train by turns, in the framework's own environment; print the seconds a batch of each pair as JSON."""
    import numpy as np

    from tfmxbench.records.trial import Trial
    from tfmxbench.worker import loading, measuring, prepared

    trial = Trial(**json.loads(pathlib.Path(trial_path).read_text()))
    loaded = loading.LoadedImplementation(trial)
    model = loaded.build()
    data = prepared.read_prepared(trial.data)
    random = np.random.RandomState(trial.seed)

    def pace(epoch: int, batches: int) -> float:
        found = measuring.timed_pass(loaded, model, data, epoch, batches)
        return found.wall / found.batches

    lengths = {"short": short, "long": trial.pass_batches}
    # The first passes trace, compile and fill the allocator.
    for batches in lengths.values():
        pace(0, batches)
    pairs_found = [
        {name: pace(number, lengths[name]) for name in random.permutation(sorted(lengths))}
        for number in range(pairs)
    ]
    print(json.dumps(pairs_found))


def measure(network: str, style: str, short: int, pairs: int) -> list[dict[str, float]]:
    """Seconds a batch in the short pass and in the long one, of each pair."""
    import harness_overhead

    from tfmxbench.processes import runner
    from tfmxbench.records.trial import to_json

    trial = harness_overhead.make_trial(network, style)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trial.json"
        path.write_text(json.dumps(to_json(trial)))
        finished = subprocess.run(
            [trial.interpreter, __file__, "--child", str(path), "--short", str(short), "--pairs", str(pairs)],
            stdout=subprocess.PIPE,
            env=runner.environment_variables(trial, dict(os.environ)),
            check=True,
        )
    found: list[dict[str, float]] = json.loads(finished.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=12, help="pairs of passes (default: %(default)s)")
    parser.add_argument("--profile", choices=("quick", "default"), default="default")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--short", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.short, options.pairs)
        return 0
    from tfmxbench.analysis import estimates
    from tfmxbench.measure.profiles import PROFILES, steady_batches
    from tfmxbench.networks import catalogue

    held = True
    for network in catalogue.networks():
        for implementation in catalogue.implementations(network):
            short = steady_batches(implementation, PROFILES[options.profile])
            if short == steady_batches(implementation, PROFILES["thorough"]):
                continue
            pairs = measure(network, implementation.style, short, options.pairs)
            ratio = estimates.estimate([pair["short"] / pair["long"] for pair in pairs])
            # The interval alone decides nothing where it reaches beyond the bar on both sides.
            within = ratio.low <= 1 + BAR and ratio.high >= 1 - BAR
            held = held and within
            print(
                f"{implementation.name}: {1e3 * median(pair['long'] for pair in pairs):.2f} ms a batch; in "
                f"passes of {short} batches over long ones {ratio.value:.3f} ({ratio.low:.3f} to "
                f"{ratio.high:.3f}), {len(pairs)} pairs: {'within' if within else 'NOT within'} {BAR:.0%}",
                flush=True,
            )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
