"""The process that runs one trial: ``python entry.py TRIAL.json RESULT.json STARTED``.

It runs in a framework's environment, where only NumPy and the framework are sure to be installed, and
this package is not. Its result goes to a separate file, because frameworks print to its output too.
STARTED is the reading of the monotonic clock when the process was started.
"""

import time

FIRST_LINE = time.monotonic()
FIRST_LINE_CPU = time.process_time()

import importlib.util
import json
import os
import sys
import traceback

# The exit code of a worker whose result could not be written (EX_IOERR of sysexits.h).
CANNOT_WRITE = 74
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def provide_package():
    """Make ``tfmxbench`` importable without putting its folder's other contents on the path."""
    specification = importlib.util.spec_from_file_location(
        "tfmxbench", os.path.join(PACKAGE, "__init__.py"), submodule_search_locations=[PACKAGE]
    )
    package = importlib.util.module_from_spec(specification)
    sys.modules["tfmxbench"] = package
    specification.loader.exec_module(package)


def end_with_parent():
    """Ask the system to end this process when its parent dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
    # The parent may have died before this request.
    parent = os.environ.get("TFMXBENCH_TRIAL", "").partition("-")[0]
    if parent and not runs(int(parent)):
        os.kill(os.getpid(), signal.SIGKILL)


def runs(process):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def write(path, values):
    """Write JSON so that the file exists complete or not at all."""
    temporary = path + ".part"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def in_a_line(error):
    """An error's message in one line; MXNet's begin with a traceback and end with the reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def main(trial_path, result_path, started):
    end_with_parent()
    interpreter = {"wall": FIRST_LINE - float(started), "cpu": FIRST_LINE_CPU}
    with open(trial_path, encoding="utf-8") as file:
        trial_values = json.load(file)
    result = {"identifier": trial_values["identifier"], "status": "completed", "reason": ""}
    try:
        provide_package()
        from tfmxbench.records.trial import Trial
        from tfmxbench.worker import programs

        result.update(programs.run(Trial(**trial_values), interpreter, result_path))
    except BaseException as error:
        traceback.print_exc()
        result.update(status="failed", reason=f"{type(error).__name__}: {in_a_line(error)}".rstrip(": "))
    try:
        write(result_path, result)
    except OSError:
        traceback.print_exc()
        return CANNOT_WRITE
    return 0 if result["status"] == "completed" else 1


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # The result is written. A framework takes a second to shut down, and may crash while it does.
    os._exit(code)
