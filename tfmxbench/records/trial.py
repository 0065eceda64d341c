"""A trial and the record that it leaves: plain values, to JSON and back.

This module runs in the frameworks' environments too, so it needs nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tfmxbench.records.conditions import STANDARD

SCHEMA_VERSION = 2

COMPLETED = "completed"
FAILED = "failed"
UNAVAILABLE = "unavailable"


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run of one implementation in a fresh process: everything that the worker has to know.

    Attributes
    ----------
    identifier : str
        Unique in its campaign; the name of its files.
    purpose : str
        What it is for: ``measure`` for times, ``accuracy`` for the accuracy with another seed,
        ``goal`` for the epochs up to a stated accuracy, ``products`` for the rate of matrix
        products, ``parity`` for the gate, ``probe`` to see whether the framework works, ``mistake``
        to see what a mistake does.
    network, style, framework : str
        The implementation.
    source_sha256 : str
        Hash of the implementation file when the trial was planned.
    device : str
        ``cpu`` or ``gpu``.
    threads : int
        Threads for the framework, and processors that the process may use.
    seed : int
        For the initial values and the order of the images.
    round : int
        Counted from 0.
    epochs : int
        Whole epochs, the first of which is timed apart. Test accuracy is taken after each.
    passes : int
        Timed passes after the whole epochs. Without a whole epoch the first of them warms up.
    pass_batches : int
        Batches in such a pass, and 0 for all.
    latency_samples : int
        Single images that are predicted one after the other.
    data_name : str
        Name of the data set: ``mnist`` or ``synthetic-digits``.
    data : str
        Path of the prepared data set.
    interpreter : str
        Path of the framework's Python.
    time_limit : float
        Seconds after which the process is ended.
    condition : str
        ``standard`` for the comparison; ``null`` for the other arm of a null test; ``threads`` or
        ``batch-size`` where that differs from the comparison's; ``mistake`` where it is none of these.
    batch_size : int or None
        Images in a batch; None for the task's own.
    goal : float or None
        Test accuracy at which the whole epochs end before their number is reached.
    epoch_batches : int
        Batches in what counts as a whole epoch, and 0 for all. Other than 0 only where mistakes are shown.
    first_batches : int
        Batches in the first pass, where there is no whole epoch; 0 for as many as in the others.
    mistakes : list of str
        The mistakes that are switched on, see :mod:`tfmxbench.mistakes`. Never any in a published comparison.
    """

    identifier: str
    purpose: str
    network: str
    style: str
    framework: str
    source_sha256: str
    device: str
    threads: int
    seed: int
    round: int
    epochs: int
    passes: int
    pass_batches: int
    latency_samples: int
    data_name: str
    data: str
    interpreter: str
    time_limit: float
    condition: str = STANDARD
    batch_size: int | None = None
    goal: float | None = None
    epoch_batches: int = 0
    first_batches: int = 0
    mistakes: list[str] = dataclasses.field(default_factory=list)

    @property
    def implementation(self) -> str:
        """Network and style: ``mlp/gluon``."""
        return f"{self.network}/{self.style}"


@dataclasses.dataclass(frozen=True)
class Span:
    """Time that something took.

    Attributes
    ----------
    wall : float
        Seconds on the clock.
    cpu : float
        Seconds of processor time of the whole process, all threads together.
    """

    wall: float
    cpu: float


@dataclasses.dataclass(frozen=True)
class Pass:
    """One pass over training images.

    Attributes
    ----------
    wall, cpu : float
        Seconds from NumPy arrays in host memory to trained parameters on the device.
    batches, images : int
        How many were trained on.
    loss : float
        Mean loss of the batches.
    energy : float or None
        Joules that the machine's processors took meanwhile, all that runs on it included; None
        where it cannot be read.
    """

    wall: float
    cpu: float
    batches: int
    images: int
    loss: float
    energy: float | None = None


