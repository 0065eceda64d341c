"""What the commands of the command line do that read results files."""

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
from rich.text import Text

from tfmxbench.analysis import changes
from tfmxbench.analysis.changes import Change
from tfmxbench.records import store
from tfmxbench.records.plain_text import one_line
from tfmxbench.records.schema import read_json

# What the table in the terminal, which is narrow, has room for.
IN_TERMINAL = (
    "implementation",
    "device",
    "epoch, s",
    "first epoch, s",
    "peak memory, MB",
    "test accuracy",
    "trials",
)


def check_place(path: pathlib.Path) -> None:
    """Check that a file can be put there, before any work is done for it.

    Raises
    ------
    ValueError
        If its folder does not exist or takes no files, or it is a folder itself.
    """
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path} cannot be written: {path.parent} is not a folder")
    if path.is_dir():
        raise ValueError(f"{path} cannot be written: it is a folder")
    try:
        # Permissions do not tell everything, and nothing to one who may do all.
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".part"):
            pass
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror} (its folder takes no files)") from None


def check_results_place(path: pathlib.Path) -> None:
    """Check that a results file can be put there, and that it takes the place of nothing else.

    Raises
    ------
    ValueError
        If it cannot be written, or there is a file that is no results file.
    """
    check_place(path)
    if path.exists() and path.stat().st_size:
        try:
            known = "schema_version" in read_json(path)
        except (ValueError, TypeError):
            known = False
        if not known:
            raise ValueError(f"{path} is there already, and is not a results file; name another")


def plain(words: str) -> Text:
    """Text of a results file, to be shown as it is.

    Rich would take square brackets for markup and words between colons for emoji, and it passes escape
    sequences on to the terminal.
    """
    return Text(one_line(words))


def show_command(options: argparse.Namespace) -> int:
    show(store.read_results(options.results))
    return 0


def show(results: store.Results) -> None:
    """Print a campaign's table and what it was measured on."""
    from tfmxbench.report.figures import tables

    console = Console()
    where = results.machine
    settings = results.settings
    processors = f"{settings.threads} of {where.get('processors', '?')} processors"
    table = Table(
        box=box.SIMPLE_HEAD,
        title=plain(f"{results.data.name}, seed {settings.seed}, profile {settings.profile}"),
        caption=plain(
            f"{where.get('processor', '?')}, {processors}, "
            f"{where.get('memory', '?')}, {where.get('system', '?')}"
        ),
    )
    shown = [column for column in tables.COLUMNS if column.heading in IN_TERMINAL]
    for column in shown:
        table.add_column(
            column.heading,
            justify="left" if column.text else "right",
            overflow="fold",
            no_wrap=column.heading == "implementation",
        )
    for row in tables.rows(results, columns=shown):
        table.add_row(*(plain(cell.brief) for cell in row.cells))
    console.print(table)
    for line in tables.failures(results):
        console.print(plain(line))


def export_command(options: argparse.Namespace) -> int:
    from tfmxbench.records import raw_values

    results = store.read_results(options.results)
    check_place(options.output)
    if options.output.exists():
        if options.output.samefile(options.results):
            raise ValueError(f"{options.output} cannot be written: it is the results file itself")
        if not options.force:
            raise ValueError(f"{options.output} is there already; --force replaces it")
    raw_values.write_csv(options.output, results)
    return 0


def compare_command(options: argparse.Namespace) -> int:
    first, second = store.read_results(options.first), store.read_results(options.second)
    try:
        found = changes.compare_campaigns(first, second)
    except ValueError as error:
        raise ValueError(f"{options.first} and {options.second} cannot be compared: {error}") from None
    differs = changes.what_differs(first, second)
    if options.json:
        told = {
            "first": str(options.first),
            "second": str(options.second),
            "implementations": [_without_nan(dataclasses.asdict(item)) for item in found],
            "differs": differs,
        }
        print(json.dumps(told, indent=1, allow_nan=False))
        return 0
    console = Console()
    for place, path, results in (("First", options.first, first), ("Second", options.second, second)):
        measured = results.created[:16].replace("T", " ")
        console.print(plain(f"{place}: {path}, measured from {measured} UTC"))
    console.print(_table_of_differences([item for item in found if not item.reason]))
    console.print(
        "The intervals cover the spread of the trials, not what was different for a whole campaign, "
        "such as the load of the machine.",
        highlight=False,
    )
    _print_list("What differs:", differs or ["Nothing that is recorded."])
    refused = [f"{item.name} on the {item.device.upper()}: {item.reason}" for item in found if item.reason]
    if refused:
        _print_list("Not compared:", refused)
    return 0


def _table_of_differences(compared: Sequence[Change]) -> Table:
    from tfmxbench.report.figures.tables import in_brief, with_interval

    table = Table(
        box=box.SIMPLE_HEAD,
        title="Seconds of a steady epoch, and the ratio of the second to the first",
        caption=f"95% intervals; p is adjusted for {len(compared)} "
        f"{'comparison' if len(compared) == 1 else 'comparisons'} (Holm)",
    )
    table.add_column("implementation", no_wrap=True)
    for heading in ("first, s", "second, s", "ratio", "p"):
        table.add_column(heading, justify="right", min_width=len(heading))
    # The longest word of a verdict, so that none is broken.
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
    """For JSON, which has no NaN: what is not known is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
