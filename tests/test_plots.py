"""Plots say what they do not show."""

import pytest

from tfmxbench.analysis.estimates import Estimate
from tfmxbench.report.figures import plots

BEYOND = "continues beyond it"


def seconds(low: float, high: float) -> list[plots.Line]:
    return [
        plots.Line("first", "tensorflow", [1.0, 1.1, 1.2], Estimate(1.1, 1.0, 1.2, 3)),
        plots.Line("second", "mxnet", [1.0, 1.5, 2.0], Estimate(1.5, low, high, 3)),
    ]


@pytest.mark.parametrize(("high", "cut_off"), [(2.1, False), (9.0, True)])
def test_the_caption_mentions_an_interval_that_runs_off_the_plot(high, cut_off):
    drawn = plots.lines(seconds(1.4, high), "name", "seconds", "Seconds.").source
    assert (BEYOND in drawn) == cut_off


@pytest.mark.parametrize(("low", "cut_off"), [(0.9, False), (-5.0, True)])
def test_with_a_baseline_it_may_run_off_either_way(low, cut_off):
    drawn = plots.lines(seconds(low, 2.0), "name", "ratio", "Ratios.", baseline=1.0).source
    assert (BEYOND in drawn) == cut_off


def test_a_value_without_an_interval_runs_nowhere():
    drawn = plots.lines(seconds(float("nan"), float("nan")), "name", "seconds", "Seconds.").source
    assert BEYOND not in drawn


@pytest.mark.parametrize(("high", "cut_off"), [(2.2, False), (90.0, True)])
def test_the_captions_of_moved_ratios_and_series_mention_it_too(high, cut_off):
    wide = Estimate(2.0, 1.8, high, 3)
    moved = plots.moved([("one", Estimate(1.0, 0.9, 1.1, 3), wide)], "name", "ratio", "Ratios.").source
    series = plots.series([("one", "mxnet", [(1, wide), (2, wide)])], "name", "x", "y", "Series.").source
    assert [BEYOND in moved, BEYOND in series] == [cut_off, cut_off]


def test_an_axis_of_ratios_does_not_extend_below_0(monkeypatch):
    shown = []
    monkeypatch.setattr(
        plots.drawing, "fragment", lambda figure, *texts: shown.append(figure.axes[0].get_xlim())
    )
    plots.lines(seconds(0.5, 2.0), "name", "ratio", "Ratios.", baseline=1.0)
    plots.lines([plots.Line("one", "mxnet", [0.99, 1.01], Estimate(1.0, 0.98, 1.02, 2))], "", "", "", 1.0)
    (widest, _), (narrow, _) = shown
    assert widest == 0 < narrow < 1
