"""The commands that run processes: list, environments, parity, run and trial."""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tfmxbench import frameworks, phrases
from tfmxbench.commands.results import check_results_place, show
from tfmxbench.examples import concepts
from tfmxbench.examples.phrases import Phrasebook
from tfmxbench.measure import plan, preparation, profiles
from tfmxbench.measure.campaign import Campaign
from tfmxbench.measure.gate import ParityCheck
from tfmxbench.measure.preparation import Bench
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import cache, environments, machine, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import store
from tfmxbench.records.outcomes import ExampleOutcome, PhrasesOutcome
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import Settings
from tfmxbench.records.trial import to_json
from tfmxbench.report.figures import terminal
from tfmxbench.report.figures.terminal import plain

CAMPAIGNS = pathlib.Path("build/campaigns")
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TextColumn("{task.fields[remaining]}"),
)


def list_command(options: argparse.Namespace) -> int:
    chosen = catalogue.select(options.network, options.style)
    devices = environments.devices(options.device)
    names = sorted({item.framework for item in chosen})
    by_key = environments.find_all((name, device) for device in devices for name in names)
    rows = [
        {
            "network": item.network,
            "style": item.style,
            "framework": item.framework,
            "level": item.level,
            "paradigm": item.paradigm,
            "summary": item.summary,
            "devices": {device: by_key[item.framework, device].problem or "can run" for device in devices},
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
    for row, item in zip(rows, chosen, strict=True):
        problems = [by_key[item.framework, device].problem for device in devices]
        cells = ["[red]cannot run[/red]" if problem else "[green]can run[/green]" for problem in problems]
        table.add_row(*(str(row[key]) for key in headings), *cells)
    console = Console()
    console.print(table)
    for environment in by_key.values():
        print_problem(console, environment)
        print_unpinned(console, environment)
    return 0


def environments_command(options: argparse.Namespace) -> int:
    console = Console()
    names = sorted({item.framework for item in catalogue.select()})
    keys = [(name, device) for device in environments.devices(options.device) for name in names]
    keys.append((frameworks.TOGETHER, "cpu"))
    for name, device in keys:
        environments.make(name, device, recreate=options.recreate, report=console.print)
    if options.make_only:
        by_key = {key: environments.look_for(*key) for key in keys}
    else:
        by_key = environments.find_all(keys)
    for (name, device), environment in by_key.items():
        if options.make_only and not environment.problem:
            title = frameworks.load(name).TITLE
            console.print(plain(f"{title} ({device}): {environment.interpreter}"))
            continue
        console.print(terminal.environment(name, device, environment.problem, environment.versions))
        if not environment.problem:
            print_unpinned(console, environment)
    if any(name != frameworks.TOGETHER and not item.problem for (name, _), item in by_key.items()):
        return 0
    print("tfmxbench: no framework can run here", file=sys.stderr)
    return 1


def print_problem(console: Console, environment: Environment) -> None:
    """Say why a framework cannot run in its environment, if it cannot."""
    if environment.problem:
        console.print(
            terminal.environment(environment.framework, environment.device, environment.problem, {})
        )


def print_unpinned(console: Console, environment: Environment) -> None:
    """Warn if an environment has other versions than the pinned ones."""
    unpinned = environments.unpinned(environment.framework, environment.device, environment.versions)
    if unpinned:
        title = frameworks.load(environment.framework).TITLE
        console.print(plain(f"{title} on the {environment.device} is not the pinned version: {unpinned}"))


def run_command(options: argparse.Namespace) -> int:
    if options.output is not None:
        check_results_place(options.output)
    settings, chosen = settings_from(options)
    bench = prepare(settings, chosen)
    parity = compare(bench, settings, preparation.checks(settings, chosen))
    campaign = preparation.campaign(bench, settings, chosen, parity, CAMPAIGNS)
    examples, phrase_outcomes = run_examples(bench, chosen)
    interrupted = None
    try:
        with campaign.alone(lambda line: Console(stderr=True).print(plain(line))):
            if options.fresh:
                campaign.forget()
            follow(campaign)
    except KeyboardInterrupt as error:
        interrupted = error
    results = campaign.results(examples, phrase_outcomes)
    if options.output is not None:
        store.write_results(options.output, results)
    show(results)
    if interrupted is not None:
        raise interrupted
    return 0


def parity_command(options: argparse.Namespace) -> int:
    settings, chosen = settings_from(options)
    checks = preparation.plain_checks(settings, chosen)
    parity = compare(prepare(settings, chosen), settings, checks, epochs=0 if options.steps_only else 1)
    table = terminal.parity_table(parity.values())
    console = Console()
    console.print(table)
    failed = [result for result in parity.values() if not result.passed]
    for result in failed:
        console.print(plain(f"{result.name} on the {result.device}: {result.reason}"))
    missing = len(checks) - len(parity)
    if missing:
        console.print(f"{missing} could not be compared, since their framework cannot run here")
    return 1 if failed or missing else 0


def settings_from(options: argparse.Namespace) -> tuple[Settings, list[Implementation]]:
    """The settings that the options ask for.

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
        raise ValueError(f"{threads} threads were requested; this machine offers {available} processors")
    rounds, budget = getattr(options, "rounds", None), getattr(options, "budget", None)
    settings = preparation.settings(
        options.profile, chosen, devices, threads, options.seed, rounds=rounds, budget=budget
    )
    return settings, chosen


def prepare(settings: Settings, chosen: Sequence[Implementation]) -> Bench:
    """Find the environments and the data, and say what is missing."""
    preparation.remove_leftovers()
    console = Console(stderr=True)
    by_key = preparation.find_environments(settings, chosen)
    for environment in by_key.values():
        print_problem(console, environment)
        print_unpinned(console, environment)
    return preparation.prepare(by_key, lambda line: console.print(plain(line)))


def compare(
    bench: Bench, settings: Settings, checks: Sequence[ParityCheck], epochs: int | None = None
) -> dict[ParityCheck, Parity]:
    """Run the parity gate and show its progress; a check whose framework cannot run has no result."""
    gate = preparation.parity_gate(bench, settings, epochs)
    results: dict[ParityCheck, Parity] = {}
    console = Console(stderr=True)
    with (
        progress_bar(console) as progress,
        # Processes that run are ended at once, also if an interrupt comes elsewhere.
        contextlib.closing(gate.run(checks)) as answers,
    ):
        task = progress.add_task("parity", total=len(checks), remaining="")
        for check, result in answers:
            results[check] = result
            progress.update(task, advance=1, description=f"parity: {result.name}")
            if not result.passed and not result.mistakes:
                progress.console.print(plain(f"{result.name} failed: {result.reason}"))
            elif not console.is_terminal:
                size = f", batches of {result.batch_size}" if result.batch_size else ""
                if result.mistakes:
                    size = f", with the mistake {', '.join(result.mistakes)}"
                place = f"parity {len(results)} of {len(checks)}"
                progress.console.print(plain(f"{time.strftime('%H:%M:%S')} {place}: {result.name}{size}"))
    return {check: results[check] for check in checks if check in results}


def run_examples(
    bench: Bench, chosen: Sequence[Implementation]
) -> tuple[list[ExampleOutcome], list[PhrasesOutcome]]:
    """Run the examples of the concept pages, and the phrases of the chosen styles.

    The examples are part of a run of everything; phrases belong to one network.
    """
    by_framework = {name: item for (name, device), item in bench.environments.items() if device == "cpu"}
    everything = {item.name for item in chosen} == {item.name for item in catalogue.select()}
    examples = concepts.find() if everything else {}
    styles = [item for item in chosen if item.network == phrases.NETWORK]
    if not examples and not styles:
        return [], []
    total = len(examples) + len(styles)
    outcomes: list[ExampleOutcome] = []
    phrase_outcomes: list[PhrasesOutcome] = []
    console = Console(stderr=True)
    with (
        progress_bar(console) as progress,
        contextlib.closing(concepts.run(examples, by_framework, cache.folder() / "examples")) as ended,
        contextlib.closing(Phrasebook(by_framework, cache.folder() / "phrases").run(styles)) as checked,
    ):
        task = progress.add_task("examples", total=total, remaining="")

        def advance(name: str, problem: str) -> None:
            progress.update(task, advance=1, description=name)
            if problem:
                progress.console.print(plain(f"{name}: {problem}"))
            elif not console.is_terminal:
                place = f"{len(outcomes) + len(phrase_outcomes)} of {total}"
                progress.console.print(plain(f"{time.strftime('%H:%M:%S')} {place}: {name}"))

        for outcome in ended:
            outcomes.append(outcome)
            advance(f"example {outcome.name}", outcome.problem)
        for phrase_outcome in checked:
            phrase_outcomes.append(phrase_outcome)
            problem = problem_of(phrase_outcome) if phrase_outcome.ran else ""
            advance(f"phrases {phrase_outcome.style}", problem)
    return sorted(outcomes, key=lambda item: item.name), sorted(phrase_outcomes, key=lambda item: item.style)


def problem_of(outcome: PhrasesOutcome) -> str:
    """Everything that went wrong with a style's phrases, in one line."""
    return outcome.reason or "; ".join(f"{name}: {reason}" for name, reason in outcome.failures.items())


def progress_bar(console: Console) -> Progress:
    """A progress bar that takes almost no time from what is measured meanwhile."""
    return Progress(*COLUMNS, console=console, auto_refresh=console.is_terminal, refresh_per_second=1)


def follow(campaign: Campaign) -> None:
    """Run a campaign and show its progress."""
    console = Console(stderr=True)
    ended = campaign.stored()
    with progress_bar(console) as progress:
        task = progress.add_task("", total=None, remaining="")

        def update() -> str:
            state = campaign.progress(ended)
            remaining = f"about {state.remaining:.0f} s left" if state.remaining else ""
            progress.update(task, completed=state.completed, total=state.total, remaining=remaining)
            return remaining

        update()
        for trial, record in campaign.run():
            if record is None:
                progress.update(task, description=f"round {trial.round + 1}: {trial.implementation}")
                continue
            ended.append(record)
            if not plan.is_of_a_round(trial):
                progress.update(task, description=f"not timed: {trial.implementation}")
            remaining = update()
            if not record.completed:
                progress.console.print(plain(f"{trial.identifier}: {record.reason}"))
            elif not console.is_terminal:
                line = f"{time.strftime('%H:%M:%S')} {trial.identifier}: {record.seconds:.1f} s {remaining}"
                progress.console.print(plain(line))


def trial_command(options: argparse.Namespace) -> int:
    record = runner.repeat(options.trial)
    print(json.dumps(to_json(record), indent=1))
    return 0 if record.completed else 1
