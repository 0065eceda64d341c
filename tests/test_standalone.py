"""Pages that were downloaded, run as they are: there is no results file, so they measure what they show."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from sites import ROOT

from tfmxbench.networks import catalogue
from tfmxbench.report.pages import published
from tfmxbench.report.pages.implementation import ImplementationPage

pytestmark = [pytest.mark.frameworks, pytest.mark.measured, pytest.mark.xdist_group("measured")]


def download(site: pathlib.Path, name: str) -> pathlib.Path:
    """A file that a page offers."""
    (path,) = (site / "_downloads").rglob(name)
    return path


def code_of(notebook: pathlib.Path) -> str:
    """The code of a notebook's cells, one after the other."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def run(script: pathlib.Path, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Run a script in an empty folder, with the package and no results."""
    variables = {name: value for name, value in os.environ.items() if name != published.RESULTS_VARIABLE}
    finished = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={**variables, "PYTHONPATH": str(ROOT), "TFMXBENCH_DATA": "synthetic"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished


@pytest.mark.parametrize("style", ["symbol", "keras_function"])
def test_a_downloaded_page_runs_as_it_is(site, tmp_path, style):
    script = download(site, f"plot_mlp_{style}.py")
    assert f"mlp/{style}: completed" in run(script, tmp_path).stderr
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_a_downloaded_notebook_runs_as_it_is(site, tmp_path):
    script = tmp_path / "notebook.py"
    shown = "\nassert 'seconds per epoch, after warm-up' in page.costs()._repr_html_()\n"
    script.write_text(code_of(download(site, "plot_mlp_gluon_hybrid.ipynb")) + shown, encoding="utf-8")
    assert "mlp/gluon_hybrid: completed" in run(script, tmp_path).stderr


def test_a_references_page_needs_no_measurement(site, tmp_path):
    assert run(download(site, "plot_mlp_reference.py"), tmp_path).stderr == ""


def test_every_page_offers_a_script_and_a_notebook_of_the_same_code(site):
    """Those that were run above stand for all that come from the same template."""
    names = [f"plot_{item.network}_{item.style}" for item in catalogue.select()]
    names += [f"plot_{network}" for network in catalogue.networks()]
    for name in names:
        source = download(site, f"{name}.py").read_text(encoding="utf-8")
        compile(source, name, "exec")
        for line in code_of(download(site, f"{name}.ipynb")).splitlines():
            assert line in source


def test_with_no_framework_the_reason_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv(published.RESULTS_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "cache"))
    for framework in ("TENSORFLOW", "MXNET"):
        monkeypatch.setenv(f"TFMXBENCH_PYTHON_{framework}", str(tmp_path / "no python"))
    published._measured_alone.cache_clear()
    with pytest.raises(ValueError, match="no results to show, and MXNet cannot run here"):
        ImplementationPage("mlp", "symbol")


def test_results_that_were_asked_for_and_are_not_there_are_an_error(monkeypatch, tmp_path):
    """The site is never built from something else than it was told to be."""
    monkeypatch.setenv(published.RESULTS_VARIABLE, str(tmp_path / "none.json"))
    with pytest.raises(ValueError, match=r"no results in .*none\.json"):
        published.results()
