"""How long do loading, analysing and rendering 10 000 records take?

A made-up campaign of all implementations, with as many values in each record as the default profile
leaves, is written to a file; then that file is read, judged and shown as the pages show it.
"""

from __future__ import annotations

import os
import pathlib
import sys
import tempfile
import time

import numpy as np

from tfmxbench.analysis import pairs
from tfmxbench.measure import profiles
from tfmxbench.networks import catalogue
from tfmxbench.records import store
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.store import Results
from tfmxbench.records.trial import COMPLETED, Measurement, Memory, Pass, Record, Span, Trial
from tfmxbench.report.pages import published
from tfmxbench.report.pages.comparison import ComparisonPage

RECORDS = 10_000
BAR = 10.0


def record(item: catalogue.Implementation, number: int, random: np.random.RandomState) -> Record:
    """A record with as many values as one of the default profile has."""
    profile = profiles.PROFILES["default"]
    seconds = (random.exponential(0.1, 200) + 0.5).tolist()
    span = Span(seconds[0], seconds[1])
    images = 59904
    passes = [
        Pass(value, value, 468, images, 0.3, None) for value in seconds[2 : 3 + profile.short_compiled.steady]
    ]
    trial = Trial(
        identifier=f"{number:04d}-{item.network}-{item.style}-cpu",
        purpose="measure",
        network=item.network,
        style=item.style,
        framework=item.framework,
        source_sha256="0" * 64,
        device="cpu",
        threads=2,
        seed=0,
        round=number,
        epochs=1,
        passes=profile.short_compiled.steady,
        pass_batches=0,
        latency_samples=profile.latency_samples,
        data_name="mnist",
        data="",
        interpreter="",
        time_limit=600.0,
    )
    return Record(
        trial=trial,
        status=COMPLETED,
        reason="",
        output="",
        started="2026-01-01T00:00:00.000+00:00",
        seconds=10.0,
        hashes={name: "0" * 64 for name in ("data", "initial_parameters", "batch_order", "source")},
        versions={"python": "3.11.7"},
        device_name="CPU",
        measurement=Measurement(
            interpreter=span,
            imported=span,
            built=span,
            epochs=passes[:1],
            passes=passes[1:],
            accuracies=[0.95],
            inference=[span, span, span],
            latencies=seconds[: profile.latency_samples],
            memory=Memory(10**7, 10**8, 10**8, 10**8, 10**9, None),
            training_images=60000,
            test_images=10000,
        ),
        memory_curve=[[number / 10, 10**8 + number] for number in range(60)],
    )


def made_up() -> Results:
    """A campaign of so many rounds that it has 10 000 records."""
    random = np.random.RandomState(0)
    chosen = catalogue.select()
    arms = [(item, number) for number in range(-(-RECORDS // len(chosen))) for item in chosen]
    return Results(
        campaign="0" * 64,
        created="2026-01-01T00:00:00.000+00:00",
        package="0",
        data=DataDescription("mnist", "made up", "0" * 64),
        machine={},
        settings=Settings(
            profile="default",
            networks=catalogue.networks(),
            styles=sorted({item.style for item in chosen}),
            devices=["cpu"],
            threads=2,
            seed=0,
            rounds=3,
            budget=None,
        ),
        parity=[
            Parity(item.network, item.style, item.framework, "cpu", True, "", [2.3], [1e-7])
            for item in chosen
        ],
        environments=[],
        records=[record(item, number, random) for item, number in arms[:RECORDS]],
    )


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "results.json"
        store.write_results(path, made_up())
        os.environ[published.RESULTS_VARIABLE] = str(path)
        start = time.perf_counter()
        results = published.results()
        loaded = time.perf_counter()
        pairs.compare_pairs(results.records)
        judged = time.perf_counter()
        published.table()
        for network in catalogue.networks():
            page = ComparisonPage(network)
            for show in (
                page.verdicts,
                page.times,
                page.side_by_side,
                page.starts,
                page.inference,
                page.memory,
                page.accuracy,
                page.lines,
                page.table,
                page.conditions,
            ):
                show()
        rendered = time.perf_counter()
    whole = rendered - start
    verdict = "within" if whole < BAR else "NOT within"
    print(
        f"{len(results.records)} records: loaded in {loaded - start:.2f} s, "
        f"judged in {judged - loaded:.2f} s, rendered in {rendered - judged:.2f} s; "
        f"{whole:.2f} s in all, {verdict} {BAR:.0f} s"
    )
    return 0 if whole < BAR else 1


if __name__ == "__main__":
    sys.exit(main())
