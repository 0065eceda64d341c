"""Does a batch of a shorter pass take as long as one of a pass of the thorough profile?

The quick profile and the default one time some styles over fewer batches (``length`` in measure/profiles.py).
For each of these styles, one process trains one model in pairs of passes: a pass of the shorter length and a
pass of the thorough profile's, in random order. The result is the ratio of the seconds per batch, short pass
to long pass, over all pairs, with a 95% interval.
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

# The seconds per batch may differ by this share.
TOLERANCE = 0.02


def child(trial_path: str, short: int, pairs: int) -> None:
    """Train in pairs of passes, in the framework's environment; print the seconds per batch as JSON."""
    import numpy as np

    from tfmxbench.records.trial import Trial
    from tfmxbench.worker import loading, measuring, prepared

    trial = Trial(**json.loads(pathlib.Path(trial_path).read_text()))
    loaded = loading.LoadedImplementation(trial)
    model = loaded.build()
    data = prepared.read_prepared(trial.data)
    random = np.random.RandomState(trial.seed)

    def batch_seconds(epoch: int, batches: int) -> float:
        timed = measuring.timed_pass(loaded, model, data, epoch, batches)
        return timed.wall / timed.batches

    lengths = {"short": short, "long": trial.pass_batches}
    # The first passes trace, compile and fill the allocator.
    for batches in lengths.values():
        batch_seconds(0, batches)
    seconds = [
        {name: batch_seconds(number, lengths[name]) for name in random.permutation(sorted(lengths))}
        for number in range(pairs)
    ]
    print(json.dumps(seconds))


def measure(network: str, style: str, short: int, pairs: int) -> list[dict[str, float]]:
    """Seconds per batch in the short pass and in the long one, for each pair."""
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
    seconds: list[dict[str, float]] = json.loads(finished.stdout.splitlines()[-1])
    return seconds


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
    from tfmxbench.measure.profiles import PROFILES
    from tfmxbench.networks import catalogue

    all_within = True
    for network in catalogue.networks():
        task = catalogue.task(network)
        for implementation in catalogue.implementations(network):
            short, long = (
                PROFILES[name].passes(implementation).length.pass_batches(task)
                for name in (options.profile, "thorough")
            )
            if short == long:
                continue
            pairs = measure(network, implementation.style, short, options.pairs)
            ratio = estimates.estimate([pair["short"] / pair["long"] for pair in pairs])
            # An interval that reaches beyond the tolerance on both sides proves nothing.
            within = ratio.low <= 1 + TOLERANCE and ratio.high >= 1 - TOLERANCE
            all_within = all_within and within
            print(
                f"{implementation.name}: {1e3 * median(pair['long'] for pair in pairs):.2f} ms per batch; in "
                f"passes of {short} batches {ratio.value:.3f} of that ({ratio.low:.3f} to {ratio.high:.3f}), "
                f"{len(pairs)} pairs: {'within' if within else 'NOT within'} {TOLERANCE:.0%}",
                flush=True,
            )
    return 0 if all_within else 1


if __name__ == "__main__":
    sys.exit(main())
