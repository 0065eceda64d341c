"""What the page on the mistakes of benchmarks shows, computed from the trials that made them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import DiffLexer

from tfmxbench import frameworks, mistakes
from tfmxbench.analysis import distortion
from tfmxbench.analysis.distortion import Distortion
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.mistakes import Mistake, Side
from tfmxbench.networks import catalogue
from tfmxbench.report.figures import fragments, plots, tables
from tfmxbench.report.figures.fragments import Fragment, text
from tfmxbench.report.figures.tables import significant
from tfmxbench.report.pages import published

NOT_MEASURED = (
    "This build did not switch any mistake on: the quick profile does not, the default one does with the "
    "perceptron, and one with LeNet, the thorough one with both."
)
ALL_AT_ONCE = "everything"


def _found() -> list[Distortion]:
    return distortion.of_campaign(published.results())


def _single() -> list[Distortion]:
    """The mistakes one by one: without all at once, and without what is shown as being none."""
    return [item for item in _found() if item.mistake != ALL_AT_ONCE and not item.variant.remedy]


def titles() -> tuple[str, str]:
    """The two frameworks whose ratio is taken: the first over the second."""
    network = catalogue.networks()[0]
    named = {item.style: frameworks.load(item.framework).TITLE for item in catalogue.implementations(network)}
    return named[mistakes.FIRST], named[mistakes.SECOND]


def _title(network: str) -> str:
    return str(catalogue.task(network).title)


def verdict() -> Fragment:
    """How many of the mistakes changed a verdict, which moved it most, and which did not matter here."""
    found = _single()
    if not found:
        return fragments.paragraph(NOT_MEASURED)
    known = [item for item in found if item.effect != distortion.NOT_KNOWN]
    if not known:
        return fragments.paragraph(
            f"{len(found)} comparisons with a mistake in them were measured in too few rounds for an "
            "interval: what they show below is no verdict."
        )
    changed = [item for item in known if item.effect != distortion.KEPT]
    effects = [
        f"{sum(item.effect == effect for item in known)} {plain}"
        for effect, plain in (
            (distortion.TURNED_OVER, "turned it over"),
            (distortion.MADE_UP, "made up a difference"),
            (distortion.HIDDEN, "hid one"),
            (distortion.LEFT_TO_CHANCE, "left it to chance"),
        )
        if any(item.effect == effect for item in known)
    ]
    told = [
        f"{len(known)} comparisons with a mistake in them were measured in this build; "
        f"{len(changed)} of them changed the verdict"
        + (f": {', '.join(effects)}." if effects else ".")
        + " Each verdict is read off its own 95% interval, so of those that change nothing one in twenty may "
        "seem to."
    ]
    moving = [item for item in known if item.matters == distortion.MOVES]
    if moving:
        worst = max(moving, key=lambda item: item.size)
        told.append(
            f"The one that moved its ratio most, by a factor of {significant(worst.size, 2)}: "
            f"{_named(worst)}."
        )
    shown = fragments.items(told)
    for matter, words in (
        (distortion.DOES_NOT_MATTER, "did not matter on this machine"),
        (distortion.CANNOT_BE_TOLD, "moved the ratio by no more than the noise of this machine"),
    ):
        listed = [_named(item) for item in known if item.matters == matter]
        if listed:
            shown += Fragment(f"<details><summary>{len(listed)} {words}</summary>")
            shown += fragments.items(listed) + Fragment("</details>")
    return shown


def _named(item: Distortion) -> str:
    return f"{mistakes.load(item.mistake).title} ({item.variant.title}; {_title(item.network)})"


def picture() -> Fragment:
    """Honest and distorted ratios of all mistakes, one picture for each network."""
    first, second = titles()
    shown = Fragment("")
    found = _found()
    for network in sorted({item.network for item in found}):
        lines = [
            (_short(item), item.honest, item.distorted)
            for item in sorted(found, key=lambda item: -item.size)
            if item.network == network and item.honest and item.distorted and not math.isnan(item.size)
        ]
        if lines:
            shown += plots.moved(
                lines,
                f"mistakes-{network}",
                f"{first} over {second}; below 1 {first} is ahead",
                f"{_title(network)}: the ratio of {first} to {second} as it is, and with each mistake, with "
                "95% intervals, those that moved it most at the top. Of time, memory, or test images "
                "classified wrongly; less is better.",
            )
    return shown


def _short(item: Distortion) -> str:
    return f"{item.mistake.replace('_', ' ')}: {item.variant.title}"


def table() -> Fragment:
    """Every mistake and network: honest and distorted ratio, the factor, and what became of the verdict."""
    found = _found()
    if not found:
        return Fragment("")
    return _table(found, "Mistakes, with 95% intervals", sortable=True)


def _table(found: Sequence[Distortion], caption: str, sortable: bool = False) -> Fragment:
    first, second = titles()
    rows: list[list[tuple[str, float | str]]] = [
        [
            (f"{mistakes.load(item.mistake).title}: {item.variant.title}", item.mistake),
            (_title(item.network), item.network),
            (item.variant.distorted[0].quantity, item.variant.distorted[0].quantity),
            _estimate(item.honest),
            _estimate(item.distorted),
            _estimate(item.factor),
            (item.effect, item.effect),
            (item.matters, item.matters),
        ]
        for item in found
    ]
    headings = [
        ("mistake", "and which way it was made"),
        ("network", "on which it was made"),
        ("figure", "what is compared; less is better"),
        ("honest", f"{first} over {second}, paired by round"),
        ("with the mistake", f"{first} over {second}, paired by round"),
        ("factor", "by which the mistake moves the ratio, paired by round"),
        ("the verdict", "before and after, each read off its own interval"),
        ("the ratio", "whether the factor can be told from 1"),
    ]
    return fragments.table(caption, headings, rows, sortable=sortable)


def _estimate(found: Estimate | None) -> tuple[str, float | str]:
    return tables.with_interval(found), found.value if found else float("inf")


def each() -> Fragment:
    """For each mistake: what it is, who made it, what it did in this build, and how it was made."""
    found = _found()
    shown = Fragment("")
    for name in mistakes.names():
        if name != ALL_AT_ONCE:
            mine = [item for item in found if item.mistake == name]
            shown += _one(name, mistakes.load(name), mine)
    return shown


def _one(name: str, mistake: Mistake, found: Sequence[Distortion]) -> Fragment:
    sources = "".join(
        f'<li><a href="{text(source.address)}">{text(source.name)}</a>: {text(source.summary)}</li>'
        for source in mistake.sources
    )
    shown = Fragment(f'<h3 id="{_anchor(name)}">{text(mistake.title)}</h3>') + fragments.paragraph(
        mistake.description
    )
    if sources:
        shown += Fragment(f"<p>Who met it:</p><ul>{sources}</ul>")
    if found:
        shown += _table(found, f"{mistake.title}: what it did in this build")
    else:
        shown += fragments.paragraph("This build has no trials of it.")
    return shown + _failed(found) + _changes(name, mistake)


def _anchor(name: str) -> str:
    return f"mistake-{name.replace('_', '-')}"


def _failed(found: Sequence[Distortion]) -> Fragment:
    """The trials that did not complete, with their reasons."""
    results = published.results()
    told = {
        f"{record.trial.identifier}: {record.reason}": None
        for item in found
        for side in item.variant.distorted
        if not side.published
        for record in distortion.trials(results, item.network, side)
        if not record.completed
    }
    return (
        fragments.paragraph("Trials that did not complete:") + fragments.items(list(told))
        if told
        else Fragment("")
    )


def _changes(name: str, mistake: Mistake) -> Fragment:
    """The edits of implementations, as a diff that can be unfolded."""
    shown = ""
    for place in mistake.edits:
        network, _, style = place.rpartition("/")
        network = network or catalogue.networks()[0]
        path = catalogue.FOLDER / network / f"{style}.py"
        before = path.read_text(encoding="utf-8")
        after = mistakes.edited(before, [name], network, style)
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"{network}/{style}", "", n=1
        )
        drawn = highlight("".join(list(lines)[2:]), DiffLexer(), HtmlFormatter(nowrap=False))
        summary = f"How it was made in {network}/{style}"
        shown += (
            f"<details><summary>{text(summary)}</summary>"
            f'<div class="highlight-diff notranslate">{drawn}</div></details>'
        )
    return Fragment(shown)


def together() -> Fragment:
    """What all mistakes do together, in both directions."""
    mistake = mistakes.load(ALL_AT_ONCE)
    found = [item for item in _found() if item.mistake == ALL_AT_ONCE]
    if not found:
        return fragments.paragraph(NOT_MEASURED)
    told = []
    first, second = titles()
    for item in found:
        if item.honest is None or item.distorted is None:
            continue
        told.append(
            f"{_title(item.network)}, {item.variant.title}: {_ahead(item.distorted, first, second)}. "
            f"Honestly: {_ahead(item.honest, first, second)}."
        )
    sides = [
        f"{item.variant.title}: {_side(item.variant.distorted[0])} against {_side(item.variant.distorted[1])}"
        for item in found
        if item.network == found[0].network
    ]
    return (
        fragments.paragraph(mistake.description)
        + fragments.items(sides)
        + fragments.items(told)
        + _table(found, "All mistakes at once, with 95% intervals")
        + _failed(found)
    )


def _side(side: Side) -> str:
    listed = [f"batches of {side.batch_size}"] if side.batch_size else []
    listed += [name.replace("_", " ") for name in side.mistakes]
    return f"{side.style} ({', '.join(listed) or 'as it is'})"


def _ahead(ratio: Estimate, first: str, second: str) -> str:
    """Which framework takes how many times as long as the other."""
    slow, fast = (first, second) if ratio.value > 1 else (second, first)
    factor = max(ratio.value, 1 / ratio.value)
    if not ratio.has_interval:
        return f"{slow} takes {significant(factor, 2)} times as long as {fast} (one round)"
    low, high = sorted((ratio.low, ratio.high)) if ratio.value > 1 else (1 / ratio.high, 1 / ratio.low)
    interval = f"{significant(low, 2)} to {significant(high, 2)}"
    return f"{slow} takes {significant(factor, 2)} times as long as {fast} ({interval})"


def checklist() -> Fragment:
    """What would have prevented each mistake, with a link to the evidence; the greatest effect first."""
    found = _found()
    points = []
    for name in mistakes.names():
        mistake = mistakes.load(name)
        mine = [item for item in found if item.mistake == name and not math.isnan(item.size)]
        size = max((item.size for item in mine if item.matters == distortion.MOVES), default=0.0)
        evidence = "not measured in this build"
        if size:
            evidence = f"moved the ratio by a factor of up to {significant(size, 2)} here"
        elif any(item.effect == distortion.LEFT_TO_CHANCE for item in mine):
            evidence = "left the verdict to chance here"
        elif mine and all(item.matters == distortion.NOT_KNOWN for item in mine):
            evidence = "measured in too few rounds to say what it did here"
        elif mine:
            evidence = "moved no ratio by more than noise here"
        anchor = "all-at-once" if name == ALL_AT_ONCE else _anchor(name)
        point = (
            f'<li>{text(mistake.check)} (<a href="#{anchor}">{text(mistake.title.lower())}</a>: '
            f"{text(evidence)})</li>"
        )
        points.append((-size, point))
    return Fragment(f"<ul>{''.join(point for _, point in sorted(points))}</ul>")


def gate() -> Fragment:
    """Which mistakes change the computation and are caught by the parity gate, and which only distort."""
    judged = published.results().mistaken_parity
    rows: list[list[tuple[str, float | str]]] = []
    for name in mistakes.names():
        if name == ALL_AT_ONCE:
            continue
        title = mistakes.load(name).title
        mine = [found for found in judged if found.mistakes == [name]]
        for found in mine:
            told = "passes: it only distorts" if found.passed else "caught"
            rows.append([(title, name), (found.name, found.name), (told, told), (found.reason, found.reason)])
        if not mine:
            told = (
                "not asked in this build"
                if mistakes.load(name).edits
                else "passes by its nature: the implementations are as they were"
            )
            rows.append([(title, name), ("-", "-"), (told, told), ("", "")])
    headings = [
        ("mistake", "that was switched on"),
        ("implementation", "in which"),
        ("the gate", "what became of it"),
        ("the first thing that differs", "in the gate's words"),
    ]
    caught = len({found.mistakes[0] for found in judged if not found.passed})
    told = (
        f"Of {len(mistakes.names()) - 1} mistakes the gate caught {caught} in this build, those that change "
        "what is computed. The others leave every number as it is: no proof of equality finds them, and only "
        "the way of measuring guards against them."
        if judged
        else "This build did not ask the gate about mistakes."
    )
    return fragments.paragraph(told) + fragments.table("Mistakes before the parity gate", headings, rows)
