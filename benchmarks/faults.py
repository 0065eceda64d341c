"""Does a long run with faults in it end with a true record of every trial, and nothing else?

Runs many short trials, several at a time. What each worker does is drawn from a seed: three in four
exit, are killed, crash, hang, exhaust their memory, flood their output, leave children behind, or leave
a result that is missing, half, of another trial, or full of what is no number. At the end there has to
be a record of each, completed or failed with the reason that is the true one; no process and no
temporary file may be left; and the memory of this process must not have grown.

No framework is needed: the workers are the real ones, but for the program that they run.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import gc
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

TIME_LIMIT = 3.0
# What the parent's memory may grow by, once it has seen every fault.
GROWTH = 16e6
MEMORY_LIMIT = "600M"

# Of each fault: what the worker does, and what the reason has to begin with; nothing if it completes.
DETACHED = "subprocess.Popen(['sleep', '600'], start_new_session=True)"
FAULTS = {
    "none": ("", ""),
    "leaves a child": (f"subprocess.Popen(['sleep', '600']); {DETACHED}", ""),
    "prints what is no text": ("os.write(1, bytes(range(256)) * 100)", ""),
    "leaves a child and exits": (f"{DETACHED}; os._exit(7)", "exited with code 7"),
    "exits": ("os._exit(3)", "exited with code 3"),
    "exits without a result": ("os._exit(0)", "left no result"),
    "raises": ("raise KeyError('dense9')", "KeyError: 'dense9'"),
    "is killed": ("os.kill(os.getpid(), 9)", "killed by signal SIGKILL"),
    "crashes": ("ctypes.string_at(0)", "killed by signal SIGSEGV"),
    "aborts": ("os.abort()", "killed by signal SIGABRT"),
    "hangs": ("time.sleep(600)", f"did not end within its limit of {TIME_LIMIT:g} s"),
    "hangs in native code": (
        "ctypes.PyDLL(None).sleep(600)",
        f"did not end within its limit of {TIME_LIMIT:g} s",
    ),
    "runs out of memory": ("held = b'x' * 10**9", "MemoryError"),
    "floods its output": (
        "[os.write(1, b'spam ' * 20_000) for _ in range(500)]; os._exit(4)",
        "exited with code 4",
    ),
    "half a result": ("leave('{\"identifier\":')", "left a result that cannot be read"),
    "no JSON": ("leave(b'\\xff\\xfe'.decode('latin-1'))", "left a result that cannot be read"),
    "too large a result": ("leave('x' * (17 << 20))", "left a result of "),
    "a result of another trial": (
        "result['identifier'] = 'another'; leave(json.dumps(result))",
        "left the result of",
    ),
    "no number": (
        "measured['epochs'][0]['loss'] = float('nan'); leave(json.dumps(result))",
        "left a result that",
    ),
    "too few values": ("measured['epochs'] = []; leave(json.dumps(result))", "left "),
    "half written": (
        "open(result_path + '.part', 'w').write('{'); os.kill(os.getpid(), 9)",
        "killed by signal SIGKILL",
    ),
}

PROGRAMS = """
import ctypes, json, os, subprocess, sys, time
from tfmxbench.records.trial import Measurement, Memory, Pass, Span, to_json

def run(trial, interpreter, result_path):
    facts = {"hashes": {"source": trial.source_sha256}, "versions": {"python": "3.11"}, "device_name": "CPU"}
    span = Span(0.5, 0.5)
    passed = [Pass(0.5, 0.5, 10, 1280, 1.0)]
    memory = Memory(1, 2, 3, 4, 5, None)
    measured = to_json(Measurement(
        span, span, span, passed, passed, [0.9], [span] * 3, [0.001] * 4, memory, 1280, 100
    ))
    result = {"identifier": trial.identifier, "status": "completed", "reason": "", **facts}
    result["measurement"] = measured

    def leave(text):
        with open(result_path, "w", encoding="latin-1") as file:
            file.write(text)
        os._exit(0)

    exec(trial.data, locals() | globals())
    return {**facts, "measurement": measured}
