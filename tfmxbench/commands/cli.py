"""The command line: ``tfmxbench``."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import pathlib
import re
import signal
import sys
import textwrap
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import ClassVar, NoReturn

import tfmxbench
from tfmxbench.commands import measuring, results
from tfmxbench.measure import profiles
from tfmxbench.processes import cache, ending
from tfmxbench.records.plain_text import one_line

# What the environment variables mean that a command reads, so that its help can say it.
VARIABLES = {
    "TFMXBENCH_DATA_DIR": "a folder with the four MNIST files",
    "TFMXBENCH_DATA": "auto, mnist or synthetic",
    "TFMXBENCH_CACHE_DIR": "where downloads and environments are kept",
    "TFMXBENCH_PYTHON_TENSORFLOW": "an interpreter that has TensorFlow, to be used instead of making one",
    "TFMXBENCH_PYTHON_MXNET": "likewise for MXNet",
    "TFMXBENCH_DEVICE": "stands for --device",
    "TFMXBENCH_PROFILE": "stands for --profile",
    "TFMXBENCH_SEED": "stands for --seed",
    "TFMXBENCH_MEMORY_LIMIT": "the most that a trial may allocate, such as 8G",
    "TFMXBENCH_BUDGET": "stands for --budget, where --rounds is not given",
}
PLACES = ("TFMXBENCH_CACHE_DIR", "TFMXBENCH_PYTHON_TENSORFLOW", "TFMXBENCH_PYTHON_MXNET", "TFMXBENCH_DEVICE")
DATA = ("TFMXBENCH_DATA_DIR", "TFMXBENCH_DATA")

# Sent by those who stop a job, and by a terminal that is closed.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
KEPT = "finished trials are kept, and the same command goes on from there"


class Ended(KeyboardInterrupt):
    """A signal has asked this process to end; what is running is ended as after Ctrl-C.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a caller's mistake ends with one sentence and the exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character is no reason to fail.
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    with _ending_by_signals():
        try:
            code: int = options.command(options)
            # What cannot be printed is to be told here, and not when Python ends.
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
            # Who read the output has enough; nor is there anybody to read a sentence.
            _discard_output()
            return 128 + signal.SIGPIPE
        except OSError as error:
            with contextlib.suppress(ValueError):
                try:
                    sys.stdout.flush()
                except OSError:
                    _discard_output()
            kept = f"; {KEPT}" if options.command is measuring.run_command else ""
            print(f"tfmxbench: {one_line(_told(error))}{kept}", file=sys.stderr)
            return 2
        except ValueError as error:
            # What a file holds may be quoted in it.
            print(f"tfmxbench: {one_line(str(error))}", file=sys.stderr)
            return 2


