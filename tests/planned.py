"""What tests of plans share: all implementations, as they pass the gate, and the trials of a condition."""

from tfmxbench.analysis.parity import Parity
from tfmxbench.networks import catalogue

NETWORKS = ("mlp", "lenet")
ALL = [item for network in NETWORKS for item in catalogue.implementations(network)]


def judged(implementations, devices=("cpu",), batch_sizes=(None, 32, 64, 256, 512, 1024)) -> list[Parity]:
    """What the gate says of implementations that pass with every batch size."""
    return [
        Parity(item.network, item.style, item.framework, device, True, "", [2.3], [1e-7], batch_size=size)
        for item in implementations
        for device in devices
        for size in batch_sizes
    ]


def of(trials, condition: str) -> list:
    return [trial for trial in trials if trial.condition == condition]
