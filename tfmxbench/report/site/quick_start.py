"""The ``command-output`` directive: what a command of the quick start prints for the results of this build.

``{command-output} run`` shows the table that ``tfmxbench run`` prints at its end. The output comes from the
functions that the command line itself prints with, and from the site's results. No command is run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from docutils import nodes
from rich.console import RenderableType
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks
from tfmxbench.records.store import Results
from tfmxbench.report.figures import terminal
from tfmxbench.report.pages import published

# The quick start compares the implementations of one network.
NETWORK = "mlp"


def environments(results: Results) -> list[RenderableType]:
    """The output of ``tfmxbench environments``."""
    return [
        terminal.environment(item.framework, item.device, item.problem, item.versions)
        for item in results.environments
        if frameworks.load(item.framework).REQUIREMENTS
    ]


def parity(results: Results) -> list[RenderableType]:
    """The output of ``tfmxbench parity --network mlp``."""
    of_network = [item for item in results.parity if item.network == NETWORK and item.batch_size is None]
    return [terminal.parity_table(of_network)]


def run(results: Results) -> list[RenderableType]:
    """The output of ``tfmxbench run --network mlp`` at its end."""
    records = [record for record in results.records if record.trial.network == NETWORK]
    return list(terminal.results_table(dataclasses.replace(results, records=records)))


COMMANDS: dict[str, Callable[[Results], Sequence[RenderableType]]] = {
    "environments": environments,
    "parity": parity,
    "run": run,
}


class CommandOutput(SphinxDirective):
    """The output of a command, by the command's name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in COMMANDS:
            raise self.error(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
        self.env.note_dependency(str(published.results_path()))
        text = terminal.as_text(COMMANDS[name](published.results()))
        return [nodes.literal_block(text, text, language="none")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("command-output", CommandOutput)
    return {"version": __version__, "parallel_read_safe": True}
