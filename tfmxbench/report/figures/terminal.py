"""The output of the command line. The site's quick start shows it with the same functions.

Text in results files may come from somebody else, so it is shown literally and in one line.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from tfmxbench import frameworks
from tfmxbench.records.parity import Parity
from tfmxbench.records.plain_text import one_line
from tfmxbench.records.store import Results

# The columns that a terminal has room for.
HEADINGS = (
    "implementation",
    "device",
    "epoch, s",
    "first epoch, s",
    "peak memory, MB",
    "test accuracy",
    "trials",
)


def plain(text: str) -> Text:
    """Text of a results file, shown literally.

    Rich would interpret square brackets as markup and words between colons as emoji, and it passes escape
    sequences on to the terminal.
    """
    return Text(one_line(text))


def environment(framework: str, device: str, problem: str, versions: Mapping[str, str]) -> Text:
    """A line on an environment: that its framework can run, with the versions, or why it cannot."""
    title = frameworks.load(framework).TITLE
    if problem:
        return plain(f"{title} cannot run on the {device}: {problem}")
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return plain(f"{title} can run on the {device}: {listed}")


def parity_table(parity: Iterable[Parity]) -> Table:
    """The deviations of implementations from the reference, and the gate's verdicts."""
    table = Table(box=box.SIMPLE_HEAD, title="Greatest relative deviations from the float64 reference")
    for heading in ("implementation", "losses", "parameters", "epoch", "accuracy", "verdict"):
        table.add_column(heading, no_wrap=True)
    for result in parity:
        deviations = (result.worst, result.parameters, result.epoch_loss_deviation)
        cells = ["-" if value is None else f"{value:.1e}" for value in deviations]
        accuracy = "-" if result.accuracy is None else f"{result.accuracy:.2%}"
        verdict = "[green]passed[/green]" if result.passed else "[red]failed[/red]"
        name = result.name if result.device == "cpu" else f"{result.name}, {result.device.upper()}"
        table.add_row(plain(name), *cells, accuracy, verdict)
    return table


def results_table(results: Results) -> list[RenderableType]:
    """A campaign's estimates, with the machine and the settings, and the trials that did not complete."""
    # What draws pages is not needed by commands that show no results.
    from tfmxbench.report.figures import tables

    machine, settings = results.machine, results.settings
    processors = f"{settings.threads} of {machine.get('processors', '?')} processors"
    table = Table(
        box=box.SIMPLE_HEAD,
        title=plain(f"{results.data.name}, seed {settings.seed}, profile {settings.profile}"),
        caption=plain(
            f"{machine.get('processor', '?')}, {processors}, "
            f"{machine.get('memory', '?')}, {machine.get('system', '?')}"
        ),
    )
    columns = [column for column in tables.COLUMNS if column.heading in HEADINGS]
    for column in columns:
        table.add_column(
            column.heading,
            justify="left" if column.text else "right",
            overflow="fold",
            no_wrap=column.heading == "implementation",
        )
    for row in tables.rows(results, columns=columns):
        table.add_row(*(plain(cell.brief) for cell in row.cells))
    return [table, *map(plain, tables.failures(results))]


def as_text(parts: Sequence[RenderableType], width: int = 100) -> str:
    """These parts as text, as a terminal of this width without colours shows them."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")
