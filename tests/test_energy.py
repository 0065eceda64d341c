"""Energy counters, on a made-up folder: what the processors took, or nothing where that is not known."""

import pathlib

import pytest

from tfmxbench import frameworks
from tfmxbench.networks import catalogue
from tfmxbench.worker import energy, measuring


def write(zone: pathlib.Path, joules: float) -> None:
    (zone / "energy_uj").write_text(f"{round(joules * 1e6)}\n", encoding="ascii")


@pytest.fixture
def make_zone(tmp_path):
    """Make a zone as Linux lists it, whose counter begins again after 1000 J."""

    def make(number: str, joules: float, name: str = "package-0") -> pathlib.Path:
        zone = tmp_path / f"intel-rapl:{number}"
        zone.mkdir()
        (zone / "name").write_text(f"{name}\n", encoding="ascii")
        (zone / "max_energy_range_uj").write_text("1000000000\n", encoding="ascii")
        write(zone, joules)
        return zone

    return make


def test_the_energy_of_all_packages_is_added(tmp_path, make_zone):
    first, second = make_zone("0", 10), make_zone("1", 500, "package-1")
    counter = energy.Counter(tmp_path)
    assert counter.joules() == 0
    write(first, 12.5)
    write(second, 504)
    assert counter.joules() == pytest.approx(6.5)
    write(first, 13.5)
    assert counter.joules() == pytest.approx(7.5)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        pytest.param("0:0", "core", id="a part of a package"),
        pytest.param("1", "psys", id="the whole machine"),
    ],
)
def test_what_is_in_another_counter_too_is_not_counted_twice(tmp_path, make_zone, number, name):
    package, part = make_zone("0", 10), make_zone(number, 10, name)
    counter = energy.Counter(tmp_path)
    write(package, 13)
    write(part, 15)
    assert counter.joules() == pytest.approx(3)


def test_counters_of_another_kind_are_left_out(tmp_path, make_zone):
    """The same package is listed again, by another driver."""
    package = make_zone("0", 10)
    again = package.rename(tmp_path / "intel-rapl-mmio:0")
    assert energy.Counter(tmp_path).joules() is None
    make_zone("0", 10)
    counter = energy.Counter(tmp_path)
    write(again, 20)
    assert counter.joules() == 0


def test_a_counter_that_began_again_is_followed(tmp_path, make_zone):
    first, second = make_zone("0", 998), make_zone("1", 1)
    counter = energy.Counter(tmp_path)
    write(first, 3)
    write(second, 2)
    assert counter.joules() == pytest.approx(6)


def test_a_counter_that_began_again_at_an_unknown_value_is_not_guessed(tmp_path, make_zone):
    zone = make_zone("0", 998)
    (zone / "max_energy_range_uj").unlink()
    counter = energy.Counter(tmp_path)
    assert counter.joules() == 0
    write(zone, 3)
    assert counter.joules() is None


@pytest.mark.parametrize("content", [None, b"", b"many", b"1.5", b"\xff"], ids=str)
def test_without_one_package_nothing_is_known(tmp_path, make_zone, content):
    """A sum that lacks a processor would be believed."""
    make_zone("0", 10)
    path = make_zone("1", 20) / "energy_uj"
    path.unlink()
    if content is None:
        # As for anyone but root: it is there, and reading it fails.
        path.mkdir()
    else:
        path.write_bytes(content)
    assert energy.Counter(tmp_path).joules() is None


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_counter_that_can_be_read_only_once_tells_nothing(tmp_path, make_zone, moment):
    path = make_zone("0", 10) / "energy_uj"
    if moment == "before":
        path.unlink()
    counter = energy.Counter(tmp_path)
    if moment == "before":
        path.write_text("20000000", encoding="ascii")
    else:
        path.unlink()
    assert counter.joules() is None


def test_a_machine_without_counters_tells_nothing(tmp_path):
    assert energy.Counter(tmp_path).joules() is None
    assert energy.Counter(tmp_path / "none").joules() is None


@pytest.mark.parametrize("joules", [None, 0.0, 12.5])
def test_a_pass_states_what_was_counted_while_it_lasted(make_trial, small_arrays, monkeypatch, joules):
    events = []

    class Counter:
        def __init__(self):
            events.append("start")

        def joules(self):
            events.append("end")
            return joules

    class Loaded:
        trial = make_trial()
        task = catalogue.task("mlp")
        framework = frameworks.load("numpy")

        class implementation:
            @staticmethod
            def train(model, x, y):
                events.append("train")
                return 1.5

    monkeypatch.setattr(measuring.energy, "Counter", Counter)
    timed = measuring.timed_pass(Loaded(), None, small_arrays, 0, 3)
    assert events == ["start", "train", "end"]
    assert (timed.energy, timed.images, timed.batches) == (joules, 384, 3)
