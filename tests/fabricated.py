"""A site from made-up records: hostile text in every field, another data set, failed trials, added files.

It needs no framework. What the records say is known, so that tests can look for it on the pages.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import types

import hostile
import pytest
from sites import ROOT, build, copied

EXAMPLES = ROOT / "docs" / "extending"
# What the examples of the page on extending add, by name, and the framework that each belongs to.
ADDED = {
    "mlp/keras_train_on_batch": "tensorflow",
    "mlp/autograd_numpy": "autograd",
    "softmax/variables_eager": "tensorflow",
    "softmax/ndarray": "mxnet",
}
# In the environment of the build, and not to be published.
SECRET = "what is in the environment of the build"
# Longer than whatever is measured: a shorter time may be on a page by chance.
SLOW_STYLE, SLOW_PASS = "module", 8.7e6


@dataclasses.dataclass(frozen=True)
class Fabricated:
    """The checkout that the site was built in, the results that it was built from, and the site."""

    checkout: pathlib.Path
    results: pathlib.Path
    site: pathlib.Path


def extended(folder: pathlib.Path) -> pathlib.Path:
    """Put the examples of the page on extending into a checkout, as the page says."""
    for name in ("style", "network", "framework"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(EXAMPLES / name, folder, dirs_exist_ok=True, ignore=ignored)
    return folder


def added_items() -> list[types.SimpleNamespace]:
    """The added implementations, as far as a record names them; this package does not know them."""
    return [
        types.SimpleNamespace(network=network, style=style, framework=framework)
        for (network, style), framework in ((name.split("/"), item) for name, item in ADDED.items())
    ]


@pytest.fixture(scope="session")
def fabricated(tmp_path_factory: pytest.TempPathFactory, make_trial, make_record) -> Fabricated:
    checkout = extended(copied(tmp_path_factory.mktemp("fabricated")))
    path = checkout / "build" / "results.json"
    values = hostile.fill(hostile.as_json(hostile.everything(make_trial, make_record, added=added_items())))
    for judged in values["parity"]:
        if f"{judged['network']}/{judged['style']}" in ADDED:
            judged |= {"passed": True, "reason": ""}
    for record in values["records"]:
        if (record["trial"]["style"], record["trial"]["condition"]) == (SLOW_STYLE, "standard"):
            for item in record["measurement"]["epochs"] + record["measurement"]["passes"]:
                item["wall"] = SLOW_PASS * (1 + record["trial"]["round"] / 100)
    path.write_text(json.dumps(values), encoding="utf-8")
    return Fabricated(checkout, path, build(checkout, path, NOT_TO_BE_PUBLISHED=SECRET))
