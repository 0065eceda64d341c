"""Does an epoch take longer because the harness times it?

In one process of each framework, the same model is trained by turns by the harness (``timed_pass``,
with its clocks, its counter of energy and its synchronisation) and by a bare loop: ``train`` between
two readings of the clock, as a person would write it. The order of the two is drawn anew for each
pair; the parent samples the process' memory all the while, as it does in a trial. What is compared is
the ratio of the two times of each pair, with a 95% interval.

On a machine whose times scatter by several percent that interval is wider than what is to be shown. So
the harness is also timed with a ``train`` that does nothing: what its clock then shows is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfmxbench.records.trial import Trial

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

BAR = 0.01
IDLE_PASSES = 200
SUBJECTS = (("mlp", "keras_function"), ("mlp", "symbol"), ("lenet", "keras_function"), ("lenet", "symbol"))


def child(trial_path: str, pairs: int) -> None:
    """Train by turns, in the framework's own environment; print the seconds of each pair as JSON."""
    import numpy as np

    from tfmxbench.records.trial import Trial
    from tfmxbench.worker import inputs, loading, measuring, prepared

    trial = Trial(**json.loads(pathlib.Path(trial_path).read_text()))
    loaded = loading.LoadedImplementation(trial)
    model = loaded.build()
    data = prepared.read_prepared(trial.data)
    random = np.random.RandomState(trial.seed)
    found = []

    def harness(epoch: int) -> float:
        return measuring.timed_pass(loaded, model, data, epoch, trial.pass_batches).wall

    def bare(epoch: int) -> float:
        order = inputs.batch_order(len(data["train_images"]), trial.seed, epoch)
        order = order[: trial.pass_batches * loaded.task.batch_size or None]
        x, y = data["train_images"][order], data["train_labels"][order]
        x, y = inputs.as_inputs(x, y, loaded.task)
        start = time.perf_counter()
        loaded.implementation.train(model, x, y)
        loaded.framework.synchronise()
        return time.perf_counter() - start

    # The first passes trace, compile and fill the allocator.
    harness(0), bare(0)
    for number in range(pairs):
        turns = [("harness", harness), ("bare", bare)]
        random.shuffle(turns)
        found.append({name: run(number) for name, run in turns})
    loaded.implementation = types.SimpleNamespace(train=lambda model, x, y: 0.0)
    idle = [measuring.timed_pass(loaded, model, data, number, 1).wall for number in range(IDLE_PASSES)]
    print(json.dumps({"pairs": found, "idle": idle}))


def make_trial(network: str, style: str) -> Trial:
    """A trial of so many passes as its caller makes, on all processors.

    Raises
    ------
    SystemExit
        If the framework cannot run here.
    """
    from tfmxbench import data
    from tfmxbench.measure import plan
    from tfmxbench.networks import catalogue
    from tfmxbench.processes import cache, environments, hashes
    from tfmxbench.records.trial import Trial

    implementation = next(item for item in catalogue.implementations(network) if item.style == style)
    environment = environments.find(implementation.framework, "cpu")
    if environment.problem:
        raise SystemExit(f"{implementation.framework}: {environment.problem}")
    dataset = data.load_from_environment()
    return Trial(
        identifier="overhead",
        purpose="measure",
        network=network,
        style=style,
        framework=implementation.framework,
        source_sha256=hashes.source_sha256(implementation.path),
        device="cpu",
        threads=len(os.sched_getaffinity(0)),
        seed=0,
        round=0,
        epochs=0,
        passes=0,
        pass_batches=catalogue.task(network).timed_batches,
        latency_samples=0,
        data_name=dataset.name,
        data=str(data.prepare(dataset, cache.folder() / "prepared")),
        interpreter=environment.interpreter,
        time_limit=plan.TIME_LIMIT,
    )


def measure(network: str, style: str, pairs: int) -> tuple[list[dict[str, float]], list[float]]:
    """The seconds of each pair, and of passes that do nothing, from the framework's environment."""
    from tfmxbench.processes import bounded, runner
    from tfmxbench.records.trial import to_json

    trial = make_trial(network, style)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trial.json"
        path.write_text(json.dumps(to_json(trial)))
        process = subprocess.Popen(
            [trial.interpreter, __file__, "--child", str(path), "--pairs", str(pairs)],
            stdout=subprocess.PIPE,
            env=runner.environment_variables(trial, dict(os.environ)),
        )
        curve = bounded.MemoryCurve(process.pid)
        while True:
            try:
                printed, _ = process.communicate(timeout=curve.interval)
                break
            except subprocess.TimeoutExpired:
                curve.sample()
    if process.returncode:
        raise SystemExit(f"{network}/{style} exited with code {process.returncode}")
    found = json.loads(printed.splitlines()[-1])
    return found["pairs"], found["idle"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=60, help="pairs of passes (default: %(default)s)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.pairs)
        return 0
    from tfmxbench.analysis import estimates

    held = True
    for network, style in SUBJECTS:
        pairs, idle = measure(network, style, options.pairs)
        ratio = estimates.estimate([pair["harness"] / pair["bare"] for pair in pairs])
        own = median(idle) / median(pair["bare"] for pair in pairs)
        # The interval alone decides nothing where it reaches beyond the bar on both sides.
        within = own <= BAR and ratio.low <= 1 + BAR
        held = held and within
        print(
            f"{network}/{style}: of a pass the harness itself takes {own:.4%}; harness over bare loop "
            f"{ratio.value:.4f} ({ratio.low:.4f} to {ratio.high:.4f}), {len(pairs)} pairs: "
            f"{'within' if within else 'NOT within'} {BAR:.0%}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
