"""Switches on a trial's mistakes in its process.

This runs in the framework's environment, before anything is imported or measured there.
"""

from __future__ import annotations

import importlib.util
import pathlib
import sys
import tempfile

from tfmxbench import frameworks, mistakes
from tfmxbench.records.trial import Trial
from tfmxbench.worker import loading

NETWORKS = pathlib.Path(__file__).parents[1] / "networks"


def switch_on(trial: Trial) -> None:
    """Change the harness of this process, and the implementation, as the trial's mistakes demand.

    Raises
    ------
    ValueError
        If a mistake does not exist, or an edit does not fit the implementation.
    """
    harness = mistakes.Harness(loading, frameworks.load(trial.framework), trial)
    for name in trial.mistakes:
        change = mistakes.load(name).switch_on
        if change is not None:
            change(harness)
    if mistakes.changes_code(trial.mistakes, trial.network, trial.style):
        _plant(trial)


def _plant(trial: Trial) -> None:
    """Import the implementation with the mistakes in it, and leave its file as it is."""
    path = NETWORKS / trial.network / f"{trial.style}.py"
    source = path.read_text(encoding="utf-8")
    changed = mistakes.edited(source, trial.mistakes, trial.network, trial.style)
    name = f"tfmxbench.networks.{trial.network}.{trial.style}"
    with tempfile.TemporaryDirectory(prefix="tfmxbench-") as folder:
        planted = pathlib.Path(folder, path.name)
        planted.write_text(changed, encoding="utf-8")
        specification = importlib.util.spec_from_file_location(name, planted)
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        specification.loader.exec_module(module)
    # The record states the hash of the original file; its list of mistakes says what was changed.
    module.__file__ = str(path)