"""


def make_package(folder: pathlib.Path) -> pathlib.Path:
    """A copy of the package whose workers do what their trial says."""
    import tfmxbench

    copy = folder / "tfmxbench"
    source = pathlib.Path(tfmxbench.__file__).parent
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "worker" / "programs.py").write_text(PROGRAMS, encoding="utf-8")
    return copy


def processes_left() -> list[str]:
    """What runs that a trial of this process has started, itself or by others."""
    import psutil

    from tfmxbench.processes import ending

    found = []
    for number in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(number)
            if process.environ().get(ending.MARK, "").startswith(f"{os.getpid():010d}-"):
                found.append(" ".join(process.cmdline()))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=500, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="for the faults (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=4, help="trials at a time (default: %(default)s)")
    options = parser.parse_args()
    from tfmxbench.processes import runner
    from tfmxbench.records import whole_files
    from tfmxbench.records.schema import check_against, read_json
    from tfmxbench.records.trial import COMPLETED, Trial, to_json
    from tfmxbench.worker import entry, memory

    os.environ[runner.MEMORY_LIMIT] = MEMORY_LIMIT
    draw = random.Random(options.seed)
    faults = [name for name in FAULTS if name != "none"]
    # Each of them once, in any case, at the beginning: what they cost the parent is then behind it.
    drawn = [
        *faults,
        *(draw.choice(faults) if draw.random() < 0.75 else "none" for _ in range(options.trials)),
    ]
    drawn = drawn[: options.trials]
    started = time.monotonic()
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = pathlib.Path(name)
        entry.__file__ = str(make_package(folder) / "worker" / "entry.py")
        place, temporary = folder / "trials", folder / "temporary"
        place.mkdir()
        temporary.mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)

        def run(number: int) -> int:
            trial = Trial(
                identifier=f"{number:04d}",
                purpose="measure",
                network="mlp",
                style="none",
                framework="numpy",
                source_sha256="0" * 64,
                device="cpu",
                threads=1,
                seed=0,
                round=number,
                epochs=1,
                passes=1,
                pass_batches=0,
                latency_samples=4,
                data_name="",
                # What the worker is to do.
                data=FAULTS[drawn[number]][0],
                interpreter=sys.executable,
                time_limit=TIME_LIMIT if "hangs" in drawn[number] else 60.0,
            )
            record = runner.run(trial, place)
            whole_files.write_json(place / f"{trial.identifier}.record.json", to_json(record))
            return memory.resident()

        held = []
        with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            for resident in pool.map(run, range(len(drawn))):
                held.append(resident)
        gc.collect()
        reasons: collections.Counter[str] = collections.Counter()
        for number, fault in enumerate(drawn):
            record = read_json(place / f"{number:04d}.record.json")
            check_against("record", record)
            expected = FAULTS[fault][1]
            true = record["reason"].startswith(expected) if expected else record["status"] == COMPLETED
            reasons[fault] += true
            if not true:
                problems.append(f"trial {number} {fault}: {record['status']}, {record['reason']!r}")
        records = len(list(place.glob("*.record.json")))
        left = [*place.rglob("*.part"), *temporary.iterdir()]
    seconds = time.monotonic() - started
    # The first quarter holds each fault at least once.
    before, after = max(held[: len(held) // 4]), max(held[-len(held) // 4 :])
    ending = processes_left()
    for fault, count in collections.Counter(drawn).most_common():
        print(f"{count:4d}  {fault}: {reasons[fault]} with the true reason")
    print(f"{len(drawn)} trials in {seconds:.0f} s, {options.at_once} at a time, seed {options.seed}")
    print(f"{records} records, {sum(reasons.values())} of them true")
    print(f"{len(ending)} processes left, {len(left)} temporary files left")
    print(
        f"memory of the parent: {before / 1e6:.1f} MB in the first quarter, {after / 1e6:.1f} MB in the last"
    )
    problems += [f"a process was left: {line}" for line in ending]
    problems += [f"a temporary file was left: {path.name}" for path in left]
    if records != len(drawn):
        problems.append(f"{records} records of {len(drawn)} trials")
    if after > before + GROWTH:
        problems.append(f"the parent's memory grew by {(after - before) / 1e6:.1f} MB")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
