"""The commands that read results files: show, compare and export."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tfmxbench.analysis import changes
from tfmxbench.analysis.changes import Change
from tfmxbench.records import store
from tfmxbench.records.schema import read_json
from tfmxbench.report.figures import terminal
from tfmxbench.report.figures.terminal import plain


def check_place(path: pathlib.Path) -> None:
    """Check that a file can be written there, before any work is done for it.

    Raises
    ------
    ValueError
        If the folder does not exist or does not accept files, or the path is a folder itself.
    """
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path} cannot be written: {path.parent} is not a folder")
    if path.is_dir():
        raise ValueError(f"{path} cannot be written: it is a folder")
    try:
        # Permission bits are not conclusive, and root ignores them.
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".part"):
            pass
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written: {error.strerror} (its folder does not accept files)"
        ) from None


def check_results_place(path: pathlib.Path) -> None:
    """Check that a results file can be written there, and that it replaces no other kind of file.

    Raises
    ------
    ValueError
        If it cannot be written, or the path is a file that is not a results file.
    """
    check_place(path)
    if path.exists() and path.stat().st_size:
        try:
            is_results = "schema_version" in read_json(path)
        except (ValueError, TypeError):
            is_results = False
        if not is_results:
            raise ValueError(f"{path} exists already and is not a results file; name another file")


def show_command(options: argparse.Namespace) -> int:
    show(store.read_results(options.results))
    return 0


def show(results: store.Results) -> None:
    """Print a campaign's table, the machine and the settings."""
    console = Console()
    for part in terminal.results_table(results):
        console.print(part)


def export_command(options: argparse.Namespace) -> int:
    from tfmxbench.records import raw_values

    results = store.read_results(options.results)
    check_place(options.output)
    if options.output.exists():
        if options.output.samefile(options.results):
            raise ValueError(f"{options.output} cannot be written: it is the results file itself")
        if not options.force:
            raise ValueError(f"{options.output} exists already; --force replaces it")
    raw_values.write_csv(options.output, results)
    return 0


def compare_command(options: argparse.Namespace) -> int:
    first, second = store.read_results(options.first), store.read_results(options.second)
    try:
        comparisons = changes.compare_campaigns(first, second)
    except ValueError as error:
        raise ValueError(f"{options.first} and {options.second} cannot be compared: {error}") from None
    differs = changes.what_differs(first, second)
    if options.json:
        document = {
            "first": str(options.first),
            "second": str(options.second),
            "implementations": [_without_nan(dataclasses.asdict(item)) for item in comparisons],
            "differs": differs,
        }
        print(json.dumps(document, indent=1, allow_nan=False))
        return 0
    console = Console()
    for place, path, results in (("First", options.first, first), ("Second", options.second, second)):
        measured = results.created[:16].replace("T", " ")
        console.print(plain(f"{place}: {path}, measured from {measured} UTC"))
    console.print(_table_of_differences([item for item in comparisons if not item.reason]))
    console.print(
        "The intervals cover the spread of the trials, but not what differed for a whole campaign, "
        "such as the load of the machine.",
        highlight=False,
    )
    _print_list("What differs:", differs or ["Nothing recorded differs."])
    not_compared = [
        f"{item.name} on the {item.device.upper()}: {item.reason}" for item in comparisons if item.reason
    ]
    if not_compared:
        _print_list("Not compared:", not_compared)
    return 0


def _table_of_differences(compared: Sequence[Change]) -> Table:
    from tfmxbench.report.figures.tables import in_brief, with_interval

    table = Table(
        box=box.SIMPLE_HEAD,
        title="Seconds per epoch, after warm-up, and the ratio of the second to the first",
        caption=f"95% intervals; p is adjusted for {len(compared)} "
        f"{'comparison' if len(compared) == 1 else 'comparisons'} (Holm)",
    )
    table.add_column("implementation", no_wrap=True)
    for heading in ("first, s", "second, s", "ratio", "p"):
        table.add_column(heading, justify="right", min_width=len(heading))
    # As wide as the longest word of a verdict, so that no word is broken.
    table.add_column("the second is", min_width=len("difference"))
    for item in compared:
        name = item.name if item.device == "cpu" else f"{item.name}, {item.device.upper()}"
        table.add_row(
            plain(name),
            in_brief(item.first),
            in_brief(item.second),
            with_interval(item.ratio),
            "-" if math.isnan(item.adjusted) else f"{item.adjusted:.2g}",
            item.verdict,
        )
    return table


def _print_list(title: str, lines: Sequence[str]) -> None:
    console = Console()
    console.print(f"\n{title}")
    for line in lines:
        console.print(plain(f"- {line}"))


def _without_nan(value: Any) -> Any:
    """Replace NaN, which JSON lacks, by null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
