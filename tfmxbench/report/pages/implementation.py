"""What the page of an implementation shows."""

from __future__ import annotations

from tfmxbench.networks import catalogue
from tfmxbench.report.figures import fragments, plots, sentences, tables
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


class ImplementationPage:
    """What the page of an implementation shows.

    Parameters
    ----------
    network, style : str
        The implementation.
    """

    def __init__(self, network: str, style: str) -> None:
        published.page_is_about(network, style)
        self.implementation = next(item for item in catalogue.implementations(network) if item.style == style)
        self.arms = [arm for arm in published.arms(network) if arm.style == style]

    def costs(self) -> Fragment:
        """The figures of this implementation, one row each."""
        rows: list[list[tuple[str, float | str]]] = []
        for arm in self.arms:
            for column in tables.FIGURES:
                cell = column.cell(arm)
                rows.append(
                    [
                        (column.heading, column.heading),
                        (arm.device.upper(), arm.device),
                        (cell.text, cell.order),
                        (column.meaning, column.meaning),
                    ]
                )
        if not rows:
            return fragments.paragraph(
                "This implementation is not part of the campaign that this site was built from."
            )
        caption = f"{self.implementation.name}: estimates, with 95% intervals over trials in parentheses"
        headings = [("figure", ""), ("device", ""), ("value", ""), ("meaning", "")]
        failures = [
            line
            for line in tables.failures(published.results())
            if line.startswith(self.implementation.name + " ")
        ]
        told = (
            fragments.paragraph("Trials that did not complete:") + fragments.items(failures)
            if failures
            else Fragment("")
        )
        return fragments.table(caption, headings, rows) + told

    def lines(self) -> Fragment:
        """Lines of each part."""
        return published.lines(self.implementation.network, self.implementation.style)

    def trials(self) -> Fragment:
        """Every timed pass, by round."""
        shown = Fragment("")
        for arm in self.arms:
            shown += plots.trials(
                arm,
                f"trials-{arm.device}",
                f"Seconds an epoch of {arm.name} on the {arm.device.upper()}, for every pass of every trial.",
            )
        return shown

    def memory(self) -> Fragment:
        """Resident memory over each trial."""
        shown = Fragment("")
        for arm in self.arms:
            if any(record.memory_curve for record in arm.records):
                shown += plots.memory_curves(
                    arm,
                    f"memory-{arm.device}",
                    f"Resident memory of the processes that ran {arm.name} on the {arm.device.upper()}, over "
                    "each trial: the import, the build, the data, and then training and predicting.",
                )
        return shown or fragments.paragraph("The course of memory was not recorded.")

    def conditions(self) -> Fragment:
        """On what was measured, and what the trials were given."""
        found = fragments.paragraph(sentences.data(published.results())) + fragments.paragraph(
            sentences.conditions(published.results())
        )
        return found + fragments.items(sentences.hashes(self.arms))
