"""A trial and its record: plain values, and their conversion to and from JSON.

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One run of one implementation in a fresh process: everything that the worker needs to know.

    Attributes
    ----------
    identifier : str
        Name of the trial and of its files; unique in the campaign.
    purpose : str
        Why it runs: ``measure`` for times, ``accuracy`` for the accuracy with another seed, ``goal``
        for the epochs up to a stated accuracy, ``products`` for the rate of matrix products,
        ``parity`` for the parity gate, ``probe`` to check that the framework works, ``mistake`` to
        show what a mistake does.
    network : str
        Network of the implementation that runs.
    style : str
        Style of the implementation.
    framework : str
        Framework of the implementation.
    source_sha256 : str
        Hash of the implementation file when the trial was planned.
    device : str
        ``cpu`` or ``gpu``.
    threads : int
        Threads of the framework, and processors that the process may use.
    seed : int
        Seed of the initial values and of the order of the images.
    round : int
        Number of the round, from 0.
    epochs : int
        Number of whole epochs. The first is timed separately. Test accuracy is measured after each.
    passes : int
        Number of timed passes after the whole epochs. Without whole epochs, the first pass is the warm-up.
    pass_batches : int
        Batches in each of these passes; 0 for all batches.
    latency_samples : int
        Number of single images that are predicted one after the other.
    data_name : str
        Name of the data set: ``mnist`` or ``synthetic-digits``.
    data : str
        Path of the prepared data set.
    interpreter : str
        Path of the framework's Python.
    time_limit : float
        Seconds after which the process is ended.
    condition : str
        ``standard`` for the comparison; ``null`` for the second arm of a null test; ``threads`` for
        another number of threads and ``batch-size`` for another batch size, with ``unvaried`` for their
        control; ``seed``, ``goal``, ``products`` or ``mistake`` for trials outside of the comparison.
    batch_size : int or None
        Images in a batch; None for the network's own batch size.
    goal : float or None
        Test accuracy that ends training after the first epoch that reaches it. None for no goal.
    epoch_batches : int
        Batches that count as a whole epoch; 0 for all batches. Only trials that show mistakes have others.
    first_batches : int
        Batches in the first pass of a trial without whole epochs; 0 for as many as in the other passes.
    mistakes : list of str
        The mistakes that are switched on, see :mod:`tfmxbench.mistakes`; none in a published comparison.
    """

    identifier: str
    purpose: str
    network: str = ""
    style: str = ""
    framework: str
    source_sha256: str = ""
    device: str
    threads: int
    seed: int = 0
    round: int = 0
    epochs: int = 0
    passes: int = 0
    pass_batches: int = 0
    latency_samples: int = 0
    data_name: str = ""
    data: str = ""
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
    """The time that a step of a trial took.

    Attributes
    ----------
    wall : float
        Seconds on the clock.
    cpu : float
        Seconds of CPU time of the whole process, all threads together.
    """

    wall: float
    cpu: float


@dataclasses.dataclass(frozen=True)
class Pass:
    """One pass over training images.

    Attributes
    ----------
    wall : float
        Seconds on the clock, from NumPy arrays in host memory to trained parameters on the device.
    cpu : float
        Seconds of CPU time of the whole process in that time, all threads together.
    batches : int
        Number of batches that were trained on.
    images : int
        Number of images that were trained on.
    loss : float
        Mean loss of the batches.
    energy : float or None
        Joules that the machine's processors used in that time, for everything that ran on the machine;
        None if they cannot be read.
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
    interpreter : int
        Resident memory when the interpreter has started.
    imported : int
        Resident memory when the framework has been imported.
    built : int
        Resident memory when the model has been built and has its initial values.
    data : int
        Resident memory when the data have been loaded.
    peak : int
        Peak resident memory of the process (VmHWM), read at its end.
    device : int or None
        Peak number of bytes in use on the device; None if the framework does not report it.
    """

    interpreter: int
    imported: int
    built: int
    data: int
    peak: int
    device: int | None


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The raw values that a completed trial measured.

    Attributes
    ----------
    interpreter : Span
        Time from starting the process to the worker's first line.
    imported : Span
        Time to import the framework and the implementation.
    built : Span
        Time to build the model and to set its initial values.
    epochs : list of Pass
        Whole epochs. The first one includes tracing and compilation.
    passes : list of Pass
        The shorter passes that follow. Without whole epochs, the first one includes tracing and compilation.
    accuracies : list of float
        Share of the test images that are classified correctly, after each whole epoch.
    inference : list of Span
        Time to predict the whole test set, for each repeat.
    latencies : list of float
        Seconds to predict a single image, for each image in order.
    memory : Memory
    training_images : int
        Number of training images in the data set.
    test_images : int or None
        Number of test images in the data set; None where the file does not record it.
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
        """All passes but the first, which includes tracing and compilation."""
        return (self.epochs + self.passes)[1:]


@dataclasses.dataclass(frozen=True)
class MatrixProducts:
    """Products of two square float32 matrices, computed by the framework.

    Attributes
    ----------
    size : int
        Number of rows, and of columns, of each matrix.
    seconds : list of float
        Seconds of each product, after warm-up.
    """

    size: int
    seconds: list[float]


@dataclasses.dataclass(frozen=True)
class Record:
    """The outcome of a trial.

    Attributes
    ----------
    trial : Trial
    status : str
        ``completed``, ``failed`` or ``unavailable`` (the framework cannot run on this machine).
    reason : str
        Why the trial did not complete; empty if it did.
    output : str
        The end of what the process printed; empty if the trial completed.
    started : str
        Date and time in UTC, ISO 8601.
    seconds : float
        Seconds from the start of the process to its end, measured by its parent.
    hashes : dict of str to str
        SHA-256 of ``data``, ``initial_parameters``, ``batch_order`` and ``source``.
    versions : dict of str to str
        Versions of Python and of the framework's distributions in the trial's environment.
    device_name : str
        The device's name, as the framework reports it.
    measurement : Measurement or None
        The measured values; None if the trial did not complete, or if its purpose needs no measurement.
    products : MatrixProducts or None
        Times of matrix products; None except in a trial for their rate.
    memory_curve : list of [float, int]
        Seconds since the start of the process, and its resident memory at that time in bytes.
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
    """A dataclass as values that :mod:`json` can write."""
    return dataclasses.asdict(value)


def record_from_json(values: dict[str, Any]) -> Record:
    """A record from values that :mod:`json` read and that follow the schema."""
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
    """A measurement from values that :mod:`json` read and that follow the schema."""
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
