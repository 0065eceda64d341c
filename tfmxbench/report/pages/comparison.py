"""The page that compares the implementations of a network."""

from __future__ import annotations

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, definitions, pairs, quantities
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report.figures import fragments, plots, sentences, side_by_side
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


class ComparisonPage:
    """The parts of the page that compares the implementations of a network.

    Parameters
    ----------
    network : str
        The network.
    """

    def __init__(self, network: str) -> None:
        published.page_is_about(network)
        self.network = network
        self.title = catalogue.task(network).title
        self.arms = published.arms(network)

    def verdicts(self) -> Fragment:
        """For each pair of counterparts: which trains faster, by how much, and how certain that is."""
        judged = pairs.compare_pairs(published.results().records)
        verdicts = [sentences.compare(pair) for pair in judged if pair.first.network == self.network]
        return fragments.items(verdicts or [sentences.NO_PAIR])

    def times(self) -> Fragment:
        """Seconds per epoch, after warm-up."""
        return plots.intervals(
            self.arms,
            quantities.epoch_seconds,
            f"times-{self.network}",
            "seconds per epoch, after warm-up",
            f"{self.title}: seconds per epoch, after warm-up, by style; less is better. {published.SPREAD}",
        )

    def starts(self) -> Fragment:
        """Seconds until the end of the first epoch, by phase."""
        return plots.phases(
            self.arms,
            f"starts-{self.network}",
            f"{self.title}: seconds from starting Python to the end of the first epoch, by phase.",
        )

    def inference(self) -> Fragment:
        """Milliseconds to predict the test set."""
        return plots.intervals(
            self.arms,
            lambda measurement: 1e3 * quantities.inference_seconds(measurement),
            f"inference-{self.network}",
            "milliseconds to predict the test set",
            f"{self.title}: milliseconds to predict the test images, by style. {published.SPREAD}",
        )

    def memory(self) -> Fragment:
        """Peak resident memory."""
        return plots.intervals(
            self.arms,
            quantities.peak_megabytes,
            f"memory-{self.network}",
            "peak resident memory, MB",
            f"{self.title}: peak resident memory of the training process, by style. {published.SPREAD}",
        )

    def accuracy(self) -> Fragment:
        """The range of the test accuracies."""
        return fragments.paragraph(sentences.accuracies(self.arms))

    def lines(self) -> Fragment:
        """Lines of code, by part and against time."""
        rows: list[list[tuple[str, float | str]]] = []
        counted = {item.style: code_size.count_parts(item.path) for item in self._implementations()}
        for item in self._implementations():
            parts = counted[item.style]
            example = sum(lines.code for part, lines in parts.items() if part != "parity")
            title = frameworks.load(item.framework).TITLE
            rows.append(
                [(item.style, item.style), (title, title), (str(example), float(example))]
                + [(str(parts[part].code), float(parts[part].code)) for part in definitions.PARTS]
            )
        headings = [
            ("style", "style of the implementation"),
            ("framework", "framework that it is written in"),
            ("example", "lines of code, without the parity functions"),
            *((part, f"lines of code of this part: {part}") for part in definitions.PARTS),
        ]
        return fragments.table("Lines of code, counted by pygount", headings, rows) + self.lines_and_time()

    def lines_and_time(self) -> Fragment:
        """Lines of code against the time per epoch."""
        counted = {item.style: code_size.example_lines(item.path) for item in self._implementations()}
        return plots.lines_and_time(
            [(arm, counted[arm.style]) for arm in self.arms if arm.style in counted],
            f"lines-{self.network}",
            f"{self.title}: lines of code against seconds per epoch, after warm-up, by style.",
        )

    def table(self) -> Fragment:
        """The most important columns of the table, for this network."""
        return published.table(self.network)

    def conditions(self) -> Fragment:
        """The data, the machine, the settings, and the hashes of the inputs."""
        return published.conditions(self.arms)

    def side_by_side(self) -> Fragment:
        """Any two implementations, chosen by the reader: their results, then their code."""
        measured = self._implementations()
        shown = [item.style for item in measured[:2]]
        counterparts = pairs.counterparts(self.arms)
        if counterparts:
            shown = [arm.style for arm in counterparts[0][:2]]
        return side_by_side.aligned([measured, measured], shown, self.arms, chooser=True)

    def pair(self, name: str) -> Fragment:
        """The two implementations of a pair: their results, then their code."""
        columns = [[item] for item in catalogue.implementations(self.network) if item.pair == name]
        return side_by_side.aligned(columns, [item.style for (item,) in columns], self.arms, chooser=False)

    def pair_verdict(self, name: str) -> Fragment:
        """Which implementation of a pair trains faster, by how much, and how certain that is."""
        judged = pairs.compare_pairs(published.results().records)
        verdicts = [
            sentences.compare(pair)
            for pair in judged
            if (pair.first.network, pair.pair) == (self.network, name)
        ]
        return fragments.items(verdicts or ["This campaign does not contain both implementations."])

    def _implementations(self) -> list[Implementation]:
        measured = {arm.style for arm in self.arms}
        return [item for item in catalogue.implementations(self.network) if item.style in measured]
