"""The page on the mistakes of benchmarks, computed from the trials that made them."""

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
    "This build did not switch any mistake on. The quick profile never does. The default profile does with "
    "the perceptron, and switches one on with LeNet. The thorough profile does with both networks."
)
ALL_AT_ONCE = "everything"
# How the effects on a verdict are counted.
EFFECTS = (
    (distortion.TURNED_OVER, "reversed it"),
    (distortion.MADE_UP, "invented a difference"),
    (distortion.HIDDEN, "hid a difference"),
    (distortion.LEFT_TO_CHANCE, "left it to chance"),
)


def _distortions() -> list[Distortion]:
    return distortion.of_campaign(published.results())


def _single() -> list[Distortion]:
    """The single mistakes: without all at once, and without the controls that are no mistake."""
    return [item for item in _distortions() if item.mistake != ALL_AT_ONCE and not item.variant.remedy]


def titles() -> tuple[str, str]:
    """The two frameworks of the ratios, the first over the second."""
    network = catalogue.networks()[0]
    by_style = {
        item.style: frameworks.load(item.framework).TITLE for item in catalogue.implementations(network)
    }
    return by_style[mistakes.FIRST], by_style[mistakes.SECOND]


def _title(network: str) -> str:
    return str(catalogue.task(network).title)


def verdict() -> Fragment:
    """How many mistakes changed a verdict, which one moved its ratio most, and which did not matter."""
    measured = _single()
    if not measured:
        return fragments.paragraph(NOT_MEASURED)
    judged = [item for item in measured if item.effect != distortion.NOT_KNOWN]
    if not judged:
        return fragments.paragraph(
            f"Comparisons with a mistake, measured in too few rounds for an interval: {len(measured)}. "
            "They have no verdict below."
        )
    sentences = [_counts(judged)]
    moving = [item for item in judged if item.matters == distortion.MOVES]
    if moving:
        worst = max(moving, key=lambda item: item.size)
        sentences.append(
            f"The largest effect moved the ratio by a factor of {significant(worst.size, 2)}: "
            f"{_named(worst)}."
        )
    return fragments.items(sentences) + _harmless(judged)


def _counts(judged: Sequence[Distortion]) -> str:
    """How many comparisons changed their verdict, and how."""
    changed = sum(item.effect != distortion.KEPT for item in judged)
    effects = []
    for effect, words in EFFECTS:
        count = sum(item.effect == effect for item in judged)
        if count:
            effects.append(f"{count} {words}")
    listed = f": {', '.join(effects)}" if effects else ""
    return (
        f"Comparisons with a deliberate mistake: {len(judged)}. {changed} of them changed the "
        f"verdict{listed}. Each verdict uses its own 95% interval, so about one in twenty harmless mistakes "
        "will look harmful."
    )


def _harmless(judged: Sequence[Distortion]) -> Fragment:
    """The mistakes that did not matter, and those within noise, in lists that can be unfolded."""
    shown = Fragment("")
    for matter, words in (
        (distortion.DOES_NOT_MATTER, "did not matter on this machine"),
        (distortion.CANNOT_BE_TOLD, "moved the ratio by no more than the noise of this machine"),
    ):
        listed = [_named(item) for item in judged if item.matters == matter]
        if listed:
            shown += fragments.folded(f"{len(listed)} {words}", fragments.items(listed))
    return shown


def _named(item: Distortion) -> str:
    return f"{mistakes.load(item.mistake).title} ({item.variant.title}; {_title(item.network)})"


