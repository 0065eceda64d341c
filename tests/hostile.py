"""Results files that mean harm: fabricated campaigns with all kinds of trials, and what to put into them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmxbench import phrases
from tfmxbench.examples import concepts
from tfmxbench.networks import catalogue
from tfmxbench.processes import hashes
from tfmxbench.records.outcomes import ExampleOutcome, PhrasesOutcome
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings
from tfmxbench.records.store import Results, results_to_json
from tfmxbench.records.trial import FAILED, MatrixProducts, Pass, Record, Trial

# A page that obeyed any of this would set a variable or open a dialogue, or hold a file of the system.
SCRIPTS = (
    '<script>window.obeyed = 1; alert(1)</script><img src=x onerror="alert(2)">\'"><svg onload=alert(3)>'
    "</p></td></div></figcaption><a href='javascript:alert(4)'>{{ config }} {% raw %} $x^2$ \\$1"
)
TEXTS = (
    SCRIPTS,
    "as reStructuredText\n\n.. raw:: html\n\n   <script>window.obeyed = 2</script>\n\n"
    ".. include:: /etc/passwd\n\n:download:`x </etc/passwd>` |release| `x <javascript:alert(5)>`_",
    "as MyST\n\n```{raw} html\n<script>window.obeyed = 3</script>\n```\n\n```{include} /etc/passwd\n```\n"
    "{download}`x </etc/passwd>` [x](javascript:alert(6)) <b onclick='alert(7)'>b</b>",
    "~~~~",
    "`````````",
    "::::",
    "--> ]]> </script><script>window.obeyed = 4</script> &lt;script&gt;alert(8)&lt;/script&gt;",
    "\x1b[31m\x1b]8;;http://example.org\x1b\\link\x07 \x00 \u202eright to left \ud800 \u2028\x85 end",
    "[bold]b[/bold] [/red] [link=http://example.org]l[/link] :warning: ${PATH} $(id) `id` %s {0}",
)
# What a campaign names of the code that was measured; a site is not built from other names.
NAMES = {"identifier", "purpose", "network", "style", "framework", "status", "condition", "mistakes"}


def everything(
    make_trial: Callable[..., Trial],
    make_record: Callable[..., Record],
    rounds: int = 3,
    added: Sequence[Any] = (),
) -> Results:
    """A campaign with every kind of trial, of four styles of two networks, one of which failed once.

    Implementations may be added of which only the network, the style and the framework are known.
    """
    records = []

    def add(item: catalogue.Implementation, number: int, condition: str, wall: float, **changes: Any) -> None:
        batch_size = changes.get("batch_size")
        trial = make_trial(
            identifier=f"{number:04d}-{item.network}-{item.style}-cpu-{condition}-{batch_size}",
            network=item.network,
            style=item.style,
            framework=item.framework,
            round=number,
            condition=condition,
            **{"threads": 2, **changes},
        )
        size = batch_size or 128
        passes = [Pass(wall, 1.5 * wall, 1000 // size, 1000 // size * size, 0.3, 5.0) for _ in range(3)]
        record = make_record(trial, wall=wall, memory_curve=[[0.1, 10**7], [0.2, 2 * 10**7]])
        measured = dataclasses.replace(record.measurement, epochs=passes[:2], passes=passes[2:])
        if changes.get("purpose") == "goal":
            measured = dataclasses.replace(measured, accuracies=[0.5, 0.98])
        records.append(dataclasses.replace(record, measurement=measured))

    chosen = [
        item
        for network, styles in (
            ("mlp", ("keras_sequential", "module", "keras_function", "gluon_hybrid")),
            ("lenet", ("variables_function", "symbol")),
        )
        for item in catalogue.implementations(network)
        if item.style in styles
    ]
    chosen += added
    for number in range(rounds):
        for place, item in enumerate(chosen):
            wall = 0.5 + 0.1 * place + 0.01 * number
            add(item, number, "standard", wall)
            if item.style in ("keras_function", "gluon_hybrid"):
                add(item, number, "null", wall * 1.01)
                add(item, number, "unvaried", wall * 1.1)
                add(item, number, "threads", wall * 1.5, threads=1)
                add(item, number, "batch-size", wall * 2, batch_size=32)
        for framework in ("mxnet", "tensorflow"):
            trial = make_trial(
                identifier=f"{number:04d}-products-{framework}-cpu",
                purpose="products",
                condition="products",
                network="",
                style="",
                framework=framework,
                round=number,
            )
            made = make_record(trial, measurement=None)
            records.append(dataclasses.replace(made, products=MatrixProducts(1000, [0.02, 0.03])))
    mistaken = []

    def mistake(item: catalogue.Implementation, number: int, names: list[str]) -> None:
        trial = make_trial(
            identifier=f"{number:04d}-{item.network}-{item.style}-cpu-mistake-{'-'.join(names) or 'none'}",
            purpose="mistake",
            condition="mistake",
            network=item.network,
            style=item.style,
            framework=item.framework,
            round=number,
            epochs=2,
            epoch_batches=7,
            first_batches=3,
            mistakes=names,
        )
        record = make_record(trial, wall=0.5 + 0.01 * number)
        measured = dataclasses.replace(
            record.measurement,
            epochs=[Pass(0.5, 0.5, 7, 896, 0.3), Pass(0.4, 0.5, 7, 896, 0.3)],
            passes=[],
            accuracies=[0.5, 0.6],
        )
        mistaken.append(dataclasses.replace(record, measurement=measured))

    for number in range(rounds):
        for item in chosen:
            if item.style in ("keras_function", "gluon_hybrid"):
                for names in ([], ["drift"], ["inherited_memory"]):
                    mistake(item, number, names)
    mistaken[-1] = dataclasses.replace(mistaken[-1], status=FAILED, reason="it failed", measurement=None)
    first = chosen[0]
    for seed in (1, 2, 3):
        for item in chosen:
            add(item, 0, "seed", 0.5, purpose="accuracy", seed=seed)
    add(first, 0, "goal", 0.5, purpose="goal", goal=0.97)
    failed = dataclasses.replace(records[0], status=FAILED, reason="it failed", measurement=None)
    records[0] = failed
    return Results(
        campaign="a campaign",
        created="2026-11-22T12:00:00.000+00:00",
        package="0.1.0",
        data=DataDescription("small", "made by a test", "0" * 64),
        machine={
            "system": "Linux",
            "processor": "a processor",
            "processors": "2",
            "memory": "8 GB",
            "gpu": "none",
        },
        settings=Settings(
            "default",
            sorted({item.network for item in chosen}),
            sorted({item.style for item in chosen}),
            ["cpu"],
            2,
            0,
            rounds,
            None,
        ),
        parity=[
            Parity(item.network, item.style, item.framework, "cpu", True, "", [2.3, 2.2], [1e-7, 2e-7])
            for item in [*catalogue.select(), *added]
        ],
        environments=[
            EnvironmentDescription(framework, "cpu", "", {"python": "3.11.7"}, 10**9)
            for framework in ("mxnet", "numpy", "tensorflow")
        ],
        records=records,
        mistaken=mistaken,
        mistaken_parity=[
            Parity(
                *("mlp", "gluon_hybrid", "mxnet", "cpu", False, "it differs", [2.3], [1e-3]),
                mistakes=["loss_read_back"],
            )
        ],
        examples=example_outcomes(),
        phrases=[
            PhrasesOutcome(
                *(item.style, item.framework, hashes.source_sha256(phrases.FOLDER / f"{item.style}.py")),
                failures={"step": "it differs"} if item.style == "gluon" else {},
                ran=item.style != "symbol",
            )
            for item in catalogue.implementations(phrases.NETWORK)
        ],
    )


def example_outcomes() -> list[ExampleOutcome]:
    """The outcomes of all examples: one could not run, the others printed something, one with a picture."""
    outcomes = [
        ExampleOutcome(name, hashes.source_sha256(example.path), "it printed this", {"python": "3.11.7"})
        for name, example in concepts.find().items()
    ]
    outcomes[0] = dataclasses.replace(outcomes[0], output="", absent="there is no framework")
    outcomes[1] = dataclasses.replace(outcomes[1], picture={"a row": [[[0.5, -0.5]]]})
    return outcomes


def as_json(results: Results) -> dict[str, Any]:
    """The results as JSON values."""
    values: dict[str, Any] = json.loads(json.dumps(results_to_json(results)))
    return values


def strings(values: Any, name: str = "") -> Iterator[tuple[Any, Any]]:
    """Every text of JSON values that a person is free to choose: its container, and its place in it."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from strings(value, key)
        elif isinstance(value, str) and key not in NAMES and name not in NAMES:
            yield values, key


