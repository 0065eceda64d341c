"""The key of a campaign: what makes another campaign, and what does not."""

import dataclasses
import pathlib
import shutil

import pytest

import tfmxbench
from tfmxbench.networks import catalogue
from tfmxbench.processes import hashes
from tfmxbench.worker import entry


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"threads": 2},
        {"profile": "default"},
        {"devices": ["cpu", "gpu"]},
        {"machine": {"system": "Linux", "processor": "another"}},
        {"problems": {"mxnet": "it is not installed"}},
    ],
    ids=str,
)
def test_other_conditions_are_another_campaign(make_campaign, changes):
    assert make_campaign(**changes).key != make_campaign().key
    assert make_campaign(**changes).folder != make_campaign().folder


def test_other_data_are_another_campaign(make_campaign):
    planned = make_campaign()
    data = dataclasses.replace(planned.data, sha256="1" * 64)
    assert make_campaign(data=data).key != planned.key


def test_another_version_of_a_framework_or_interpreter_is_another_campaign(make_campaign):
    planned = make_campaign()
    keys = {planned.key}
    for change in ({"versions": {"python": "3.12.0"}}, {"interpreter": "/other/python"}):
        environments = dict(planned.environments)
        environments["mxnet", "cpu"] = dataclasses.replace(environments["mxnet", "cpu"], **change)
        keys.add(make_campaign(environments=environments).key)
    assert len(keys) == 3


def test_another_version_of_the_package_is_another_campaign(make_campaign, monkeypatch):
    key = make_campaign().key
    monkeypatch.setattr(tfmxbench, "__version__", "9.9.9")
    assert make_campaign().key != key


@pytest.mark.parametrize(
    "module",
    [
        "measure/plan.py",
        "measure/profiles.py",
        "processes/runner.py",
        "records/trial.py",
        "frameworks/mxnet.py",
        *(f"worker/{path.name}" for path in pathlib.Path(entry.__file__).parent.glob("*.py")),
        "worker/a_new_module.py",
    ],
)
def test_another_plan_worker_or_way_to_start_processes_is_another_campaign(
    make_campaign, tmp_path, monkeypatch, module
):
    package = tmp_path / "tfmxbench"
    shutil.copytree(hashes.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    key = make_campaign().key
    monkeypatch.setattr(hashes, "PACKAGE", package)
    assert make_campaign().key == key
    with (package / module).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert make_campaign().key != key


@pytest.mark.parametrize("changed", ["gluon.py", "__init__.py"])
def test_a_changed_source_or_task_is_another_campaign(make_campaign, tmp_path, monkeypatch, changed):
    folder = tmp_path / "networks"
    shutil.copytree(catalogue.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    key = make_campaign().key
    assert make_campaign().key == key
    path = folder / "mlp" / changed
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert make_campaign().key != key


def test_more_rounds_or_time_or_another_place_of_the_data_are_the_same_campaign(make_campaign, tmp_path):
    key = make_campaign().key
    assert make_campaign(rounds=10).key == key
    assert make_campaign(budget=60.0).key == key
    assert make_campaign(data_path=tmp_path / "elsewhere.npz").key == key


def test_the_order_in_which_environments_were_found_makes_no_difference(make_campaign):
    planned = make_campaign()
    turned = dict(reversed(planned.environments.items()))
    assert make_campaign(environments=turned).key == planned.key
