"""Energy that the machine's processors took, where the system lets it be read.

Linux counts it in microjoules for each processor package (powercap, "intel-rapl", which AMD's
processors have too). The counters are usually readable by root only, and virtual machines have
none; then energy is not measured.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path("/sys/class/powercap")
MICRO = 1e-6


class Counter:
    """The counters of all packages, read when it was made.

    Parameters
    ----------
    folder : pathlib.Path
        Where the system lists them.
    """

    def __init__(self, folder: pathlib.Path = FOLDER) -> None:
        # "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of it, which it counts too. "psys" is
        # the whole machine, as some laptops count it, and holds the packages.
        self._zones = sorted(
            path
            for path in folder.glob("intel-rapl:*")
            if path.name.count(":") == 1 and _text(path / "name") != "psys"
        )
        self._start = self._read()

    def joules(self) -> float | None:
        """Joules since it was made; None where they cannot be read."""
        start, end = self._start, self._read()
        if not start or not end:
            return None
        total = 0
        for zone, before, after in zip(self._zones, start, end, strict=True):
            if after < before:
                # The counter began again from 0.
                largest = _number(zone / "max_energy_range_uj")
                if largest is None:
                    return None
                after += largest
            total += after - before
        return total * MICRO

    def _read(self) -> list[int]:
        """Each package's counter; empty where one cannot be read."""
        found = [_number(zone / "energy_uj") for zone in self._zones]
        return [] if None in found else [value for value in found if value is not None]


def _number(path: pathlib.Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: pathlib.Path) -> str:
    """What a file holds; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
