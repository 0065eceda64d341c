"""The grammar of the command line: the commands, their options and their help."""

from __future__ import annotations

import argparse
import difflib
import os
import pathlib
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import ClassVar, NoReturn

import tfmxbench
from tfmxbench.commands import measuring, results
from tfmxbench.measure import profiles

# The meaning of each environment variable that a command reads, for its help.
VARIABLES = {
    "TFMXBENCH_DATA_DIR": "a folder with the four MNIST files",
    "TFMXBENCH_DATA": "auto, mnist or synthetic",
    "TFMXBENCH_CACHE_DIR": "the folder for downloads and environments",
    "TFMXBENCH_PYTHON_TENSORFLOW": "an interpreter with TensorFlow, used instead of a new environment",
    "TFMXBENCH_PYTHON_MXNET": "the same for MXNet",
    "TFMXBENCH_DEVICE": "the default of --device",
    "TFMXBENCH_PROFILE": "the default of --profile",
    "TFMXBENCH_SEED": "the default of --seed",
    "TFMXBENCH_MEMORY_LIMIT": "the most memory that a trial may allocate, such as 8G",
    "TFMXBENCH_BUDGET": "the default of --budget, unless --rounds is given",
}
PLACES = ("TFMXBENCH_CACHE_DIR", "TFMXBENCH_PYTHON_TENSORFLOW", "TFMXBENCH_PYTHON_MXNET", "TFMXBENCH_DEVICE")
DATA = ("TFMXBENCH_DATA_DIR", "TFMXBENCH_DATA")


class Parser(argparse.ArgumentParser):
    """A parser that suggests the nearest right word for a wrong one.

    Attributes
    ----------
    words : list of str
        All commands and options.
    """

    words: ClassVar[list[str]] = []

    def error(self, message: str) -> NoReturn:
        """Exit with the code 2 and the message, with the nearest word if there is one."""
        wrong = re.search(r"invalid choice: '([^']*)'|unrecognized arguments: (--[^\s=]+)", message)
        nearest = difflib.get_close_matches(wrong[1] or wrong[2], self.words, n=1) if wrong else []
        super().error(f"{message}; did you mean {nearest[0]!r}?" if nearest else message)