def fill(values: dict[str, Any]) -> dict[str, Any]:
    """Put a hostile text into every text field, each in turn, and as names into every table of names."""
    cpu = [
        (container, key)
        for container, key in strings(values)
        if key == "device" or container is values["settings"]["devices"]
    ]
    kept = {(id(container), key) for container, key in cpu}
    free = [place for place in strings(values) if (id(place[0]), place[1]) not in kept]
    for number, (container, key) in enumerate(free):
        container[key] = TEXTS[number % len(TEXTS)]
    for number, text in enumerate(TEXTS):
        values["machine"][text] = text
        values["environments"][number % 3]["versions"][text] = text
        for record in values["records"][number :: len(TEXTS)]:
            record["versions"][text] = text
            record["hashes"][text] = text
    # What was run is what there is; a failure would be a warning of the build.
    for outcome, example in zip(values["examples"], example_outcomes(), strict=True):
        outcome |= {"name": example.name, "source_sha256": example.source_sha256, "problem": ""}
        outcome["absent"] = outcome["absent"] if example.absent else ""
        outcome["picture"] = {text: row for text in TEXTS for row in outcome["picture"].values()}
    for outcome in values["phrases"]:
        path = phrases.FOLDER / f"{outcome['style']}.py"
        outcome |= {"source_sha256": hashes.source_sha256(path), "reason": TEXTS[1], "failures": {}}
    # Hashes that agree are told as one.
    for record in values["records"]:
        record["hashes"] |= {"data": SCRIPTS, "initial_parameters": "b", "batch_order": TEXTS[2]}
    values["data"] |= {"name": SCRIPTS, "source": "\n\n".join(TEXTS)}
    values["settings"]["profile"] = SCRIPTS
    values["created"] = "<script>alert(9)</script>"
    # Every style failed the gate, each for another reason.
    for number, judged in enumerate(values["parity"]):
        judged |= {"passed": False, "reason": TEXTS[number % len(TEXTS)]}
    values["records"][0]["reason"] = values["mistaken"][-1]["reason"] = "\n".join(TEXTS)
    values["mistaken_parity"][0]["reason"] = "\n".join(TEXTS)
    # One more, for which there is no such device.
    values["parity"].append({**values["parity"][0], "device": SCRIPTS})
    return values
