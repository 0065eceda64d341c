"""The page of an implementation."""

from __future__ import annotations

from tfmxbench.networks import catalogue
from tfmxbench.report.figures import fragments, plots, tables
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


class ImplementationPage:
    """The parts of the page of an implementation.

    Parameters
    ----------
    network, style : str
        The implementation.
    """

    def __init__(self, network: str, style: str) -> None:
        published.page_is_about(network, style)
        self.implementation = next(item for item in catalogue.implementations(network) if item.style == style)
        self.title = f"{catalogue.task(network).title}, {style}"
        self.arms = [arm for arm in published.arms(network) if arm.style == style]

    def costs(self) -> Fragment:
        """The results of this implementation, one quantity per row."""
        rows: list[list[tuple[str, float | str]]] = []
        for arm in self.arms:
            for column in tables.QUANTITIES:
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
                "This implementation is not in the campaign that this site was built from."
            )
        caption = f"{self.title}: estimates, with 95% intervals over trials in parentheses"
        headings = [("quantity", ""), ("device", ""), ("value", ""), ("meaning", "")]
        failures = [
            line
            for line in tables.failures(published.results())
            if line.startswith(self.implementation.name + " ")
        ]
        return fragments.table(caption, headings, rows) + published.failures(failures)

    def lines(self) -> Fragment:
        """Lines of code of each part."""
        return published.lines(self.implementation.network, self.implementation.style)

    def trials(self) -> Fragment:
        """Every timed pass, by round."""
        shown = Fragment("")
        for arm in self.arms:
            shown += plots.trials(
                arm,
                f"trials-{arm.device}",
                f"{self.title}, on the {arm.device.upper()}: seconds per epoch, every pass of every trial.",
            )
        return shown

    def memory(self) -> Fragment:
        """Resident memory during each trial."""
        shown = Fragment("")
        for arm in self.arms:
            if any(record.memory_curve for record in arm.records):
                shown += plots.memory_curves(
                    arm,
                    f"memory-{arm.device}",
                    f"{self.title}, on the {arm.device.upper()}: resident memory of each process during "
                    "the import, the build, the loading of the data, training and predicting.",
                )
        return shown or fragments.paragraph("Memory over time was not recorded.")

    def conditions(self) -> Fragment:
        """The data, the machine, the settings, and the hashes of the inputs."""
        return published.conditions(self.arms)
