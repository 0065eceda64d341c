"""The command line: ``tfmxbench``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import sys
import time
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import tfmxbench
from tfmxbench import frameworks
from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import cache, campaign, environments, gate, machine, runner, store
from tfmxbench.measure.environments import Environment
from tfmxbench.measure.schema import check_trial, read_json
from tfmxbench.measure.trial import Trial, to_json
from tfmxbench.networks import catalogue

CAMPAIGNS = pathlib.Path("build/campaigns")
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TextColumn("{task.fields[remaining]}"),
)
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a caller's mistake ends with one sentence and the exit code 2."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        return code
    except ValueError as error:
        print(f"tfmxbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "tfmxbench: interrupted; finished trials are kept, and the same command goes on from there",
            file=sys.stderr,
        )
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    environ = os.environ
    top = argparse.ArgumentParser(
        prog="tfmxbench",
        description="The same network, trained the same way, in TensorFlow and in MXNet: what it costs.",
        epilog="Environment variables, which the site's build reads too: TFMXBENCH_DATA_DIR (a folder "
        "with the four MNIST files), TFMXBENCH_DATA (auto, mnist, synthetic), TFMXBENCH_CACHE_DIR, "
        "TFMXBENCH_PROFILE, TFMXBENCH_DEVICE, TFMXBENCH_SEED, TFMXBENCH_BUDGET, "
        "TFMXBENCH_PYTHON_TENSORFLOW and TFMXBENCH_PYTHON_MXNET (interpreters to use).",
    )
    top.add_argument("--version", action="version", version=f"tfmxbench {tfmxbench.__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument(
        "--network", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
    )
    chosen.add_argument(
        "--style", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
    )
    placed = argparse.ArgumentParser(add_help=False)
    placed.add_argument(
        "--device",
        default=environ.get("TFMXBENCH_DEVICE", "auto"),
        metavar="auto|cpu|gpu",
        help="auto measures on the GPU too if there is one (default: %(default)s)",
    )

    command = commands.add_parser(
        "list", parents=[chosen, placed], help="what there is, and whether it can run here"
    )
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(command=list_command)

    command = commands.add_parser(
        "environments", parents=[placed], help="make the frameworks' environments, or bring them up to date"
    )
    command.add_argument("--recreate", action="store_true", help="make them again even if they are there")
    command.set_defaults(command=environments_command)

    conditions = argparse.ArgumentParser(add_help=False)
    conditions.add_argument(
        "--profile",
        default=environ.get("TFMXBENCH_PROFILE", "default"),
        metavar="|".join(campaign.PROFILES),
        help="how much is measured (default: %(default)s)",
    )
    conditions.add_argument(
        "--threads", type=count, metavar="N", help="threads of each trial (default: all processors)"
    )
    conditions.add_argument(
        "--seed",
        type=seed,
        default=environ.get("TFMXBENCH_SEED", "0"),
        metavar="N",
        help="for initial values, batches and the order of trials (default: %(default)s)",
    )

    command = commands.add_parser(
        "parity",
        parents=[chosen, placed, conditions],
        help="prove that the implementations compute the same",
        description="Holds each implementation against the NumPy reference in float64: logits, the loss "
        "of each of the first 50 steps, the parameters after them, the loss and accuracy of the first "
        "epoch. Exits with 1 if one differs by more than its bar.",
    )
    command.add_argument("--steps-only", action="store_true", help="leave out the whole epoch")
    command.set_defaults(command=parity_command)

    command = commands.add_parser(
        "run",
        parents=[chosen, placed, conditions],
        help="measure: rounds of trials in random order",
        description="Passes the parity gate, then measures rounds of trials, each in a fresh process, and "
        "shows a table. Finished trials are kept in build/campaigns: the same command goes on where it "
        "was interrupted.",
    )
    long = command.add_mutually_exclusive_group()
    long.add_argument("--rounds", type=count, metavar="N", help="exactly so many rounds")
    long.add_argument(
        "--budget",
        type=seconds,
        default=environ.get("TFMXBENCH_BUDGET"),
        metavar="TIME",
        help="rounds while they fit in this time, such as 90s, 30m or 2h; the profile's number at least",
    )
    command.add_argument("--fresh", action="store_true", help="measure anew what was measured before")
    command.add_argument("--output", type=pathlib.Path, metavar="FILE", help="write the results here")
    command.set_defaults(command=run_command)

    command = commands.add_parser("show", help="a results file as a table")
    command.add_argument("results", type=pathlib.Path, metavar="FILE")
    command.set_defaults(command=show_command)

    command = commands.add_parser("trial", help="repeat one trial from its JSON file, and print its record")
    command.add_argument("trial", type=pathlib.Path, metavar="FILE")
    command.set_defaults(command=trial_command)
    return top


def count(text: str) -> int:
    """A number of things, at least 1 and at most a million."""
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000000")
    return int(text)


def seed(text: str) -> int:
    """A seed, 0 to 2**32 - 1."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def seconds(text: str) -> float:
    """A time such as ``90s``, ``30m`` or ``2h``, in seconds."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])", text.strip())
    if not match or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 30m or 2h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def find_environments(devices: Sequence[str], names: Sequence[str]) -> dict[tuple[str, str], Environment]:
    """The environments of the named frameworks, each tried, by framework and device."""
    return {(name, device): environments.find(name, device) for device in devices for name in names}


def list_command(options: argparse.Namespace) -> int:
    chosen = catalogue.select(options.network, options.style)
    devices = environments.devices(options.device)
    found = find_environments(devices, sorted({item.framework for item in chosen}))
    rows = [
        {
            "network": item.network,
            "style": item.style,
            "framework": item.framework,
            "level": item.level,
            "paradigm": item.paradigm,
            "summary": item.summary,
            "devices": {device: found[item.framework, device].problem or "can run" for device in devices},
        }
        for item in chosen
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    table = Table(title=f"{len(rows)} implementations")
    headings = ("network", "style", "framework", "level", "paradigm")
    for heading in (*headings, *(f"on the {device}" for device in devices)):
        table.add_column(heading, overflow="fold")
    problems = {}
    for row, item in zip(rows, chosen, strict=True):
        cells = []
        for device in devices:
            problem = found[item.framework, device].problem
            cells.append("[red]cannot run[/red]" if problem else "[green]can run[/green]")
            if problem:
                problems[frameworks.load(item.framework).TITLE, device] = problem
        table.add_row(*(str(row[key]) for key in headings), *cells)
    console = Console()
    console.print(table)
    for (title, device), problem in problems.items():
        console.print(f"{title} cannot run on the {device}: {problem}", markup=False)
    return 0


def environments_command(options: argparse.Namespace) -> int:
    console = Console()
    working = 0
    for device in environments.devices(options.device):
        for name in sorted({item.framework for item in catalogue.select()}):
            title = frameworks.load(name).TITLE
            found = environments.create(name, device, anew=options.recreate, report=console.print)
            if found.problem:
                console.print(f"{title} cannot run on the {device}: {found.problem}", markup=False)
            else:
                listed = ", ".join(f"{key} {value}" for key, value in found.versions.items())
                console.print(f"{title} can run on the {device}: {listed}", markup=False)
                working += 1
    if not working:
        print("tfmxbench: no framework can run here", file=sys.stderr)
    return 0 if working else 1


def run_command(options: argparse.Namespace) -> int:
    if options.output is not None:
        if not options.output.absolute().parent.is_dir():
            raise ValueError(f"{options.output} cannot be written: {options.output.parent} is not a folder")
        if options.output.is_dir():
            raise ValueError(f"{options.output} cannot be written: it is a folder")
    settings, chosen = settings_from(options)
    bench = prepare(settings, chosen)
    planned = campaign.Campaign(
        settings=settings,
        implementations=chosen,
        environments=bench.environments,
        data=bench.data,
        data_path=bench.data_path,
        machine=machine.describe(),
        parity=compare(bench, settings, chosen),
        root=CAMPAIGNS,
    )
    if options.fresh:
        planned.forget()
    interrupted = False
    try:
        follow(planned)
    except KeyboardInterrupt:
        interrupted = True
    results = planned.results()
    if options.output is not None:
        store.write_results(options.output, results)
    show(results)
    if interrupted:
        raise KeyboardInterrupt
    return 0


def parity_command(options: argparse.Namespace) -> int:
    settings, chosen = settings_from(options)
    found = compare(prepare(settings, chosen), settings, chosen, epochs=0 if options.steps_only else 1)
    table = Table(box=box.SIMPLE_HEAD, title="Greatest relative deviations from the float64 reference")
    for heading in ("implementation", "device", "losses", "parameters", "epoch loss", "accuracy", "verdict"):
        table.add_column(heading, no_wrap=True)
    for item in found:
        figures = (item.worst, item.parameters, item.epoch_loss_deviation)
        shown = ["-" if value is None else f"{value:.1e}" for value in figures]
        accuracy = "-" if item.accuracy is None else f"{item.accuracy:.2%}"
        verdict = "[green]passed[/green]" if item.passed else "[red]failed[/red]"
        table.add_row(item.name, item.device, *shown, accuracy, verdict)
    console = Console()
    console.print(table)
    failed = [item for item in found if not item.passed]
    for item in failed:
        console.print(f"{item.name} on the {item.device}: {item.reason}", markup=False)
    missing = len(chosen) * len(settings.devices) - len(found)
    if missing:
        console.print(f"{missing} could not be compared, since their framework cannot run here")
    return 1 if failed or missing else 0


@dataclasses.dataclass(frozen=True)
class Bench:
    """What measuring needs besides settings: the environments and the data.

    Attributes
    ----------
    environments : dict of (str, str) to Environment
        By framework and device.
    data : store.DataDescription
    data_path : pathlib.Path
    """

    environments: dict[tuple[str, str], Environment]
    data: store.DataDescription
    data_path: pathlib.Path


def settings_from(options: argparse.Namespace) -> tuple[store.Settings, list[catalogue.Implementation]]:
    """What the options ask for.

    Raises
    ------
    ValueError
        If they name something that does not exist, or ask for more than the machine has.
    """
    if options.profile not in campaign.PROFILES:
        raise ValueError(f"there is no profile {options.profile!r}; there are {', '.join(campaign.PROFILES)}")
    chosen = catalogue.select(options.network, options.style)
    devices = environments.devices(options.device)
    available = machine.processors()
    threads = options.threads or available
    if threads > available:
        raise ValueError(f"{threads} threads were asked for; this machine offers {available} processors")
    profile = campaign.PROFILES[options.profile]
    rounds, budget = getattr(options, "rounds", None), getattr(options, "budget", None)
    settings = store.Settings(
        profile=options.profile,
        networks=sorted({item.network for item in chosen}),
        styles=sorted({item.style for item in chosen}),
        devices=devices,
        threads=threads,
        seed=options.seed,
        rounds=rounds or profile.rounds,
        budget=None if rounds else budget or profile.budget,
    )
    return settings, chosen


def prepare(settings: store.Settings, chosen: Sequence[catalogue.Implementation]) -> Bench:
    """Find the environments and the data."""
    from tfmxbench.measure import data

    console = Console(stderr=True)
    names = sorted({item.framework for item in chosen})
    found = find_environments(settings.devices, names) | find_environments(["cpu"], ["numpy"])
    for environment in found.values():
        if environment.problem:
            title = frameworks.load(environment.framework).TITLE
            console.print(f"{title} on the {environment.device}: {environment.problem}", markup=False)
    dataset = data.load_from_environment()
    console.print(f"Data: {dataset.name} ({dataset.source})", markup=False)
    described = store.DataDescription(dataset.name, dataset.source, dataset.sha256)
    return Bench(found, described, data.prepare(dataset, cache.folder() / "prepared"))


def compare(
    bench: Bench,
    settings: store.Settings,
    chosen: Sequence[catalogue.Implementation],
    epochs: int | None = None,
) -> list[Parity]:
    """Run the parity gate and show how far it is."""
    profile = campaign.PROFILES[settings.profile]
    passing = gate.Gate(
        environments=bench.environments,
        data_name=bench.data.name,
        data_sha256=bench.data.sha256,
        data_path=bench.data_path,
        threads=settings.threads,
        seed=settings.seed,
        epochs=profile.parity_epochs if epochs is None else epochs,
        cache=cache.folder() / "parity",
    )
    found: list[Parity] = []
    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        total = len(chosen) * len(settings.devices)
        shown = progress.add_task("parity", total=total, remaining="")
        for implementation, device, judged in passing.run(chosen, settings.devices):
            if judged is None:
                progress.update(shown, description=f"parity: {implementation.name} on the {device}")
                continue
            found.append(judged)
            progress.advance(shown)
            if not judged.passed:
                progress.console.print(f"{judged.name} failed: {judged.reason}", markup=False)
    return found


def follow(planned: campaign.Campaign) -> None:
    """Run a campaign and show how far it is."""
    console = Console(stderr=True)
    with Progress(*COLUMNS, console=console) as progress:
        shown = progress.add_task("", total=None, remaining="")
        for trial, record in planned.run():
            known = planned.progress()
            remaining = f"about {known.remaining:.0f} s left" if known.remaining else ""
            progress.update(shown, completed=known.completed, total=known.total, remaining=remaining)
            if record is None:
                progress.update(shown, description=f"round {trial.round + 1}: {trial.implementation}")
            elif not record.completed:
                progress.console.print(f"{trial.identifier}: {record.reason}", markup=False)
            elif not console.is_terminal:
                told = f"{time.strftime('%H:%M:%S')} {trial.identifier}: {record.seconds:.1f} s {remaining}"
                progress.console.print(told, markup=False)


def show_command(options: argparse.Namespace) -> int:
    show(store.read_results(options.results))
    return 0


def show(results: store.Results) -> None:
    """Print a campaign's table and what it was measured on."""
    from tfmxbench.report import tables

    console = Console()
    where = results.machine
    settings = results.settings
    processors = f"{settings.threads} of {where.get('processors', '?')} processors"
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{escape(results.data.name)}, seed {settings.seed}, profile {escape(settings.profile)}",
        caption=escape(
            f"{where.get('processor', '?')}, {processors}, "
            f"{where.get('memory', '?')}, {where.get('system', '?')}"
        ),
    )
    shown = [number for number, column in enumerate(tables.COLUMNS) if column.heading in IN_TERMINAL]
    for number in shown:
        column = tables.COLUMNS[number]
        table.add_column(
            column.heading,
            justify="left" if column.text else "right",
            overflow="fold",
            no_wrap=column.heading == "implementation",
        )
    for row in tables.rows(results):
        table.add_row(*(escape(row.cells[number].brief) for number in shown))
    console.print(table)
    for line in tables.failures(results):
        console.print(line, markup=False)


def trial_command(options: argparse.Namespace) -> int:
    try:
        values = read_json(options.trial)
        check_trial(values)
    except ValueError as error:
        raise ValueError(f"{options.trial} is not a trial: {error}") from None
    trial = Trial(**values)
    record = runner.repeat(trial)
    print(json.dumps(to_json(record), indent=1))
    return 0 if record.completed else 1