@dataclasses.dataclass(frozen=True)
class Memory:
    """Resident memory in bytes, and the device's.

    Attributes
    ----------
    interpreter, imported, built, data : int
        Resident memory once the interpreter runs, the framework is imported, the model is built
        with its initial values, and the data are loaded.
    peak : int
        The greatest resident memory of the process (VmHWM), at its end.
    device : int or None
        The greatest number of bytes in use on the device, where the framework tells.
    """

    interpreter: int
    imported: int
    built: int
    data: int
    peak: int
    device: int | None


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What a completed trial measured; raw values.

    Attributes
    ----------
    interpreter, imported, built : Span
        From starting the process to the worker's first line; importing the framework and the
        implementation; building the model and setting its initial values.
    epochs, passes : list of Pass
        Whole epochs, the first of which traces and compiles; then the shorter passes.
    accuracies : list of float
        Share of the test images that are classified rightly, after each whole epoch.
    inference : list of Span
        Predicting the whole test set, several times.
    latencies : list of float
        Seconds for predicting a single image, in order.
    memory : Memory
    training_images : int
        How many the data set has.
    test_images : int or None
        Likewise; None in records of schema version 1, which did not say.
    """

    interpreter: Span
    imported: Span
    built: Span
    epochs: list[Pass]
    passes: list[Pass]
    accuracies: list[float]
    inference: list[Span]
    latencies: list[float]
    memory: Memory
    training_images: int
    test_images: int | None

    @property
    def steady(self) -> list[Pass]:
        """The passes that come after the first, which traces and compiles."""
        return (self.epochs + self.passes)[1:]


@dataclasses.dataclass(frozen=True)
class MatrixProducts:
    """Products of two square matrices of float32, which the framework computed.

    Attributes
    ----------
    size : int
        Rows and columns.
    seconds : list of float
        Of each product, warmed up.
    """

    size: int
    seconds: list[float]


@dataclasses.dataclass(frozen=True)
class Record:
    """What became of a trial.

    Attributes
    ----------
    trial : Trial
    status : str
        ``completed``, ``failed`` or ``unavailable`` (the framework cannot run here).
    reason : str
        Why a trial did not complete; empty when it did.
    output : str
        The end of what the process printed, where it did not complete.
    started : str
        Date and time in UTC, ISO 8601.
    seconds : float
        From starting the process to its end, as the parent saw it.
    hashes : dict of str to str
        SHA-256 of ``data``, ``initial_parameters``, ``batch_order`` and ``source``.
    versions : dict of str to str
        Of Python and of the framework's distributions, in the trial's environment.
    device_name : str
        The device's name as the framework knows it.
    measurement : Measurement or None
        None when the trial did not complete, or measured nothing.
    products : MatrixProducts or None
        Of a trial for the rate of matrix products.
    memory_curve : list of [float, int]
        Seconds since the start of the process, and the bytes that it held then.
    """

    trial: Trial
    status: str
    reason: str
    output: str
    started: str
    seconds: float
    hashes: dict[str, str]
    versions: dict[str, str]
    device_name: str
    measurement: Measurement | None
    products: MatrixProducts | None = None
    memory_curve: list[list[float]] = dataclasses.field(default_factory=list)

    @property
    def completed(self) -> bool:
        return self.status == COMPLETED


def to_json(value: Any) -> dict[str, Any]:
    """A dataclass of this module as what :mod:`json` writes."""
    return dataclasses.asdict(value)


def record_from_json(values: dict[str, Any]) -> Record:
    """A record from what :mod:`json` read, which the schema has been checked against."""
    measurement, products = values["measurement"], values["products"]
    return Record(
        **{
            **values,
            "trial": Trial(**values["trial"]),
            "measurement": measurement and measurement_from_json(measurement),
            "products": products and MatrixProducts(**products),
        }
    )


def measurement_from_json(values: dict[str, Any]) -> Measurement:
    """A measurement from what :mod:`json` read, which the schema has been checked against."""
    return Measurement(
        interpreter=Span(**values["interpreter"]),
        imported=Span(**values["imported"]),
        built=Span(**values["built"]),
        epochs=[Pass(**item) for item in values["epochs"]],
        passes=[Pass(**item) for item in values["passes"]],
        accuracies=values["accuracies"],
        inference=[Span(**item) for item in values["inference"]],
        latencies=values["latencies"],
        memory=Memory(**values["memory"]),
        training_images=values["training_images"],
        test_images=values["test_images"],
    )
