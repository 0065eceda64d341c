"""What the comparison of a network shows."""

from __future__ import annotations

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, definitions, pairs, quantities
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report.figures import fragments, plots, sentences, side_by_side
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


class ComparisonPage:
    """What the comparison of a network shows.

    Parameters
    ----------
    network : str
        The network.
    """

    def __init__(self, network: str) -> None:
        published.page_is_about(network)
        self.network = network
        self.arms = published.arms(network)

    def verdicts(self) -> Fragment:
        """For each pair of counterparts: which trains faster, by how much, how sure."""
        judged = pairs.compare_pairs(published.results().records)
        found = [sentences.compare(item) for item in judged if item.first.network == self.network]
        return fragments.items(found or ["This campaign holds no two counterparts to compare."])

    def times(self) -> Fragment:
        """Seconds of a steady epoch."""
        return plots.intervals(
            self.arms,
            quantities.epoch_seconds,
            f"times-{self.network}",
            "seconds of a steady epoch",
            f"Seconds of a steady epoch of {self.network}, by style: less is better. {published.SPREAD}",
        )

    def starts(self) -> Fragment:
        """Seconds up to the end of the first epoch, by phase."""
        return plots.phases(
            self.arms,
            f"starts-{self.network}",
            f"Seconds from starting Python to the end of the first epoch of {self.network}, by phase.",
        )

    def inference(self) -> Fragment:
        """Milliseconds for the test set."""
        return plots.intervals(
            self.arms,
            lambda found: 1e3 * quantities.inference_seconds(found),
            f"inference-{self.network}",
            "milliseconds for predicting the test set",
            f"Milliseconds for the test set, with {self.network}, by style. {published.SPREAD}",
        )

    def memory(self) -> Fragment:
        """Greatest resident memory."""
        return plots.intervals(
            self.arms,
            quantities.peak_megabytes,
            f"memory-{self.network}",
            "greatest resident memory, MB",
            f"Greatest resident memory of a process that trained {self.network}, by style. "
            f"{published.SPREAD}",
        )

    def accuracy(self) -> Fragment:
        """How far the accuracies lie apart, and what the trials were given."""
        return fragments.paragraph(sentences.accuracies(self.arms)) + fragments.items(
            sentences.hashes(self.arms)
        )

    def lines(self) -> Fragment:
        """Lines of code by part, and against time."""
        rows: list[list[tuple[str, float | str]]] = []
        counted = {item.style: code_size.count_parts(item.path) for item in self._implementations()}
        for item in self._implementations():
            parts = counted[item.style]
            example = sum(found.code for part, found in parts.items() if part != "parity")
            title = frameworks.load(item.framework).TITLE
            rows.append(
                [(item.style, item.style), (title, title), (str(example), float(example))]
                + [(str(parts[part].code), float(parts[part].code)) for part in definitions.PARTS]
            )
        headings = [
            ("style", "how it is written"),
            ("framework", "in what"),
            ("example", "lines of code of everything but what parity needs"),
            *((part, f"lines of code of this part: {part}") for part in definitions.PARTS),
        ]
        return fragments.table("Lines of code, counted by pygount", headings, rows) + self.lines_and_time()

    def lines_and_time(self) -> Fragment:
        """Lines of code against the time of an epoch."""
        counted = {item.style: code_size.example_lines(item.path) for item in self._implementations()}
        return plots.lines_and_time(
            [(arm, counted[arm.style]) for arm in self.arms if arm.style in counted],
            f"lines-{self.network}",
            f"Lines of code of {self.network} against the seconds of a steady epoch, by style.",
        )

    def table(self) -> Fragment:
        """Everything measured of this network."""
        return published.table(self.network)

    def conditions(self) -> Fragment:
        """On what was measured."""
        return fragments.paragraph(sentences.data(published.results())) + fragments.paragraph(
            sentences.conditions(published.results())
        )

    def side_by_side(self) -> Fragment:
        """Any two implementations, chosen by the reader, aligned part by part, with their figures above."""
        found = self._implementations()
        shown = [item.style for item in found[:2]]
        counterparts = pairs.counterparts(self.arms)
        if counterparts:
            shown = [arm.style for arm in counterparts[0][:2]]
        return side_by_side.aligned([found, found], shown, self.arms, chooser=True)

    def pair(self, name: str) -> Fragment:
        """The two implementations of a pair, aligned part by part, with their figures above."""
        columns = [[item] for item in catalogue.implementations(self.network) if item.pair == name]
        return side_by_side.aligned(columns, [item.style for (item,) in columns], self.arms, chooser=False)

    def pair_verdict(self, name: str) -> Fragment:
        """Which of the two of a pair trains faster, by how much, how sure."""
        judged = pairs.compare_pairs(published.results().records)
        found = [
            sentences.compare(item)
            for item in judged
            if (item.first.network, item.pair) == (self.network, name)
        ]
        return fragments.items(found or ["This campaign does not hold both."])

    def _implementations(self) -> list[Implementation]:
        measured = {arm.style for arm in self.arms}
        return [item for item in catalogue.implementations(self.network) if item.style in measured]
