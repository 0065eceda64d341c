"""The table of the profiles, computed from the profiles themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tfmxbench import mistakes
from tfmxbench.measure.plan import shown_mistakes
from tfmxbench.measure.profiles import PROFILES, Batches, Epoch, Passes, Profile, Styles, UntilGoal
from tfmxbench.networks import Task, catalogue
from tfmxbench.report.figures import fragments
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.worker.parity import parity_steps


def table(profiles: Mapping[str, Profile] = PROFILES) -> Fragment:
    """The measurements of each profile: a column for each profile, a row for each kind of measurement."""
    headings = [("what is measured", "and how much of it")]
    headings += [(name, f"TFMXBENCH_PROFILE={name}") for name in profiles]
    rows = []
    for name, words in _rows():
        texts = [name, *map(words, profiles.values())]
        rows.append([(text, text) for text in texts])
    return fragments.table("What each profile measures", headings, rows)


def _rows() -> list[tuple[str, Callable[[Profile], str]]]:
    """Heading of each row, and what it says of a profile."""
    rows: list[tuple[str, Callable[[Profile], str]]] = [
        ("time on 2 cores", lambda profile: profile.duration),
        ("rounds, at least", lambda profile: str(profile.rounds)),
        ("time budget for all rounds", _budget),
        ("parity gate", _parity),
    ]
    tasks = [catalogue.task(network) for network in catalogue.networks()]
    short = [task for task in tasks if not task.has_long_epoch]
    long = [task for task in tasks if task.has_long_epoch]
    if short:
        networks = f"{_titles(short)} (short epoch)"
        rows += [
            (f"timed trial of a compiled style, {networks}", lambda p: _passes(p.short_compiled, short)),
            (f"timed trial of an imperative style, {networks}", lambda p: _passes(p.short_imperative, short)),
        ]
    if long:
        networks = f"{_titles(long)} (long epoch)"
        rows += [
            (f"timed trial of a compiled style, {networks}", lambda p: _passes(p.long_compiled, long)),
            (f"timed trial of an imperative style, {networks}", lambda p: _passes(p.long_imperative, long)),
            (f"accuracy after the first epoch, {networks}", _accuracy),
        ]
    return [
        *rows,
        ("single images predicted in a timed trial", lambda profile: str(profile.latency_samples)),
        ("training to the stated accuracy", _to_goal),
        ("null test", lambda profile: _styles(profile.null_test)),
        ("other numbers of threads", lambda profile: _styles(profile.axes.styles if profile.axes else None)),
        ("other batch sizes", _batch_sizes),
        ("rate of matrix products", lambda profile: "each framework" if profile.products else "none"),
        ("mistakes", _mistakes),
        ("accuracy with other seeds", _seeds),
    ]


def _budget(profile: Profile) -> str:
    if profile.budget is None:
        return f"none ({_count(profile.rounds, 'round')})"
    minutes = round(profile.budget / 60)
    return _count(minutes, "minute") if minutes % 60 else _count(minutes // 60, "hour")


def _parity(profile: Profile) -> str:
    steps = {parity_steps(catalogue.task(network).batch_size) for network in catalogue.networks()}
    compared = f"{_either(steps)} steps"
    return f"{compared} and one epoch" if profile.parity_epoch else compared


def _passes(passes: Passes, tasks: Sequence[Task]) -> str:
    """What a trial trains on, with the pass lengths that some networks state."""
    match passes.first:
        case Epoch():
            first = "1 epoch"
        case Batches(batches):
            first = _count(batches, "batch", "batches")
        case UntilGoal(most):
            first = f"epochs until the stated accuracy, {most} at most"
    if isinstance(passes.length, Epoch):
        steady = _count(passes.steady, "steady epoch")
    else:
        lengths = _either({passes.length.pass_batches(task) for task in tasks})
        steady = f"{_count(passes.steady, 'steady pass', 'steady passes')} of {lengths} batches"
    return f"{first}; then {steady}"


def _accuracy(profile: Profile) -> str:
    if not isinstance(profile.long_compiled.first, Batches):
        return "from the timed trials"
    return "from the parity gate" if profile.parity_epoch else "not measured"


def _to_goal(profile: Profile) -> str:
    if isinstance(profile.short_compiled.first, UntilGoal):
        return "in every timed trial"
    if profile.fastest_style is None:
        return "none"
    return f"once, the fastest style of each network: {profile.fastest_style.most} epochs at most"


def _styles(styles: Styles | None) -> str:
    if styles is None:
        return "none"
    if styles.pairs is None:
        return f"{_networks(styles)}: all styles"
    return f"{_networks(styles)}: {_count(len(styles.pairs), 'pair')} of styles ({'; '.join(styles.pairs)})"


def _networks(styles: Styles) -> str:
    if styles.long_epochs:
        return "all networks"
    tasks = [catalogue.task(network) for network in catalogue.networks()]
    return _titles([task for task in tasks if not task.has_long_epoch])


def _titles(tasks: Sequence[Task]) -> str:
    return ", ".join(task.title for task in tasks)


def _batch_sizes(profile: Profile) -> str:
    if profile.axes is None:
        return "none"
    sizes = ", ".join(map(str, profile.axes.batch_sizes))
    return f"{_styles(profile.axes.styles)}; images in a batch: {sizes}"


def _mistakes(profile: Profile) -> str:
    """How many of the mistakes that can be made on each network are shown, and how many of those in part."""
    everything = profile.mistakes == "all"
    parts = []
    for network in catalogue.networks():
        variants = _possible_variants(network)
        shown = [name for name in shown_mistakes(profile, network) if name in variants]
        in_part = [
            name for name in shown if not everything and any(variant.thorough for variant in variants[name])
        ]
        if not shown:
            continue
        number = f"all {len(shown)}" if len(shown) == len(variants) else f"{len(shown)} of {len(variants)}"
        part = f", {len(in_part)} of them in one of the frameworks only" if in_part else ""
        parts.append(f"{catalogue.task(network).title}: {number} mistakes{part}")
    return "; ".join(parts) or "none"


def _possible_variants(network: str) -> dict[str, list[mistakes.Variant]]:
    """The mistakes that can be made with the styles of a network, and in which variants."""
    styles = {item.style for item in catalogue.implementations(network)}
    variants = {
        name: [
            variant
            for variant in mistakes.load(name).variants
            if (variant.networks is None or network in variant.networks)
            and {side.style for side in variant.distorted} <= styles
        ]
        for name in mistakes.names()
    }
    return {name: possible for name, possible in variants.items() if possible}


def _seeds(profile: Profile) -> str:
    if profile.other_seeds is None:
        return "none"
    seeds = profile.other_seeds
    return f"{_styles(seeds.styles)}, {_count(seeds.number, 'other seed')}"


def _count(number: int, singular: str, plural: str = "") -> str:
    """A number of things: 1 epoch, 2 epochs, 2 batches."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def _either(numbers: set[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))