@contextlib.contextmanager
def _ending_by_signals() -> Iterator[None]:
    """Have signals that ask this process to end raise :class:`Ended` in the meantime."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            # One that is ignored stays so, as nohup wants it.
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(error: OSError) -> str:
    """A sentence on what the system could not do: a full disk, a folder that cannot be written to."""
    told = error.strerror or str(error)
    if error.filename is None:
        return told
    path = pathlib.Path(os.fsdecode(error.filename)).absolute()
    told = f"{error.filename}: {told}"
    if path.is_relative_to(cache.folder().absolute()):
        told += "; TFMXBENCH_CACHE_DIR names another folder for downloads, environments and prepared data"
    return told


def _discard_output() -> None:
    """Have what is still to be printed go nowhere: Python would complain of it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest right word to a wrong one.

    Attributes
    ----------
    words : list of str
        The commands and the options that there are.
    """

    words: ClassVar[list[str]] = []

    def error(self, message: str) -> NoReturn:
        """End with the exit code 2 and the message, with the nearest word if there is one."""
        wrong = re.search(r"invalid choice: '([^']*)'|unrecognized arguments: (--[^\s=]+)", message)
        nearest = difflib.get_close_matches(wrong[1] or wrong[2], self.words, n=1) if wrong else []
        super().error(f"{message}; did you mean {nearest[0]!r}?" if nearest else message)


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    environ = os.environ
    top = Parser(
        prog="tfmxbench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="The same network, trained the same way, in TensorFlow and in MXNet: what it costs.",
        epilog=_epilog(
            [
                "tfmxbench environments",
                "tfmxbench run --network mlp --rounds 3 --output results.json",
                "tfmxbench show results.json",
            ],
            VARIABLES,
        ),
    )
    top.add_argument("--version", action="version", version=f"tfmxbench {tfmxbench.__version__}")
    added = top.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        told: str,
        description: str,
        examples: Sequence[str],
        variables: Sequence[str] = (),
        parents: Sequence[Parser] = (),
    ) -> Parser:
        return added.add_parser(
            name,
            parents=list(parents),
            help=told,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            description=textwrap.fill(description, 79),
            epilog=_epilog(examples, variables),
        )

    chosen = Parser(add_help=False)
    chosen.add_argument(
        "--network", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
    )
    chosen.add_argument(
        "--style", action="append", default=[], metavar="NAME", help="only this one (repeatable)"
    )
    placed = Parser(add_help=False)
    placed.add_argument(
        "--device",
        default=environ.get("TFMXBENCH_DEVICE", "auto"),
        metavar="auto|cpu|gpu",
        help="auto measures on the GPU too if there is one (default: %(default)s)",
    )

    command = add(
        "list",
        "what there is, and whether it can run here",
        "Lists the implementations, and tries each framework's environment: where one cannot run, it says "
        "why. Nothing is installed or measured.",
        ["tfmxbench list", "tfmxbench list --style gluon --json"],
        PLACES,
        [chosen, placed],
    )
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(command=measuring.list_command)

    command = add(
        "environments",
        "make the frameworks' environments, or bring them up to date",
        "Makes an environment for each framework from its exact, hashed pins, unless it is there, and tries "
        "it. Exits with 1 if no framework can run here.",
        ["tfmxbench environments", "tfmxbench environments --device cpu --recreate"],
        PLACES,
        [placed],
    )
    command.add_argument("--recreate", action="store_true", help="make them again even if they are there")
    command.add_argument("--make-only", action="store_true", help="leave it to other commands to try them")
    command.set_defaults(command=measuring.environments_command)

    conditions = Parser(add_help=False)
    conditions.add_argument(
        "--profile",
        default=environ.get("TFMXBENCH_PROFILE", "default"),
        metavar="|".join(profiles.PROFILES),
        help="how much is measured (default: %(default)s)",
    )
    conditions.add_argument(
        "--threads", type=count, metavar="N", help="threads of each trial (default: all processors)"
    )
    conditions.add_argument(
        "--seed",
        type=seed,
        default=environ.get("TFMXBENCH_SEED", "0"),
        metavar="N",
        help="for initial values, batches and the order of trials (default: %(default)s)",
    )

    command = add(
        "parity",
        "prove that the implementations compute the same",
        "Holds each implementation against the NumPy reference in float64: logits, the loss "
        "of each of the first 50 steps, the parameters after them, the loss and accuracy of the first "
        "epoch. Exits with 1 if one differs by more than its bar.",
        ["tfmxbench parity --network mlp", "tfmxbench parity --style module --steps-only"],
        [*DATA, *PLACES, "TFMXBENCH_PROFILE", "TFMXBENCH_SEED"],
        [chosen, placed, conditions],
    )
    command.add_argument("--steps-only", action="store_true", help="leave out the whole epoch")
    command.set_defaults(command=measuring.parity_command)

    command = add(
        "run",
        "measure: rounds of trials in random order",
        "Passes the parity gate, then measures rounds of trials, each in a fresh process, and "
        "shows a table. Finished trials are kept in build/campaigns: the same command goes on where it "
        "was interrupted.",
        [
            "tfmxbench run --network mlp --rounds 3 --output results.json",
            "tfmxbench run --profile quick --style module --style keras_sequential",
        ],
        [*DATA, *PLACES, "TFMXBENCH_PROFILE", "TFMXBENCH_SEED", "TFMXBENCH_BUDGET"],
        [chosen, placed, conditions],
    )
    long = command.add_mutually_exclusive_group()
    long.add_argument("--rounds", type=count, metavar="N", help="exactly so many rounds")
    long.add_argument(
        "--budget",
        type=seconds,
        default=environ.get("TFMXBENCH_BUDGET"),
        metavar="TIME",
        help="rounds while they fit in this time, such as 90s, 30m or 2h; the profile's number at least",
    )
    command.add_argument("--fresh", action="store_true", help="measure anew what was measured before")
    command.add_argument(
        "--output",
        type=pathlib.Path,
        metavar="FILE",
        help="write the results here; an older results file is replaced, any other file is not",
    )
    command.set_defaults(command=measuring.run_command)

    command = add(
        "show",
        "a results file as a table",
        "Shows the estimates of a results file, each with how far its 95% interval reaches, on what they "
        "were measured, and the trials that did not complete.",
        ["tfmxbench show results.json"],
    )
    command.add_argument("results", type=pathlib.Path, metavar="FILE", help="a results file")
    command.set_defaults(command=results.show_command)

    command = add(
        "compare",
        "two results files: two machines, two versions, before and after",
        "For each implementation that both have timed, the ratio of its epochs' times, "
        "second to first, with its interval; what differs between the two; and what is not compared, "
        "with the reason. Exits with 2 if nothing can be compared.",
        ["tfmxbench compare before.json after.json", "tfmxbench compare before.json after.json --json"],
    )
    command.add_argument("first", type=pathlib.Path, metavar="FIRST", help="a results file")
    command.add_argument("second", type=pathlib.Path, metavar="SECOND", help="another")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(command=results.compare_command)

    command = add(
        "export",
        "the raw values of a results file as CSV",
        "Writes a line for each value that was measured. Text that a spreadsheet would run "
        "as a formula, or that begins with an apostrophe, gets an apostrophe before it.",
        ["tfmxbench export results.json results.csv"],
    )
    command.add_argument("results", type=pathlib.Path, metavar="FILE", help="a results file")
    command.add_argument("output", type=pathlib.Path, metavar="OUTPUT", help="the CSV file to write")
    command.add_argument("--force", action="store_true", help="replace the output if it is there")
    command.set_defaults(command=results.export_command)

    command = add(
        "trial",
        "repeat one trial from its JSON file, and print its record",
        "Runs a trial of a campaign again, in the interpreter that its file names, and prints the record as "
        "JSON. Exits with 1 if it does not complete. The file decides what is run: repeat only your own.",
        ["tfmxbench trial build/campaigns/0123456789abcdef/0000-mlp-gluon-cpu.trial.json"],
    )
    command.add_argument("trial", type=pathlib.Path, metavar="FILE", help="a trial's JSON file")
    command.set_defaults(command=measuring.trial_command)

    helps = "".join(each.format_help() for each in added.choices.values())
    Parser.words = [*added.choices, *sorted(set(re.findall(r"--[a-z]+(?:-[a-z]+)*", helps)))]
    return top


def _epilog(examples: Sequence[str], variables: Sequence[str] | Mapping[str, str]) -> str:
    """The end of a command's help: how it is called, and the environment variables that it reads."""
    told = ["example:" if len(examples) == 1 else "examples:", *(f"  {example}" for example in examples)]
    if variables:
        width = max(map(len, VARIABLES)) + 4
        told += ["", "environment variables:"]
        told += [f"  {name}".ljust(width) + VARIABLES[name] for name in variables]
    return "\n".join(told)


def count(text: str) -> int:
    """A number of things, at least 1 and at most a million."""
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000000")
    return int(text)


def seed(text: str) -> int:
    """A seed, 0 to 2**32 - 1."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def seconds(text: str) -> float:
    """A time such as ``90s``, ``30m`` or ``2h``, in seconds."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])", text.strip())
    if not match or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 30m or 2h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