def picture() -> Fragment:
    """The ratios with and without each mistake, one plot for each network."""
    first, second = titles()
    shown = Fragment("")
    measured = _distortions()
    for network in sorted({item.network for item in measured}):
        lines = [
            (_short(item), item.honest, item.distorted)
            for item in sorted(measured, key=lambda item: -item.size)
            if item.network == network and item.honest and item.distorted and not math.isnan(item.size)
        ]
        if lines:
            shown += plots.moved(
                lines,
                f"mistakes-{network}",
                f"{first} over {second}; below 1, {first} is ahead",
                f"{_title(network)}: the ratio of {first} to {second} with and without each mistake, with "
                "95% intervals. The mistakes that moved it most are at the top. The ratios are of time, "
                "memory or misclassified test images, and less is better.",
            )
    return shown


def _short(item: Distortion) -> str:
    return f"{item.mistake.replace('_', ' ')}: {item.variant.title}"


def table() -> Fragment:
    """Every mistake and network: the ratios without and with it, the factor, and the effect."""
    measured = _distortions()
    if not measured:
        return Fragment("")
    return _table(measured, "Mistakes, with 95% intervals", sortable=True)


def _table(measured: Sequence[Distortion], caption: str, sortable: bool = False) -> Fragment:
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
        for item in measured
    ]
    headings = [
        ("mistake", "the mistake, and the way in which it was made"),
        ("network", "network on which it was made"),
        ("quantity", "what is compared; less is better"),
        ("without the mistake", f"{first} over {second}, paired by round"),
        ("with the mistake", f"{first} over {second}, paired by round"),
        ("factor", "factor by which the mistake moves the ratio, paired by round"),
        ("effect on the verdict", "the verdict without and with the mistake, each from its own interval"),
        ("effect on the ratio", "whether the factor differs from 1 by more than noise"),
    ]
    return fragments.table(caption, headings, rows, sortable=sortable)


def _estimate(estimate: Estimate | None) -> tuple[str, float | str]:
    return tables.with_interval(estimate), estimate.value if estimate else float("inf")


def each() -> Fragment:
    """For each mistake: what it is, who made it, what it did in this build, and how it was made."""
    measured = _distortions()
    shown = Fragment("")
    for name in mistakes.names():
        if name != ALL_AT_ONCE:
            own = [item for item in measured if item.mistake == name]
            shown += _section(name, mistakes.load(name), own)
    return shown


def _section(name: str, mistake: Mistake, measured: Sequence[Distortion]) -> Fragment:
    sources = "".join(
        f'<li><a href="{text(source.address)}">{text(source.name)}</a>: {text(source.summary)}</li>'
        for source in mistake.sources
    )
    shown = Fragment(f'<h3 id="{_anchor(name)}">{text(mistake.title)}</h3>') + fragments.paragraph(
        mistake.description
    )
    if sources:
        shown += Fragment(f"<p>Public examples and warnings:</p><ul>{sources}</ul>")
    if measured:
        shown += _table(measured, f"{mistake.title}: what it did in this build")
    else:
        shown += fragments.paragraph("This build has no trials with this mistake.")
    return shown + _failed(measured) + _changes(name, mistake)


def _anchor(name: str) -> str:
    return f"mistake-{name.replace('_', '-')}"


def _failed(measured: Sequence[Distortion]) -> Fragment:
    """The trials that did not complete, with their reasons."""
    results = published.results()
    sentences = {
        f"{record.trial.identifier}: {record.reason}": None
        for item in measured
        for side in item.variant.distorted
        if not side.published
        for record in distortion.trials(results, item.network, side)
        if not record.completed
    }
    return published.failures(list(sentences))


def _changes(name: str, mistake: Mistake) -> Fragment:
    """The edits of the implementations, as diffs that can be unfolded."""
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
        highlighted = highlight("".join(list(lines)[2:]), DiffLexer(), HtmlFormatter(nowrap=False))
        summary = f"How it is made in {network}/{style}"
        shown += (
            f"<details><summary>{text(summary)}</summary>"
            f'<div class="highlight-diff notranslate">{highlighted}</div></details>'
        )
    return Fragment(shown)


