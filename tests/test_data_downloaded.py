"""Data from mirrors, some of which fail, and what the environment asks for."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from mirror import Mirror, unused_address
from small_files import IMAGES, LABELS, Small, assert_small, load

from tfmxbench import data
from tfmxbench.data import DataError, download
from tfmxbench.worker import inputs

pytestmark = pytest.mark.usefixtures("no_data_named")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of 127.0.0.1 that nobody else vouches for, and its key."""
    program = shutil.which("openssl")
    if program is None:
        assert not os.environ.get("CI"), "openssl is not installed"
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    subprocess.run(
        [
            *(program, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-days", "2", "-subj", "/CN=a test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def mirrors(
    small: Small, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Mirror]]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])
    both = [Mirror(small.zipped, certificate), Mirror(small.zipped, certificate)]
    yield both
    for mirror in both:
        mirror.close()


# The mirrors


def test_mirrors_are_encrypted() -> None:
    assert len(data.MIRRORS) == 3
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in data.MIRRORS)


def test_download_then_cache(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    assert_small(load(small, tmp_path, mirrors[0].url, mirrors[1].url), small)
    assert sorted(mirrors[0].sent()) == sorted(mirrors[0].files)
    assert not mirrors[1].requests
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(mirrors[0].files)
    before = len(mirrors[0].requests)
    assert_small(load(small, tmp_path, mirrors[0].url), small)
    assert len(mirrors[0].requests) == before
    assert_small(load(small, tmp_path, mirrors[0].url, offline=True), small)
    # Not as MNIST's files, which these are not.
    with pytest.raises(DataError, match="altered"):
        data.load(None, tmp_path, offline=True, choice="mnist")


@pytest.mark.parametrize(
    "habit", ["error page", "gone", "breaks off", "encoded", "truncated", "other content"]
)
def test_next_mirror_takes_over(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, habit: str
) -> None:
    mirrors[0].habit = habit
    assert_small(load(small, tmp_path, mirrors[0].url, mirrors[1].url), small)
    assert sorted(mirrors[1].sent()) == sorted(mirrors[1].files)


@pytest.mark.parametrize("habit", ["error page", "gone", "breaks off", "truncated", "other content"])
def test_nothing_is_left_of_what_failed(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, habit: str
) -> None:
    mirrors[0].habit = habit
    with pytest.raises(DataError) as caught:
        load(small, tmp_path, mirrors[0].url)
    assert str(tmp_path / "mnist") in str(caught.value)
    assert not list((tmp_path / "mnist").iterdir())


def test_file_is_not_unzipped_on_its_way(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    mirrors[0].habit = "encoded if asked"
    assert_small(load(small, tmp_path, mirrors[0].url), small)


def test_refused_connection_fails_over(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    assert_small(load(small, tmp_path, unused_address(), mirrors[0].url), small)


def test_unreachable_mirror_is_asked_once(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = []
    contact = download._contact

    def count(url: str) -> None:
        addresses.append(url)
        contact(url)

    monkeypatch.setattr(download, "_contact", count)
    load(small, tmp_path, dead := unused_address(), mirrors[0].url)
    assert [url for url in addresses if url.startswith(dead)] == [f"{dead}{LABELS}.gz"]


def test_silent_mirror_is_given_up_soon(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        start = time.monotonic()
        assert_small(load(small, tmp_path / "a", url, mirrors[0].url), small)
        with pytest.raises(DataError, match="did not answer in time"):
            load(small, tmp_path / "b", url)
        # Less than the time after which the request itself gives up.
        assert time.monotonic() - start < download.CONNECT


def test_redirection_over_tls_is_followed(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path
) -> None:
    mirrors[0].habit, mirrors[0].target = "redirects", mirrors[1].url
    assert_small(load(small, tmp_path, mirrors[0].url), small)
    assert sorted(mirrors[1].sent()) == sorted(mirrors[1].files)


def test_redirection_to_an_address_without_encryption_is_refused(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path
) -> None:
    """Even where it would send the right files."""
    plain = Mirror(small.zipped)
    try:
        mirrors[0].habit, mirrors[0].target = "redirects", plain.url
        with pytest.raises(DataError, match="sends on to an address that is not encrypted"):
            load(small, tmp_path / "a", mirrors[0].url)
        assert_small(load(small, tmp_path / "b", mirrors[0].url, mirrors[1].url), small)
        assert plain.requests == []
    finally:
        plain.close()


def test_endless_redirection_is_given_up(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    mirrors[0].habit, mirrors[0].target = "redirects", mirrors[0].url
    assert_small(load(small, tmp_path, mirrors[0].url, mirrors[1].url), small)


def test_mirror_without_encryption_is_not_asked(small: Small, tmp_path: pathlib.Path) -> None:
    plain = Mirror(small.zipped)
    try:
        with pytest.raises(DataError, match="is not encrypted: its address does not begin with https://"):
            load(small, tmp_path, plain.url)
        assert plain.requests == []
    finally:
        plain.close()


def test_mirror_that_nobody_vouches_for_is_not_believed(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is its own."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(DataError, match="cannot be reached"):
        load(small, tmp_path, mirrors[0].url)
    assert mirrors[0].requests == []


def test_mirror_that_drips_is_given_up(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It always sends something before the time limit of a single answer."""
    monkeypatch.setattr(download, "PATIENCE", 0.3)
    mirrors[0].habit = "drips"
    assert_small(load(small, tmp_path / "a", mirrors[0].url, mirrors[1].url), small)
    with pytest.raises(DataError, match=r"took longer than 0\.3 s to send"):
        load(small, tmp_path / "b", mirrors[0].url)
    assert not [path for path in (tmp_path / "b" / "mnist").iterdir() if IMAGES in path.name]


@pytest.mark.usefixtures("few_drawn")
def test_without_a_network_digits_are_drawn(small: Small, tmp_path: pathlib.Path) -> None:
    start = time.monotonic()
    dataset = load(small, tmp_path, unused_address(), unused_address(), unused_address(), choice="auto")
    assert time.monotonic() - start < 5
    assert dataset.name == "synthetic-digits"
    assert dataset.source.count("cannot be reached") == 3
    offline = load(small, tmp_path, offline=True, choice="auto")
    assert offline.name == "synthetic-digits"
    assert "offline" in offline.source


def test_mnist_can_be_demanded(small: Small, tmp_path: pathlib.Path) -> None:
    environ = {"TFMXBENCH_DATA": "mnist", "TFMXBENCH_CACHE_DIR": str(tmp_path)}
    with pytest.raises(DataError, match="cannot be reached"):
        data.load_from_environment(environ, mirrors=[unused_address()], files=small.files)
    with pytest.raises(DataError, match="offline"):
        data.load_from_environment(environ, offline=True, files=small.files)


def test_altered_cached_file(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    load(small, tmp_path, mirrors[0].url)
    path = tmp_path / "mnist" / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DataError, match="altered") as caught:
        load(small, tmp_path, offline=True)
    assert str(path) in str(caught.value)
    mirrors[0].requests.clear()
    assert_small(load(small, tmp_path, mirrors[0].url), small)
    assert mirrors[0].sent() == [path.name]
    assert path.read_bytes() == small.zipped[IMAGES]


DOWNLOAD = """
import json, pathlib, sys
from tfmxbench import data
files = {role: data.File(name, tuple(shape), *hashes)
         for role, (name, shape, *hashes) in json.loads(sys.argv[3]).items()}
print(data.load(None, pathlib.Path(sys.argv[1]), mirrors=[sys.argv[2]], choice="mnist", files=files).sha256)
"""


def start_download(small: Small, cache: pathlib.Path, url: str) -> subprocess.Popen[str]:
    files = json.dumps({role: dataclasses.astuple(file) for role, file in small.files.items()})
    command = [sys.executable, "-c", DOWNLOAD, str(cache), url, files]
    root = str(pathlib.Path(data.__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": root}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def test_processes_that_download_at_once(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    mirrors[0].habit = "slow"
    processes = [start_download(small, tmp_path, mirrors[0].url) for _ in range(2)]
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert output.strip() == inputs.hash_arrays(small.arrays)
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(mirrors[0].files)


def test_killed_download_leaves_nothing_to_use(
    small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path
) -> None:
    mirrors[0].habit = "stalls"
    process = start_download(small, tmp_path, mirrors[0].url)
    try:
        assert mirrors[0].half_sent.wait(30)
    finally:
        process.kill()
        process.communicate()
    assert not set(mirrors[0].files) & {path.name for path in (tmp_path / "mnist").iterdir()}
    assert_small(load(small, tmp_path, mirrors[1].url), small)


@pytest.mark.usefixtures("few_drawn")
def test_cache_that_cannot_be_written_to(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be kept"):
        load(small, tmp_path / "cache", mirrors[0].url)
    dataset = load(small, tmp_path / "cache", mirrors[0].url, choice="auto")
    assert dataset.name == "synthetic-digits"
    assert str(tmp_path) not in dataset.source, "the source is published"


# What the environment asks for


def test_unknown_choice_is_named() -> None:
    with pytest.raises(ValueError, match="TFMXBENCH_DATA=fashion: expected one of auto, mnist, synthetic"):
        data.load_from_environment({"TFMXBENCH_DATA": "fashion"})
    with pytest.raises(ValueError, match="'fashion'"):
        data.load(choice="fashion")


@pytest.mark.usefixtures("few_drawn")
def test_synthetic_digits_can_be_demanded(small: Small, tmp_path: pathlib.Path) -> None:
    environ = {
        "TFMXBENCH_DATA": "synthetic",
        "TFMXBENCH_DATA_DIR": str(small.write(tmp_path / "data")),
        "TFMXBENCH_CACHE_DIR": str(tmp_path / "cache"),
    }
    assert data.load_from_environment(environ, files=small.files).name == "synthetic-digits"
    assert (tmp_path / "cache" / "synthetic-digits").is_dir()
    assert_small(data.load_from_environment({**environ, "TFMXBENCH_DATA": "auto"}, files=small.files), small)


def test_empty_variables_count_as_none(small: Small, mirrors: list[Mirror], tmp_path: pathlib.Path) -> None:
    environ = {"TFMXBENCH_DATA": "", "TFMXBENCH_DATA_DIR": "", "TFMXBENCH_CACHE_DIR": str(tmp_path)}
    dataset = data.load_from_environment(environ, mirrors=[mirrors[0].url], files=small.files)
    assert_small(dataset, small)
    assert (tmp_path / "mnist").is_dir()
