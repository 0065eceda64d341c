"""Pictures say what they do not show."""

import pytest

from tfmxbench.analysis.estimates import Estimate
from tfmxbench.report.figures import plots

BEYOND = "goes on beyond it"


def seconds(low: float, high: float) -> list[plots.Line]:
    return [
        plots.Line("one", "tensorflow", [1.0, 1.1, 1.2], Estimate(1.1, 1.0, 1.2, 3)),
        plots.Line("other", "mxnet", [1.0, 1.5, 2.0], Estimate(1.5, low, high, 3)),
    ]


@pytest.mark.parametrize(("high", "cut_off"), [(2.1, False), (9.0, True)])
def test_an_interval_that_runs_off_the_picture_is_told(high, cut_off):
    drawn = plots.lines(seconds(1.4, high), "name", "seconds", "Seconds.").source
    assert (BEYOND in drawn) == cut_off


@pytest.mark.parametrize(("low", "cut_off"), [(0.9, False), (-5.0, True)])
def test_beside_a_reference_it_may_run_off_either_way(low, cut_off):
    drawn = plots.lines(seconds(low, 2.0), "name", "ratio", "Ratios.", reference=1.0).source
    assert (BEYOND in drawn) == cut_off


def test_a_value_without_an_interval_runs_nowhere():
    drawn = plots.lines(seconds(float("nan"), float("nan")), "name", "seconds", "Seconds.").source
    assert BEYOND not in drawn


@pytest.mark.parametrize(("high", "cut_off"), [(2.2, False), (90.0, True)])
def test_so_it_is_where_ratios_are_moved_and_along_an_axis(high, cut_off):
    wide = Estimate(2.0, 1.8, high, 3)
    moved = plots.moved([("one", Estimate(1.0, 0.9, 1.1, 3), wide)], "name", "ratio", "Ratios.").source
    series = plots.series([("one", "mxnet", [(1, wide), (2, wide)])], "name", "x", "y", "Series.").source
    assert [BEYOND in moved, BEYOND in series] == [cut_off, cut_off]


def test_an_axis_of_ratios_does_not_reach_below_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr(
        plots.drawing, "fragment", lambda drawn, *told: shown.append(drawn.axes[0].get_xlim())
    )
    plots.lines(seconds(0.5, 2.0), "name", "ratio", "Ratios.", reference=1.0)
    plots.lines([plots.Line("one", "mxnet", [0.99, 1.01], Estimate(1.0, 0.98, 1.02, 2))], "", "", "", 1.0)
    (widest, _), (narrow, _) = shown
    assert widest == 0 < narrow < 1