Commands = argparse._SubParsersAction


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="tfmxbench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures what the same network, trained the same way, costs in TensorFlow and in MXNet.",
        epilog=_epilog(
            [
                "tfmxbench environments",
                "tfmxbench run --network mlp --rounds 3 --output results.json",
                "tfmxbench show results.json",
            ],
            VARIABLES,
        ),
    )
    parser.add_argument("--version", action="version", version=f"tfmxbench {tfmxbench.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_list(commands)
    add_environments(commands)
    add_parity(commands)
    add_run(commands)
    add_show(commands)
    add_compare(commands)
    add_export(commands)
    add_trial(commands)
    helps = "".join(command.format_help() for command in commands.choices.values())
    Parser.words = [*commands.choices, *sorted(set(re.findall(r"--[a-z]+(?:-[a-z]+)*", helps)))]
    return parser


def add_list(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "list",
        "list the implementations, and whether they can run here",
        "Lists the implementations, and tries each framework's environment. If a framework cannot run, the "
        "list says why. Nothing is installed or measured.",
        ["tfmxbench list", "tfmxbench list --style gluon --json"],
        PLACES,
        [_selection(), _device()],
    )
    command.add_argument("--json", action="store_true", help="print JSON, for programs")
    command.set_defaults(command=measuring.list_command)


def add_environments(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "environments",
        "create or update the frameworks' environments",
        "Creates an environment for each framework from its pinned, hashed requirements, unless it exists, "
        "and tries it. Exits with 1 if no framework can run here.",
        ["tfmxbench environments", "tfmxbench environments --device cpu --recreate"],
        PLACES,
        [_device()],
    )
    command.add_argument("--recreate", action="store_true", help="create them again even if they exist")
    command.add_argument("--make-only", action="store_true", help="leave trying them to other commands")
    command.set_defaults(command=measuring.environments_command)


def add_parity(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "parity",
        "check that the implementations compute the same",
        "Compares each implementation with the NumPy reference in float64: the logits, the loss of each of "
        "the first 50 steps, the parameters after them, and the loss and accuracy of the first epoch. Exits "
        "with 1 if an implementation exceeds a tolerance or cannot run.",
        ["tfmxbench parity --network mlp", "tfmxbench parity --style module --steps-only"],
        [*DATA, *PLACES, "TFMXBENCH_PROFILE", "TFMXBENCH_SEED"],
        [_selection(), _device(), _conditions()],
    )
    command.add_argument("--steps-only", action="store_true", help="skip the whole epoch")
    command.set_defaults(command=measuring.parity_command)


def add_run(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "run",
        "measure rounds of trials in random order",
        "Runs the parity gate, then measures rounds of trials, each in a fresh process, and shows a table. "
        "Finished trials are kept in build/campaigns: after an interruption, the same command resumes.",
        [
            "tfmxbench run --network mlp --rounds 3 --output results.json",
            "tfmxbench run --profile quick --style module --style keras_sequential",
        ],
        [*DATA, *PLACES, "TFMXBENCH_PROFILE", "TFMXBENCH_SEED", "TFMXBENCH_BUDGET"],
        [_selection(), _device(), _conditions()],
    )
    length = command.add_mutually_exclusive_group()
    length.add_argument("--rounds", type=count, metavar="N", help="exactly this number of rounds")
    length.add_argument(
        "--budget",
        type=seconds,
        default=os.environ.get("TFMXBENCH_BUDGET"),
        metavar="TIME",
        help="as many rounds as fit into this time, such as 90s, 30m or 2h; at least the profile's number",
    )
    command.add_argument("--fresh", action="store_true", help="rerun finished trials, too")
    command.add_argument(
        "--output",
        type=pathlib.Path,
        metavar="FILE",
        help="write the results to this file; an older results file is replaced, any other file is not",
    )
    command.set_defaults(command=measuring.run_command)


def add_show(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "show",
        "show a results file as a table",
        "Shows the estimates of a results file with the reach of their 95% intervals, the machine and the "
        "settings of the measurement, and the trials that did not complete.",
        ["tfmxbench show results.json"],
    )
    command.add_argument("results", type=pathlib.Path, metavar="FILE", help="a results file")
    command.set_defaults(command=results.show_command)


def add_compare(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "compare",
        "compare two results files: two machines, two versions, before and after",
        "Shows the ratio of the times per epoch, second to first, with its interval, for each implementation "
        "that both files have timed. Then lists what differs between the two, and what is not compared, "
        "with the reason. Exits with 2 if nothing can be compared.",
        ["tfmxbench compare before.json after.json", "tfmxbench compare before.json after.json --json"],
    )
    command.add_argument("first", type=pathlib.Path, metavar="FIRST", help="a results file")
    command.add_argument("second", type=pathlib.Path, metavar="SECOND", help="another results file")
    command.add_argument("--json", action="store_true", help="print JSON, for programs")
    command.set_defaults(command=results.compare_command)


def add_export(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "export",
        "export the raw values of a results file as CSV",
        "Writes one line for each measured value. Text that a spreadsheet would run as a formula, or that "
        "begins with an apostrophe, gets an apostrophe in front of it.",
        ["tfmxbench export results.json results.csv"],
    )
    command.add_argument("results", type=pathlib.Path, metavar="FILE", help="a results file")
    command.add_argument("output", type=pathlib.Path, metavar="OUTPUT", help="the CSV file to write")
    command.add_argument("--force", action="store_true", help="replace the output file if it exists")
    command.set_defaults(command=results.export_command)


def add_trial(commands: Commands[Parser]) -> None:
    command = _add(
        commands,
        "trial",
        "rerun one trial from its JSON file, and print its record",
        "Reruns a trial of a campaign in the interpreter that its file names, and prints the record as JSON. "
        "Exits with 1 if the trial does not complete. The file decides what is run: rerun only your own.",
        ["tfmxbench trial build/campaigns/0123456789abcdef/0000-mlp-gluon-cpu.trial.json"],
    )
    command.add_argument("trial", type=pathlib.Path, metavar="FILE", help="a trial's JSON file")
    command.set_defaults(command=measuring.trial_command)


def _add(
    commands: Commands[Parser],
    name: str,
    summary: str,
    description: str,
    examples: Sequence[str],
    variables: Sequence[str] = (),
    parents: Sequence[Parser] = (),
) -> Parser:
    """Add a command with its help and the options of its parents."""
    return commands.add_parser(
        name,
        parents=list(parents),
        help=summary,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=textwrap.fill(description, 79),
        epilog=_epilog(examples, variables),
    )


def _selection() -> Parser:
    """Options that select implementations."""
    options = Parser(add_help=False)
    options.add_argument(
        "--network", action="append", default=[], metavar="NAME", help="only this network (repeatable)"
    )
    options.add_argument(
        "--style", action="append", default=[], metavar="NAME", help="only this style (repeatable)"
    )
    return options


def _device() -> Parser:
    """The option for the device."""
    options = Parser(add_help=False)
    options.add_argument(
        "--device",
        default=os.environ.get("TFMXBENCH_DEVICE", "auto"),
        metavar="auto|cpu|gpu",
        help="auto is the CPU, and also the GPU if there is one (default: %(default)s)",
    )
    return options


def _conditions() -> Parser:
    """Options for the conditions of a campaign."""
    options = Parser(add_help=False)
    options.add_argument(
        "--profile",
        default=os.environ.get("TFMXBENCH_PROFILE", "default"),
        metavar="|".join(profiles.PROFILES),
        help="how much to measure (default: %(default)s)",
    )
    options.add_argument(
        "--threads", type=count, metavar="N", help="threads of each trial (default: all processors)"
    )
    options.add_argument(
        "--seed",
        type=seed,
        default=os.environ.get("TFMXBENCH_SEED", "0"),
        metavar="N",
        help="seed of initial values, batches and the order of trials (default: %(default)s)",
    )
    return options


def _epilog(examples: Sequence[str], variables: Sequence[str] | Mapping[str, str]) -> str:
    """The end of a command's help: examples, and the environment variables that the command reads."""
    lines = ["example:" if len(examples) == 1 else "examples:", *(f"  {example}" for example in examples)]
    if variables:
        width = max(map(len, VARIABLES)) + 4
        lines += ["", "environment variables:"]
        lines += [f"  {name}".ljust(width) + VARIABLES[name] for name in variables]
    return "\n".join(lines)


def count(text: str) -> int:
    """A whole number from 1 to a million."""
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
