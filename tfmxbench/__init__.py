"""The same network, trained the same way, in TensorFlow and in Apache MXNet.

The public names are loaded when they are first used, since this package is also imported in the frameworks'
environments, which lack what most of them need.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfmxbench.analysis.arms import Arm, arms_of
    from tfmxbench.analysis.changes import compare_campaigns
    from tfmxbench.analysis.estimates import Estimate
    from tfmxbench.networks import Task
    from tfmxbench.networks.catalogue import Implementation
    from tfmxbench.networks.catalogue import select as implementations
    from tfmxbench.records.store import Results, read_results, write_results
    from tfmxbench.records.trial import Measurement, Record, Trial

__version__ = "0.1.0"
__all__ = [
    "Arm",
    "Estimate",
    "Implementation",
    "Measurement",
    "Record",
    "Results",
    "Task",
    "Trial",
    "arms_of",
    "compare_campaigns",
    "implementations",
    "read_results",
    "write_results",
]

_MODULES = {
    "Arm": "analysis.arms",
    "Estimate": "analysis.estimates",
    "Implementation": "networks.catalogue",
    "Measurement": "records.trial",
    "Record": "records.trial",
    "Results": "records.store",
    "Task": "networks",
    "Trial": "records.trial",
    "arms_of": "analysis.arms",
    "compare_campaigns": "analysis.changes",
    "implementations": "networks.catalogue",
    "read_results": "records.store",
    "write_results": "records.store",
}
_OTHER_NAMES = {"implementations": "select"}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, _OTHER_NAMES.get(name, name))
