"""Where data come from: folders that are what they should be or refused, mirrors that fail, drawn digits.

Most tests use four small files of the same kind as MNIST's, and a web server in this process.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import http.server
import importlib.util
import json
import math
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from tfmxbench.measure import data, inputs, prepared
from tfmxbench.measure.data import DataError, File, download, synthetic
from tfmxbench.networks import mlp
from tfmxbench.networks.mlp import reference

REAL_MNIST = os.environ.get("TFMXBENCH_DATA_DIR")
MNIST_SHA256 = "52cd6c10ae77107af32269dd9d10ca19c1b749e83235a0c75e2f0729ebeaf141"
SEED_0_SHA256 = "6f65c2e3e09200b4472f0573241f0b04d3a5999dd92dee04c8c66063ea954608"
SHAPES = {
    "train_images": (40, 28, 28),
    "train_labels": (40,),
    "test_images": (12, 28, 28),
    "test_labels": (12,),
}


@dataclasses.dataclass(frozen=True)
class Small:
    """Small files: what they are, what is in them, zipped and not, and as arrays."""

    files: Mapping[str, File]
    contents: Mapping[str, bytes]
    zipped: Mapping[str, bytes]
    arrays: Mapping[str, np.ndarray]

    def write(self, folder: pathlib.Path, zipped: bool = True) -> pathlib.Path:
        folder.mkdir()
        for name, content in (self.zipped if zipped else self.contents).items():
            (folder / f"{name}.gz" if zipped else folder / name).write_bytes(content)
        return folder


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def make_small(arrays: Mapping[str, np.ndarray]) -> Small:
    files, contents, zipped = {}, {}, {}
    for role, array in arrays.items():
        name = data.FILES[role].name
        contents[name] = idx(array)
        zipped[name] = gzip.compress(contents[name], mtime=0)
        hashes = [hashlib.sha256(content).hexdigest() for content in (contents[name], zipped[name])]
        files[role] = File(name, array.shape, *hashes)
    return Small(files, contents, zipped, arrays)


def small_arrays() -> dict[str, np.ndarray]:
    random = np.random.RandomState(1)
    tops = {role: 256 if len(shape) == 3 else 10 for role, shape in SHAPES.items()}
    return {role: random.randint(0, tops[role], shape, np.uint8) for role, shape in SHAPES.items()}


@pytest.fixture(scope="session")
def small() -> Small:
    return make_small(small_arrays())


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in ("TFMXBENCH_DATA", "TFMXBENCH_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "default-cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def few_drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Draw 50 digits where 70000 would be, for tests that are not about them; counts the drawings."""
    drawings: list[int] = []
    generate = synthetic.generate

    def generate_few(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        drawings.append(count)
        images, labels = generate(seed, 50)
        return images, labels

    monkeypatch.setattr(synthetic, "generate", generate_few)
    return drawings


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of 127.0.0.1 that nobody else vouches for, and its key."""
    program = shutil.which("openssl")
    if program is None:
        assert not os.environ.get("CI"), "openssl is not installed"
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, made = str(folder / "key.pem"), str(folder / "certificate.pem")
    subprocess.run(
        [
            *(program, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-days", "2", "-subj", "/CN=a test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


class Mirror:
    """A web server on this machine, with files, and with bad habits."""

    def __init__(self, files: Mapping[str, bytes], certificate: tuple[str, str] | None = None) -> None:
        self.files = {f"{name}.gz": content for name, content in files.items()}
        self.habit = "good"
        self.target = ""
        self.requests: list[str] = []
        self.half_sent = threading.Event()
        self.resume = threading.Event()
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            do_HEAD = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_port}/mnist/"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The hands are shaken by the thread that serves the connection.
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        # Connections that a client gives up are no news.
        self.server.handle_error = lambda *arguments: None  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        self.requests.append(f"{handler.command} {name}")
        content = self.files[name]
        if self.habit == "error page":
            content = b"<html><title>Welcome to our hotel's network</title></html>"
        if self.habit == "truncated":
            content = content[:-1]
        if self.habit == "other content":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.habit == "redirects":
            handler.send_response(302)
            handler.send_header("Location", f"{self.target}{name}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(404 if self.habit == "gone" else 200)
        asked = "gzip" in handler.headers.get("Accept-Encoding", "")
        if self.habit == "encoded" or (self.habit == "encoded if asked" and asked):
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        if self.habit == "drips":
            for start in range(0, len(content), 4096):
                handler.wfile.write(content[start : start + 4096])
                handler.wfile.flush()
                if self.resume.wait(0.2):
                    return
            return
        half = len(content) // 2
        handler.wfile.write(content[:half])
        handler.wfile.flush()
        if self.habit == "breaks off":
            return
        if self.habit == "slow":
            time.sleep(0.3)
        if self.habit == "stalls":
            self.half_sent.set()
            self.resume.wait(30)
            return
        handler.wfile.write(content[half:])

    def close(self) -> None:
        self.resume.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def sent(self) -> list[str]:
        return [request.removeprefix("GET ") for request in self.requests if request.startswith("GET ")]


@pytest.fixture
def mirrors(
    small: Small, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Mirror]]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])
    both = [Mirror(small.zipped, certificate), Mirror(small.zipped, certificate)]
    yield both
    for mirror in both:
        mirror.close()


def unused_address() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{listener.getsockname()[1]}/"


def load(
    small: Small, cache: pathlib.Path, *addresses: str, choice: str = "mnist", **more: bool
) -> data.Dataset:
    return data.load(None, cache, mirrors=addresses, files=small.files, choice=choice, **more)


def assert_small(dataset: data.Dataset, small: Small) -> None:
    assert dataset.name == "mnist"
    for name, array in small.arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)


# A folder


@pytest.mark.parametrize("zipped", [True, False])
def test_folder_is_read(small: Small, tmp_path: pathlib.Path, zipped: bool) -> None:
    dataset = data.load(small.write(tmp_path / "data", zipped), files=small.files)
    assert_small(dataset, small)
    assert dataset.train_images.dtype == dataset.test_labels.dtype == np.uint8
    assert dataset.sha256 == inputs.hash_arrays(small.arrays)
    assert str(tmp_path) not in dataset.source, "the source is published"


def test_zipping_is_seen_from_the_content(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    for number, (name, content) in enumerate(small.contents.items()):
        if number % 2:
            (folder / f"{name}.gz").write_bytes(content)
        else:
            (folder / f"{name}.gz").rename(folder / name)
    assert_small(data.load(folder, files=small.files), small)


def test_how_a_file_was_zipped_does_not_matter(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    for name, content in small.contents.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1, mtime=7))
    assert_small(data.load(folder, files=small.files), small)


@pytest.mark.skipif(not REAL_MNIST, reason="TFMXBENCH_DATA_DIR names no folder with MNIST")
def test_mnist_itself(tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(str(REAL_MNIST))
    dataset = data.load_from_environment({"TFMXBENCH_DATA_DIR": str(folder)})
    assert dataset.sha256 == MNIST_SHA256
    assert dataset.train_images.shape == (60000, 28, 28)
    assert dataset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    for file in data.FILES.values():
        with gzip.open(folder / f"{file.name}.gz") as stream, (tmp_path / file.name).open("wb") as unzipped:
            shutil.copyfileobj(stream, unzipped)
    assert data.load(tmp_path).sha256 == MNIST_SHA256


LABELS = "t10k-labels-idx1-ubyte"
IMAGES = "train-images-idx3-ubyte"


def refuse(small: Small, folder: pathlib.Path, *expected: str) -> None:
    """The folder is refused in words that include these, and nothing takes its place."""
    environ = {"TFMXBENCH_DATA_DIR": str(folder), "TFMXBENCH_CACHE_DIR": str(folder / "cache")}
    for choice in ("auto", "mnist"):
        with pytest.raises(DataError) as caught:
            data.load_from_environment({**environ, "TFMXBENCH_DATA": choice}, files=small.files)
        for text in (str(folder), *expected):
            assert text in str(caught.value)
    assert not (folder / "cache").exists()


def test_missing_folder_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    refuse(small, tmp_path / "nowhere", "is not a folder", LABELS, IMAGES)


def test_missing_files_are_named(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    (folder / f"{LABELS}.gz").unlink()
    (folder / f"{IMAGES}.gz").unlink()
    refuse(small, folder, f"missing: {folder / IMAGES}, {folder / LABELS} ")


def test_truncated_gzip_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(small.zipped[IMAGES][:-1000])
    refuse(small, folder, f"{path} is a truncated gzip file", f"{path.stat().st_size} bytes", "40 x 28 x 28")


@pytest.mark.parametrize("position", [10, -8], ids=["data", "checksum"])
def test_damaged_gzip_is_refused(small: Small, tmp_path: pathlib.Path, position: int) -> None:
    folder = small.write(tmp_path / "data")
    content = bytearray(small.zipped[IMAGES])
    content[position] ^= 0xFF
    (folder / f"{IMAGES}.gz").write_bytes(content)
    refuse(small, folder, f"{folder / IMAGES}.gz is a damaged gzip file", small.files["train_images"].sha256)


def test_truncated_file_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    length = len(small.contents[IMAGES])
    (folder / IMAGES).write_bytes(small.contents[IMAGES][:-1])
    refuse(small, folder, f"{folder / IMAGES}: truncated", f"{length} bytes", f"{length - 1} bytes")


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_longer_file_is_refused(small: Small, tmp_path: pathlib.Path, name: str) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / name).write_bytes(small.contents[name] + b"\0")
    refuse(small, folder, f"{folder / name}: too long", f"{len(small.contents[name])} bytes")


def test_empty_file_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(b"")
    refuse(small, folder, f"{folder / LABELS}: ", "found: 0 bytes")


def test_swapped_files_are_recognised(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    path = folder / "train-labels-idx1-ubyte.gz"
    other = folder / f"{LABELS}.gz"
    path.write_bytes(small.zipped[LABELS])
    other.write_bytes(small.zipped["train-labels-idx1-ubyte"])
    refuse(small, folder, f"{path}: this looks like {LABELS}", "sizes 40,", "sizes 12,")


def test_altered_byte_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    content = bytearray(small.contents[IMAGES])
    content[1000] ^= 1
    (folder / IMAGES).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    refuse(small, folder, f"{folder / IMAGES}: altered", small.files["train_images"].sha256, found)


def test_wrong_magic_number_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(b"\x89PNG" + small.contents[LABELS][4:])
    refuse(small, folder, f"{folder / LABELS}: another magic number", "0x00000801", "0x89504e47")


def test_wrong_sizes_are_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / IMAGES).write_bytes(idx(small.arrays["train_images"].transpose(1, 2, 0)))
    refuse(small, folder, f"{folder / IMAGES}: other sizes", "40 x 28 x 28", "28 x 28 x 40")


def test_label_out_of_range_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    labels = small.arrays["test_labels"].copy()
    labels[7] = 10
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(idx(labels))
    refuse(small, folder, f"{folder / LABELS}: label 10 at position 7")
    # Even where the list of files says that this is how it should be.
    wrong = make_small({**small.arrays, "test_labels": labels})
    refuse(wrong, folder, f"{folder / LABELS}: label 10 at position 7")


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
    asked = []
    contact = download._contact

    def count(url: str) -> None:
        asked.append(url)
        contact(url)

    monkeypatch.setattr(download, "_contact", count)
    load(small, tmp_path, dead := unused_address(), mirrors[0].url)
    assert [url for url in asked if url.startswith(dead)] == [f"{dead}{LABELS}.gz"]


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
from tfmxbench.measure import data
files = {role: data.File(name, tuple(shape), *hashes)
         for role, (name, shape, *hashes) in json.loads(sys.argv[3]).items()}
print(data.load(None, pathlib.Path(sys.argv[1]), mirrors=[sys.argv[2]], choice="mnist", files=files).sha256)
"""


def start_download(small: Small, cache: pathlib.Path, url: str) -> subprocess.Popen[str]:
    files = json.dumps({role: dataclasses.astuple(file) for role, file in small.files.items()})
    command = [sys.executable, "-c", DOWNLOAD, str(cache), url, files]
    root = str(pathlib.Path(data.__file__).parents[3])
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


# Drawn digits


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> data.Dataset:
    return data.load(None, tmp_path_factory.mktemp("drawn"), choice="synthetic")


def test_drawn_digits_are_the_same_everywhere(drawn: data.Dataset) -> None:
    assert drawn.sha256 == SEED_0_SHA256, "raise synthetic.VERSION if the pixels were meant to change"


def test_drawn_digits_have_the_shape_of_mnist(drawn: data.Dataset) -> None:
    for role, file in data.FILES.items():
        assert getattr(drawn, role).shape == file.shape
        assert getattr(drawn, role).dtype == np.uint8
    counts = np.bincount(drawn.train_labels, minlength=10)
    assert len(counts) == 10
    assert counts.min() > 5700
    assert counts.max() < 6300
    assert drawn.train_images.max() == 255
    # No image is empty, and the paper is blank: MNIST's mean is 33, and 19% of it is ink.
    assert drawn.train_images.max(axis=(1, 2)).min() > 100
    assert 15 < drawn.train_images.mean() < 40
    assert 0.1 < np.count_nonzero(drawn.test_images) / drawn.test_images.size < 0.25


def test_no_two_drawn_digits_are_equal(drawn: data.Dataset) -> None:
    seen = {image.tobytes() for image in drawn.train_images}
    assert len(seen) == len(drawn.train_images)
    assert not seen & {image.tobytes() for image in drawn.test_images}


def test_seed_decides() -> None:
    images, labels = synthetic.generate(3, 600)
    again, labels_again = synthetic.generate(3, 600)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    others, other_labels = synthetic.generate(4, 600)
    assert (images != others).any(axis=(1, 2)).all()
    assert (labels != other_labels).any()


def test_seed_out_of_range_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=r"[Ss]eed"):
        data.load(None, tmp_path, seed=-1, choice="synthetic")


