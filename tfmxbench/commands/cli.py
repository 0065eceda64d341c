"""The command line: ``tfmxbench``."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from tfmxbench.commands import measuring
from tfmxbench.commands.parser import make_parser
from tfmxbench.processes import cache, ending
from tfmxbench.records.plain_text import one_line

# Schedulers send SIGTERM to stop a job; a terminal that is closed sends SIGHUP.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
KEPT = "finished trials are kept, and the same command resumes"


class Ended(KeyboardInterrupt):
    """A signal ends this process; the processes that it runs are ended as after Ctrl-C.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; a user's mistake is one sentence and the code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal lacks must not fail the command.
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")
    options = make_parser().parse_args(arguments)
    with _ending_by_signals():
        try:
            code: int = options.command(options)
            # Flushed here, so that an error of the output is reported below and not when Python exits.
            sys.stdout.flush()
            return code
        except Ended as ended:
            ending.end_own()
            print(f"tfmxbench: ended by {ended.signal.name}; {KEPT}", file=sys.stderr)
            return 128 + ended.signal
        except KeyboardInterrupt:
            ending.end_own()
            print(f"tfmxbench: interrupted; {KEPT}", file=sys.stderr)
            return 130
        except BrokenPipeError:
            # The reader closed the pipe; there is nobody to tell.
            _discard_output()
            return 128 + signal.SIGPIPE
        except OSError as error:
            with contextlib.suppress(ValueError):
                try:
                    sys.stdout.flush()
                except OSError:
                    _discard_output()
            kept = f"; {KEPT}" if options.command is measuring.run_command else ""
            print(f"tfmxbench: {one_line(_describe(error))}{kept}", file=sys.stderr)
            return 2
        except ValueError as error:
            # The message may quote the content of a file.
            print(f"tfmxbench: {one_line(str(error))}", file=sys.stderr)
            return 2


@contextlib.contextmanager
def _ending_by_signals() -> Iterator[None]:
    """Raise :class:`Ended` in this context when a signal requests the end of this process."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            # An ignored signal stays ignored, as nohup requires.
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _describe(error: OSError) -> str:
    """Describe what the system refused, such as writing to a full disk or into a protected folder."""
    description = error.strerror or str(error)
    if error.filename is None:
        return description
    path = pathlib.Path(os.fsdecode(error.filename)).absolute()
    description = f"{error.filename}: {description}"
    if path.is_relative_to(cache.folder().absolute()):
        description += (
            "; TFMXBENCH_CACHE_DIR names another folder for downloads, environments and prepared data"
        )
    return description


def _discard_output() -> None:
    """Send the rest of the output nowhere, so that Python does not complain at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