def together() -> Fragment:
    """The effect of all mistakes together, in both directions."""
    mistake = mistakes.load(ALL_AT_ONCE)
    measured = [item for item in _distortions() if item.mistake == ALL_AT_ONCE]
    if not measured:
        return fragments.paragraph(NOT_MEASURED)
    sentences = []
    first, second = titles()
    for item in measured:
        if item.honest is None or item.distorted is None:
            continue
        sentences.append(
            f"{_title(item.network)}, {item.variant.title}: {_ahead(item.distorted, first, second)}. "
            f"Without the mistakes: {_ahead(item.honest, first, second)}."
        )
    sides = [
        f"{item.variant.title}: {_side(item.variant.distorted[0])} against {_side(item.variant.distorted[1])}"
        for item in measured
        if item.network == measured[0].network
    ]
    return (
        fragments.paragraph(mistake.description)
        + fragments.items(sides)
        + fragments.items(sentences)
        + _table(measured, "All mistakes at once, with 95% intervals")
        + _failed(measured)
    )


def _side(side: Side) -> str:
    listed = [f"batches of {side.batch_size}"] if side.batch_size else []
    listed += [name.replace("_", " ") for name in side.mistakes]
    return f"{side.style} ({', '.join(listed) or 'unmodified'})"


def _ahead(ratio: Estimate, first: str, second: str) -> str:
    """How many times as long as the other framework the slower one takes."""
    slow, fast = (first, second) if ratio.value > 1 else (second, first)
    factor = max(ratio.value, 1 / ratio.value)
    if not ratio.has_interval:
        return f"{slow} takes {significant(factor, 2)} times as long as {fast} (one round)"
    low, high = sorted((ratio.low, ratio.high)) if ratio.value > 1 else (1 / ratio.high, 1 / ratio.low)
    interval = f"{significant(low, 2)} to {significant(high, 2)}"
    return f"{slow} takes {significant(factor, 2)} times as long as {fast} ({interval})"


def checklist() -> Fragment:
    """The check that prevents each mistake, with a link to the evidence. The largest effect is first."""
    measured = _distortions()
    points = []
    for name in mistakes.names():
        mistake = mistakes.load(name)
        own = [item for item in measured if item.mistake == name and not math.isnan(item.size)]
        size = max((item.size for item in own if item.matters == distortion.MOVES), default=0.0)
        evidence = "not measured in this build"
        if size:
            evidence = f"moved the ratio by a factor of up to {significant(size, 2)} here"
        elif any(item.effect == distortion.LEFT_TO_CHANCE for item in own):
            evidence = "left the verdict to chance here"
        elif own and all(item.matters == distortion.NOT_KNOWN for item in own):
            evidence = "measured in too few rounds to show its effect here"
        elif own:
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
        own = [item for item in judged if item.mistakes == [name]]
        for item in own:
            outcome = "passes: it only distorts" if item.passed else "caught"
            rows.append(
                [(title, name), (item.name, item.name), (outcome, outcome), (item.reason, item.reason)]
            )
        if not own:
            outcome = (
                "not checked in this build"
                if mistakes.load(name).edits
                else "always passes: the implementations are unmodified"
            )
            rows.append([(title, name), ("-", "-"), (outcome, outcome), ("", "")])
    headings = [
        ("mistake", "mistake that was switched on"),
        ("implementation", "implementation in which it was switched on"),
        ("outcome", "whether the gate caught it"),
        ("first difference", "reason that the gate states"),
    ]
    caught = len({item.mistakes[0] for item in judged if not item.passed})
    count = len(mistakes.names()) - 1
    sentence = (
        f"Among {count} mistakes, the parity gate caught {caught} in this build"
        f"{': those that change the computation' if caught else ''}. Mistakes that pass "
        "do not change the computation, so no proof of equality can find them. Only the method of measuring "
        "guards against them."
        if judged
        else "This build did not run the parity gate on mistakes."
    )
    return fragments.paragraph(sentence) + fragments.table("Mistakes at the parity gate", headings, rows)