def test_drawn_digits_are_kept_and_checked(few_drawn: list[int], tmp_path: pathlib.Path) -> None:
    first = data.load(None, tmp_path, choice="synthetic")
    assert data.load(None, tmp_path, choice="synthetic").sha256 == first.sha256
    assert len(few_drawn) == 1
    other = data.load(None, tmp_path, seed=1, choice="synthetic")
    assert other.sha256 != first.sha256
    assert len(few_drawn) == 2
    assert "seed 1" in other.source
    (path,) = (tmp_path / "synthetic-digits").glob("*seed0*.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"?" + whole[1001:])
    assert data.load(None, tmp_path, choice="synthetic").sha256 == first.sha256
    assert len(few_drawn) == 3
    assert path.read_bytes() == whole


def test_kept_digits_go_by_the_generator_version(
    few_drawn: list[int], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.load(None, tmp_path, choice="synthetic")
    monkeypatch.setattr(synthetic, "VERSION", synthetic.VERSION + 1)
    data.load(None, tmp_path, choice="synthetic")
    assert len(few_drawn) == 2


def linear_accuracy(dataset: data.Dataset) -> float:
    """Test accuracy of a softmax regression after two epochs, by the same rule as the networks."""
    images = [dataset.train_images, dataset.test_images]
    train, test = (image.reshape(-1, 784).astype(np.float32) / 255 for image in images)
    weights = np.zeros((784, 10), np.float32)
    bias, velocity, bias_velocity = np.zeros(10, np.float32), np.zeros_like(weights), np.zeros(10, np.float32)
    targets = np.eye(10, dtype=np.float32)[dataset.train_labels]
    for start in [*range(0, 60000 - 127, 128)] * 2:
        x, target = train[start : start + 128], targets[start : start + 128]
        logits = x @ weights + bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        gradient = (exponentials / exponentials.sum(axis=1, keepdims=True) - target) / 128
        velocity = 0.9 * velocity - 0.02 * (x.T @ gradient)
        bias_velocity = 0.9 * bias_velocity - 0.02 * gradient.sum(axis=0)
        weights, bias = weights + velocity, bias + bias_velocity
    return float(((test @ weights + bias).argmax(axis=1) == dataset.test_labels).mean())


def test_drawn_digits_leave_something_to_learn(drawn: data.Dataset) -> None:
    linear = linear_accuracy(drawn)
    assert 0.85 < linear < 0.95
    model = reference.build(mlp.TASK)
    reference.set_parameters(model, inputs.initial_parameters(mlp.TASK, 0))
    images = drawn.train_images.reshape(-1, 784).astype(np.float32) / 255
    reference.train(model, images, drawn.train_labels.astype(np.int32))
    logits = reference.predict(model, drawn.test_images.reshape(-1, 784).astype(np.float32) / 255)
    accuracy = float((logits.argmax(axis=1) == drawn.test_labels).mean())
    assert accuracy > 0.93
    assert accuracy > linear + 0.02


# What workers read


@pytest.fixture
def dataset(small: Small) -> data.Dataset:
    return data.Dataset("mnist", "for a test", **{name: array.copy() for name, array in small.arrays.items()})


def test_arrays_stay_what_their_hash_says(dataset: data.Dataset) -> None:
    assert not any(array.flags.writeable for array in dataset.arrays.values())


def test_prepared_data_are_read_back(dataset: data.Dataset, small: Small, tmp_path: pathlib.Path) -> None:
    path = data.prepare(dataset, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / f"mnist-{dataset.sha256[:16]}.npz"
    arrays = prepared.read_prepared(str(path))
    assert list(arrays) == list(small.arrays)
    assert inputs.hash_arrays(arrays) == dataset.sha256
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.stat().st_size > sum(math.prod(shape) for shape in SHAPES.values()), "not compressed"


def test_prepared_data_are_used_again_if_intact(dataset: data.Dataset, tmp_path: pathlib.Path) -> None:
    path = data.prepare(dataset, tmp_path)
    inode, whole = path.stat().st_ino, path.read_bytes()
    assert data.prepare(dataset, tmp_path).stat().st_ino == inode
    path.write_bytes(whole[: len(whole) // 2])
    assert data.prepare(dataset, tmp_path).read_bytes() == whole


def test_failed_write_leaves_nothing(
    dataset: data.Dataset, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(stream: object, **arrays: np.ndarray) -> None:
        stream.write(b"PK half of it")  # type: ignore[attr-defined]
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        data.prepare(dataset, tmp_path)
    assert not list(tmp_path.iterdir())


class Payload:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize(
    "damage", ["missing", "truncated", "altered", "renamed", "no array", "pickle", "text"]
)
def test_damaged_prepared_data_are_refused(
    dataset: data.Dataset, tmp_path: pathlib.Path, damage: str
) -> None:
    path = data.prepare(dataset, tmp_path)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[:-100])
    elif damage == "altered":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif damage == "renamed":
        path = path.rename(tmp_path / f"mnist-{'0' * 16}.npz")
    elif damage == "no array":
        np.savez(
            path,
            allow_pickle=True,
            **{name: array for name, array in dataset.arrays.items() if name != "test_labels"},
        )
    elif damage == "pickle":
        np.savez(path, **{**dataset.arrays, "train_images": np.array([Payload()], dtype=object)})
    else:
        path.write_text("not an archive")
    with pytest.raises(DataError) as caught:
        prepared.read_prepared(path)
    assert str(path) in str(caught.value)


def test_reading_prepared_data_needs_numpy_only() -> None:
    specification = importlib.util.find_spec("tfmxbench.measure.prepared")
    assert specification is not None
    code = (
        "import sys, tfmxbench.measure.prepared\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    root = str(pathlib.Path(str(specification.origin)).parents[2])
    # Isolated from what site customisations import.
    command = [sys.executable, "-S", "-c", code]
    paths = os.pathsep.join([root, str(pathlib.Path(np.__file__).parents[1])])
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert set(result.stdout.split()) <= {
        "__main__",
        "numpy",
        "tfmxbench",
        "mkl",
        "mkl_fft",
        "cython_runtime",
    }
