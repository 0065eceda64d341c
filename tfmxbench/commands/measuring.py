"""What the commands of the command line do."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import pathlib
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tfmxbench import frameworks
from tfmxbench.commands.results import check_results_place, plain, show
from tfmxbench.measure import campaign, gate, plan, profiles
from tfmxbench.networks import catalogue
from tfmxbench.processes import cache, ending, environments, machine, pool, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers, store
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_trial, read_json
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.trial import Trial, to_json

# Of the process that tries an environment.
PROBE_THREADS = 1
CAMPAIGNS = pathlib.Path("build/campaigns")
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TextColumn("{task.fields[remaining]}"),
)


def find_environments(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Environment]:
    """Environments by framework and device, in the given order; they are tried several at a time."""
    jobs = [(key, functools.partial(environments.find, *key)) for key in wanted]
    with contextlib.closing(pool.run(jobs, PROBE_THREADS)) as answers:
        found = dict(answers)
    return {key: found[key] for key, _ in jobs}


def list_command(options: argparse.Namespace) -> int:
    chosen = catalogue.select(options.network, options.style)
    devices = environments.devices(options.device)
    names = sorted({item.framework for item in chosen})
    found = find_environments((name, device) for device in devices for name in names)
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
        console.print(plain(f"{title} cannot run on the {device}: {problem}"))
    for environment in found.values():
        tell_unpinned(console, environment)
    return 0


def environments_command(options: argparse.Namespace) -> int:
    console = Console()
    working = 0
    names = sorted({item.framework for item in catalogue.select()})
    wanted = [(name, device) for device in environments.devices(options.device) for name in names]
    wanted.append((frameworks.TOGETHER, "cpu"))
    for name, device in wanted:
        environments.make(name, device, anew=options.recreate, report=console.print)
    if options.make_only:
        found = {key: environments.look_for(*key) for key in wanted}
    else:
        found = find_environments(wanted)
    for (name, device), environment in found.items():
        title = frameworks.load(name).TITLE
        if environment.problem:
            console.print(plain(f"{title} cannot run on the {device}: {environment.problem}"))
            continue
        working += name != frameworks.TOGETHER
        if options.make_only:
            console.print(plain(f"{title} ({device}): {environment.interpreter}"))
        else:
            listed = ", ".join(f"{key} {value}" for key, value in environment.versions.items())
            console.print(plain(f"{title} can run on the {device}: {listed}"))
            tell_unpinned(console, environment)
    if not working:
        print("tfmxbench: no framework can run here", file=sys.stderr)
    return 0 if working else 1


def tell_unpinned(console: Console, found: Environment) -> None:
    """Say so if an environment has other versions than those that this package is made for."""
    other = environments.unpinned(found.framework, found.device, found.versions)
    if other:
        title = frameworks.load(found.framework).TITLE
        console.print(plain(f"{title} on the {found.device} is not the pinned version: {other}"))


def run_command(options: argparse.Namespace) -> int:
    if options.output is not None:
        check_results_place(options.output)
    settings, chosen = settings_from(options)
    bench = prepare(settings, chosen)
    questions = [gate.Question(item, device) for device in settings.devices for item in chosen]
    questions += plan.other_batch_sizes(settings, chosen)
    about_mistakes = plan.mistaken_questions(settings, chosen)
    found = compare(bench, settings, [*questions, *about_mistakes])
    planned = campaign.Campaign(
        settings=settings,
        implementations=chosen,
        environments=bench.environments,
        data=bench.data,
        data_path=bench.data_path,
        machine=machine.describe(),
        parity=[found[question] for question in questions if question in found],
        root=CAMPAIGNS,
        mistaken_parity=[found[question] for question in about_mistakes if question in found],
    )
    interrupted = None
    try:
        with planned.alone(lambda line: Console(stderr=True).print(plain(line))):
            if options.fresh:
                planned.forget()
            follow(planned)
    except KeyboardInterrupt as error:
        interrupted = error
    results = planned.results()
    if options.output is not None:
        store.write_results(options.output, results)
    show(results)
    if interrupted is not None:
        raise interrupted
    return 0


def parity_command(options: argparse.Namespace) -> int:
    settings, chosen = settings_from(options)
    questions = [gate.Question(item, device) for device in settings.devices for item in chosen]
    answers = compare(prepare(settings, chosen), settings, questions, epochs=0 if options.steps_only else 1)
    found = [answers[question] for question in questions if question in answers]
    table = Table(box=box.SIMPLE_HEAD, title="Greatest relative deviations from the float64 reference")
    for heading in ("implementation", "losses", "parameters", "epoch", "accuracy", "verdict"):
        table.add_column(heading, no_wrap=True)
    for item in found:
        figures = (item.worst, item.parameters, item.epoch_loss_deviation)
        shown = ["-" if value is None else f"{value:.1e}" for value in figures]
        accuracy = "-" if item.accuracy is None else f"{item.accuracy:.2%}"
        verdict = "[green]passed[/green]" if item.passed else "[red]failed[/red]"
        name = item.name if item.device == "cpu" else f"{item.name}, {item.device.upper()}"
        table.add_row(name, *shown, accuracy, verdict)
    console = Console()
    console.print(table)
    failed = [item for item in found if not item.passed]
    for item in failed:
        console.print(plain(f"{item.name} on the {item.device}: {item.reason}"))
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
    data : DataDescription
    data_path : pathlib.Path
    """

    environments: dict[tuple[str, str], Environment]
    data: DataDescription
    data_path: pathlib.Path


