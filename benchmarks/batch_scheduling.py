"""What does it change that trials are scheduled as batch jobs?

Each subject trains in processes of its own, under the system's usual way of scheduling and as a batch
job, as trials are, by turns and in an order that is drawn anew for each pair. Printed are the seconds of a
pass (median, and what nine in ten do not exceed), the share of the processors' time in which they had
nothing to do, and the ratio of the mean seconds of the two processes of each pair, with a 95% interval.
A thread that is waited for, though it is to end, shows as a processor with nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from statistics import mean, quantiles

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

SUBJECTS = (
    ("lenet", "keras_sequential"),
    ("lenet", "keras_function"),
    ("lenet", "gluon_hybrid"),
    ("lenet", "symbol"),
)
POLICIES = ("usual", "batch")
PASSES = 8
# Batch scheduling is to slow nothing down by more than this.
BAR = 0.02


def child(trial_path: str, policy: str) -> None:
    """Train in the framework's own environment; print the seconds of each pass as JSON."""
    from tfmxbench.records.trial import Trial
    from tfmxbench.worker import loading, measuring, prepared

    if policy == "usual":
        loading.schedule_as_batch = lambda: None
    trial = Trial(**json.loads(pathlib.Path(trial_path).read_text()))
    loaded = loading.LoadedImplementation(trial)
    model = loaded.build()
    data = prepared.read_prepared(trial.data)
    # The first pass traces, compiles and fills the allocator.
    measuring.timed_pass(loaded, model, data, 0, trial.pass_batches)
    passes = [measuring.timed_pass(loaded, model, data, 1, trial.pass_batches) for _ in range(PASSES)]
    print(json.dumps([[item.wall, item.cpu] for item in passes]))


def measure(network: str, style: str, pairs: int) -> dict[str, list[list[list[float]]]]:
    """Wall and processor seconds of each pass of each process, by policy."""
    import harness_overhead

    from tfmxbench.processes import runner
    from tfmxbench.records.trial import to_json

    trial = harness_overhead.make_trial(network, style)
    found: dict[str, list[list[list[float]]]] = {policy: [] for policy in POLICIES}
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trial.json"
        path.write_text(json.dumps(to_json(trial)))
        for _ in range(pairs):
            for policy in draw.sample(POLICIES, len(POLICIES)):
                finished = subprocess.run(
                    [trial.interpreter, __file__, "--child", str(path), "--policy", policy],
                    stdout=subprocess.PIPE,
                    env=runner.environment_variables(trial, dict(os.environ)),
                    check=True,
                )
                found[policy].append(json.loads(finished.stdout.splitlines()[-1]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=6, help="pairs of processes (default: %(default)s)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--policy", choices=POLICIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.policy)
        return 0
    from tfmxbench.analysis import estimates
    from tfmxbench.processes import machine

    threads = machine.processors()
    held = True
    for network, style in SUBJECTS:
        found = measure(network, style, options.pairs)
        for policy, processes in found.items():
            walls = [wall for process in processes for wall, _ in process]
            busy = sum(cpu for process in processes for _, cpu in process)
            share = 1 - busy / (threads * sum(walls))
            median, ninth = quantiles(walls, n=10)[4], quantiles(walls, n=10)[8]
            print(
                f"{network}/{style}, {policy}: {median:.2f} s a pass, nine in ten up to {ninth:.2f} s; "
                f"processors idle {share:.0%}; {len(walls)} passes"
            )
        by_pair = [
            mean(wall for wall, _ in batch) / mean(wall for wall, _ in usual)
            for batch, usual in zip(found["batch"], found["usual"], strict=True)
        ]
        ratio = estimates.estimate(by_pair)
        slower = ratio.low > 1 + BAR
        held = held and not slower
        print(
            f"{network}/{style}: batch over usual {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
            f"{': SLOWER' if slower else ''}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
