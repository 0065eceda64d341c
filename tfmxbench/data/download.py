"""MNIST from its public mirrors, kept in the cache.

Pooch downloads to a temporary file, checks its hash, and only then gives it its name: a file under
its own name is whole, and processes that download at once do not disturb each other.

A mirror is asked over TLS only, and may send on to another address over TLS only.
"""

from __future__ import annotations

import pathlib
import queue
import threading
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

import pooch
import requests

from tfmxbench.data.mnist import FILES, File
from tfmxbench.worker.prepared import DataError

MIRRORS: tuple[str, ...] = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/dataset/mnist/",
)
# Seconds: to connect to one address, to wait for the next bytes, for a mirror's first answer, and for a
# whole file, of which the largest has 10 MB.
CONNECT = 3
READ = 15
ANSWER = 4
PATIENCE = 1200


class UnencryptedError(requests.RequestException):
    """An address that is not to be asked, since what it sends is not encrypted."""


class SlowError(requests.RequestException):
    """A file that takes longer than anybody waits."""


class DownloadError(DataError):
    """MNIST can be had from no mirror.

    Attributes
    ----------
    reason : str
        Why, without the paths of this machine: it may be published.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def fetch(folder: pathlib.Path, mirrors: Sequence[str] = MIRRORS, files: Mapping[str, File] = FILES) -> None:
    """Bring the four zipped files into a folder; those that are there and intact stay.

    Parameters
    ----------
    folder : pathlib.Path
        Made if missing.
    mirrors : sequence of str
        Addresses of folders, tried in this order. None at all: nothing is downloaded.
    files : mapping of str to File
        What the files are, by the names of the arrays.

    Raises
    ------
    DownloadError
        When a file is missing or altered in the folder, and no mirror serves it. One that cannot be
        connected to is given up for all files, so that this takes seconds where there is no network.
    DataError
        When the folder cannot be written to.
    """
    answering: set[str] = set()
    left = list(mirrors)
    # The smallest first: it shows soonest which mirrors are of use.
    for file in sorted(files.values(), key=lambda file: file.length):
        path = folder / f"{file.name}.gz"
        try:
            state = _state(path, file)
            if state == "intact":
                continue
            problems = []
            for mirror in tuple(left):
                problem = _fetch_file(mirror, path, file, left, answering)
                if problem is None:
                    break
                problems.append(f"{urllib.parse.urlsplit(mirror).netloc} {problem}")
            else:
                reason = ", ".join(problems) or "no mirror is left to try" if mirrors else "working offline"
                raise DownloadError(f"{path} is {state}, and it cannot be downloaded: {reason}", reason)
        except OSError as error:
            raise DataError(f"{path} cannot be kept: {error}") from error


def _state(path: pathlib.Path, file: File) -> str:
    if not path.exists():
        return "missing"
    return "intact" if pooch.file_hash(str(path)) == file.published else "altered"


def _fetch_file(
    mirror: str, path: pathlib.Path, file: File, left: list[str], answering: set[str]
) -> str | None:
    """Download a file from a mirror; the problem, if there is one."""
    url = f"{mirror.rstrip('/')}/{path.name}"
    if not _encrypted(url):
        left.remove(mirror)
        return "is not encrypted: its address does not begin with https://"
    try:
        if mirror not in answering:
            _contact(url)
            answering.add(mirror)
        pooch.retrieve(
            url,
            known_hash=f"sha256:{file.published}",
            fname=path.name,
            path=path.parent,
            downloader=_download,
        )
    except UnencryptedError:
        return f"sends on to an address that is not encrypted, for {path.name}"
    except SlowError:
        left.remove(mirror)
        return f"took longer than {PATIENCE} s to send {path.name}"
    except (requests.ConnectionError, requests.Timeout) as error:
        left.remove(mirror)
        return "did not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
    except requests.HTTPError as error:
        return f"answered {error.response.status_code} for {path.name}"
    except requests.RequestException as error:
        return f"broke off while sending {path.name} ({type(error).__name__})"
    except ValueError:
        # Pooch's word for another hash: an error page that calls itself a success, for example.
        return f"sent something else as {path.name}"
    return None


def _encrypted(url: str) -> bool:
    return urllib.parse.urlsplit(url).scheme == "https"


def _refuse_unencrypted(response: requests.Response, **_: Any) -> None:
    """Called with each answer, before a redirection is followed."""
    target = urllib.parse.urljoin(response.url, response.headers.get("Location", ""))
    if response.is_redirect and not _encrypted(target):
        raise UnencryptedError(target)


def _download(url: str, path: str, _: object) -> None:
    """Download a file; how Pooch has it done."""
    until = time.monotonic() + PATIENCE
    with (
        requests.get(
            url,
            stream=True,
            timeout=(CONNECT, READ),
            # Requests would unzip a file that is sent as an encoding of its content.
            headers={"Accept-Encoding": "identity"},
            hooks={"response": _refuse_unencrypted},
        ) as response,
        pathlib.Path(path).open("wb") as file,
    ):
        response.raise_for_status()
        for chunk in response.iter_content(chunk_size=1 << 12):
            file.write(chunk)
            # The time limit above is for the next bytes, and a few of them may always come.
            if time.monotonic() > until:
                raise SlowError(url)


def _contact(url: str) -> None:
    """Wait for any answer of a mirror, and not for long.

    A time limit for connecting counts for each of a host's addresses anew, and looking up the host
    has none. So another thread does both, and may be left behind.
    """
    answers: queue.SimpleQueue[requests.RequestException | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            requests.head(url, timeout=CONNECT, allow_redirects=False)
        except requests.RequestException as error:
            answers.put(error)
        else:
            answers.put(None)

    threading.Thread(target=ask, daemon=True).start()
    try:
        error = answers.get(timeout=ANSWER)
    except queue.Empty:
        raise requests.Timeout from None
    if error is not None:
        raise error