def settings_from(options: argparse.Namespace) -> tuple[Settings, list[catalogue.Implementation]]:
    """What the options ask for.

    Raises
    ------
    ValueError
        If they name something that does not exist, or ask for more than the machine has.
    """
    if options.profile not in profiles.PROFILES:
        raise ValueError(catalogue.unknown("profile", options.profile, list(profiles.PROFILES)))
    chosen = catalogue.select(options.network, options.style)
    devices = environments.devices(options.device)
    runner.memory_limit()
    available = machine.processors()
    threads = options.threads or available
    if threads > available:
        raise ValueError(f"{threads} threads were asked for; this machine offers {available} processors")
    profile = profiles.PROFILES[options.profile]
    rounds, budget = getattr(options, "rounds", None), getattr(options, "budget", None)
    settings = Settings(
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


def prepare(settings: Settings, chosen: Sequence[catalogue.Implementation]) -> Bench:
    """Find the environments and the data; clear away what runs that were killed have left."""
    from tfmxbench import data

    ending.end_orphans()
    folder = cache.folder()
    leftovers.remove(pathlib.Path(tempfile.gettempdir()), "tfmxbench-*")
    for name in ("prepared", "synthetic-digits", "parity"):
        leftovers.remove(folder / name)
    console = Console(stderr=True)
    names = sorted({item.framework for item in chosen})
    wanted = [(name, device) for device in settings.devices for name in names]
    wanted.append(("numpy", "cpu"))
    if profiles.PROFILES[settings.profile].mistakes != "none":
        wanted.append((frameworks.TOGETHER, "cpu"))
    found = find_environments(wanted)
    for environment in found.values():
        if environment.problem:
            title = frameworks.load(environment.framework).TITLE
            console.print(plain(f"{title} on the {environment.device}: {environment.problem}"))
        tell_unpinned(console, environment)
    dataset = data.load_from_environment()
    console.print(plain(f"Data: {dataset.name} ({dataset.source})"))
    described = DataDescription(dataset.name, dataset.source, dataset.sha256)
    return Bench(found, described, data.prepare(dataset, folder / "prepared"))


def compare(
    bench: Bench,
    settings: Settings,
    questions: Sequence[gate.Question],
    epochs: int | None = None,
) -> dict[gate.Question, Parity]:
    """Run the parity gate, and show how far it is; where a framework cannot run there is no answer."""
    profile = profiles.PROFILES[settings.profile]
    passing = gate.Gate(
        environments=bench.environments,
        data_name=bench.data.name,
        data_sha256=bench.data.sha256,
        data_path=bench.data_path,
        # Nothing is timed: one thread each, and as many processes as there are processors.
        threads=1,
        seed=settings.seed,
        epochs=int(profile.parity_epoch) if epochs is None else epochs,
        cache=cache.folder() / "parity",
    )
    found: dict[gate.Question, Parity] = {}
    console = Console(stderr=True)
    with (
        progress_bar(console) as progress,
        # What is running is ended at once, also when it is not there that an interrupt comes.
        contextlib.closing(passing.run(questions)) as answers,
    ):
        shown = progress.add_task("parity", total=len(questions), remaining="")
        for question, judged in answers:
            found[question] = judged
            progress.update(shown, advance=1, description=f"parity: {judged.name}")
            if not judged.passed and not judged.mistakes:
                progress.console.print(plain(f"{judged.name} failed: {judged.reason}"))
            elif not console.is_terminal:
                size = f", batches of {judged.batch_size}" if judged.batch_size else ""
                if judged.mistakes:
                    size = f", with the mistake {', '.join(judged.mistakes)}"
                place = f"{len(found)} of {len(questions)}"
                told = f"{time.strftime('%H:%M:%S')} parity {place}: {judged.name}{size}"
                progress.console.print(plain(told))
    return found


def progress_bar(console: Console) -> Progress:
    """A bar that shows how far it is, and takes next to nothing from what is measured meanwhile."""
    return Progress(*COLUMNS, console=console, auto_refresh=console.is_terminal, refresh_per_second=1)


def follow(planned: campaign.Campaign) -> None:
    """Run a campaign and show how far it is."""
    console = Console(stderr=True)
    ended = planned.stored()
    with progress_bar(console) as progress:
        shown = progress.add_task("", total=None, remaining="")

        def tell() -> str:
            known = planned.progress(ended)
            remaining = f"about {known.remaining:.0f} s left" if known.remaining else ""
            progress.update(shown, completed=known.completed, total=known.total, remaining=remaining)
            return remaining

        tell()
        for trial, record in planned.run():
            if record is None:
                progress.update(shown, description=f"round {trial.round + 1}: {trial.implementation}")
                continue
            ended.append(record)
            if not plan.is_of_a_round(trial):
                progress.update(shown, description=f"not timed: {trial.implementation}")
            remaining = tell()
            if not record.completed:
                progress.console.print(plain(f"{trial.identifier}: {record.reason}"))
            elif not console.is_terminal:
                told = f"{time.strftime('%H:%M:%S')} {trial.identifier}: {record.seconds:.1f} s {remaining}"
                progress.console.print(plain(told))


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
