"""MNIST from its public mirrors, kept in the cache.

Pooch downloads to a temporary file, checks its hash, and only then renames it. A file with its final
name is therefore complete, and processes that download at the same time do not disturb each other.

Mirrors are contacted over TLS only, and redirections are followed over TLS only.
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
# Time limits in seconds: to connect to one address, to wait for the next bytes, for a mirror's first answer,
# and for a whole file (the largest has 10 MB).
CONNECT = 3
READ = 15
ANSWER = 4
PATIENCE = 1200


class UnencryptedError(requests.RequestException):
    """An address is not contacted, because its answers are not encrypted."""


class SlowError(requests.RequestException):
    """A download takes longer than ``PATIENCE``."""


class DownloadError(DataError):
    """No mirror provides MNIST.

    Attributes
    ----------
    reason : str
        The reason without local paths, since it may be published.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def fetch(folder: pathlib.Path, mirrors: Sequence[str] = MIRRORS, files: Mapping[str, File] = FILES) -> None:
    """Download the four zipped files into a folder, except those that it holds intact.

    Parameters
    ----------
    folder : pathlib.Path
        Created if missing.
    mirrors : sequence of str
        Addresses of folders, tried in this order. If empty, nothing is downloaded.
    files : mapping of str to File
        The files, by the names of the arrays.

    Raises
    ------
    DownloadError
        When a file is missing or altered in the folder, and no mirror serves it. A mirror that cannot
        be connected to is not tried again for the other files, so that this takes seconds without a
        network.
    DataError
        When the folder cannot be written to.
    """
    answering: set[str] = set()
    left = list(mirrors)
    # The smallest first: it soonest shows which mirrors work.
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
    """Download a file from a mirror; return the problem, if there is one."""
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
        # Pooch raises it for a wrong hash, such as that of an error page with a status of success.
        return f"sent something else as {path.name}"
    return None


def _encrypted(url: str) -> bool:
    return urllib.parse.urlsplit(url).scheme == "https"


def _refuse_unencrypted(response: requests.Response, **_: Any) -> None:
    """Raise UnencryptedError before a redirection to an unencrypted address is followed."""
    target = urllib.parse.urljoin(response.url, response.headers.get("Location", ""))
    if response.is_redirect and not _encrypted(target):
        raise UnencryptedError(target)


def _download(url: str, path: str, _: object) -> None:
    """Download a file for Pooch, which calls this function with an address and a path."""
    until = time.monotonic() + PATIENCE
    with (
        requests.get(
            url,
            stream=True,
            timeout=(CONNECT, READ),
            # If a server declared the zipped file as an encoding, Requests would unzip it.
            headers={"Accept-Encoding": "identity"},
            hooks={"response": _refuse_unencrypted},
        ) as response,
        pathlib.Path(path).open("wb") as file,
    ):
        response.raise_for_status()
        for chunk in response.iter_content(chunk_size=1 << 12):
            file.write(chunk)
            # The time limit above is for the next bytes; a server may keep sending a few at a time.
            if time.monotonic() > until:
                raise SlowError(url)


def _contact(url: str) -> None:
    """Wait briefly for any answer of a mirror.

    The time limit for connecting applies to each of a host's addresses separately, and looking up the
    host has no limit. Another thread therefore does both; it is abandoned if it takes too long.
    """
    answers: queue.SimpleQueue[requests.RequestException | None] = queue.SimpleQueue()

    def request() -> None:
        try:
            requests.head(url, timeout=CONNECT, allow_redirects=False)
        except requests.RequestException as error:
            answers.put(error)
        else:
            answers.put(None)

    threading.Thread(target=request, daemon=True).start()
    try:
        error = answers.get(timeout=ANSWER)
    except queue.Empty:
        raise requests.Timeout from None
    if error is not None:
        raise error
