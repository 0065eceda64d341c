"""Measurements of known values."""

import pytest

from tfmxbench.records.trial import Measurement, Memory, Pass, Span


def make_pass(wall: float, batches: int, batch_size: int = 10, **changes) -> Pass:
    values = {"wall": wall, "cpu": 2 * wall, "batches": batches, "images": batches * batch_size, "loss": 1.0}
    return Pass(**{**values, **changes})


@pytest.fixture
def make_measurement():
    """A measurement on 105 images, which are ten batches of ten and an incomplete one, with changes."""

    def make(**changes) -> Measurement:
        values = {
            "interpreter": Span(0.25, 0.1),
            "imported": Span(2.0, 2.5),
            "built": Span(0.5, 0.5),
            "epochs": [make_pass(7.0, 10), make_pass(5.0, 10)],
            "passes": [],
            "accuracies": [0.8, 0.9],
            "inference": [Span(9.0, 9.0), Span(0.5, 1.0), Span(0.7, 1.0)],
            "latencies": [9.0, 8.0, 0.1, 0.3],
            "memory": Memory(10_000_000, 20_000_000, 30_000_000, 40_000_000, 50_000_000, None),
            "training_images": 105,
            "test_images": 60,
        }
        return Measurement(**{**values, **changes})

    return make
