"""Energy that the machine's processors used, if the system permits reading it.

Linux counts it in microjoules for each processor package (powercap, "intel-rapl", which AMD's
processors have too). Usually only root can read the counters, and virtual machines have none; then
energy is not measured.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path("/sys/class/powercap")
MICRO = 1e-6


class Counter:
    """The energy counters of all packages; it counts from its creation.

    Parameters
    ----------
    folder : pathlib.Path
        The folder in which the system lists the packages.
    """

    def __init__(self, folder: pathlib.Path = FOLDER) -> None:
        # "intel-rapl:0" is a package; its count includes that of "intel-rapl:0:1", a part of it. Some
        # laptops also count the whole machine as "psys", which includes the packages.
        self._zones = sorted(
            path
            for path in folder.glob("intel-rapl:*")
            if path.name.count(":") == 1 and _text(path / "name") != "psys"
        )
        self._start = self._read()

    def joules(self) -> float | None:
        """Joules since the creation; None if they cannot be read."""
        start, end = self._start, self._read()
        if not start or not end:
            return None
        total = 0
        for zone, before, after in zip(self._zones, start, end, strict=True):
            if after < before:
                # The counter has wrapped around to 0.
                largest = _number(zone / "max_energy_range_uj")
                if largest is None:
                    return None
                after += largest
            total += after - before
        return total * MICRO

    def _read(self) -> list[int]:
        """Each package's counter; empty if one cannot be read."""
        counters = [_number(zone / "energy_uj") for zone in self._zones]
        return [] if None in counters else [value for value in counters if value is not None]


def _number(path: pathlib.Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: pathlib.Path) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
