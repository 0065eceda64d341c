"""What tests of plans share: all implementations, as they pass the gate, and the trials of a condition."""

import pytest

from tfmxbench.measure import campaign
from tfmxbench.networks import catalogue
from tfmxbench.records.parity import Parity

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


@pytest.fixture
def make_passing(make_campaign):
    """Make a campaign whose implementations pass the gate with every batch size."""

    def make(implementations=ALL, **changes) -> campaign.Campaign:
        values = {"profile": "default", "parity": judged(implementations, changes.get("devices", ("cpu",)))}
        return make_campaign(implementations, **{**values, **changes})

    return make
