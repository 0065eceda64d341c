"""The frameworks' environments: finds them, installs them, and checks that they work.

Each framework has a separate environment for each device. uv installs it from the pins in
``requirements/``. Its folder is named by a hash of those pins, so changed pins make a new environment. To
use an existing environment, name its interpreter with ``TFMXBENCH_PYTHON_<FRAMEWORK>``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping

import filelock

from tfmxbench import frameworks
from tfmxbench.processes import cache, machine, pool, runner
from tfmxbench.records import leftovers
from tfmxbench.records.trial import Trial

PROBE_TIME_LIMIT = 180.0
# Threads of the process that checks an environment.
PROBE_THREADS = 1
PACKAGE = pathlib.Path(__file__).parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Environment:
    """A framework's environment for a device.

    Attributes
    ----------
    framework, device : str
    interpreter : str
        Path of its Python; empty if there is none.
    problem : str
        Why trials cannot run in it; empty if they can.
    versions : dict of str to str
        Versions of Python and the framework's distributions, if the interpreter reports them.
    bytes : int or None
        Disk space of its installed packages, without Python itself; None if it is unknown, and for the
        environment that this package itself runs in.
    """

    framework: str
    device: str
    interpreter: str
    problem: str
    versions: dict[str, str]
    bytes: int | None = None


def variable(framework: str) -> str:
    """Name of the environment variable that names a framework's interpreter."""
    return f"TFMXBENCH_PYTHON_{framework.upper()}"


def requirements_path(framework: str, device: str) -> pathlib.Path:
    """The file of pins, in a checkout or in an installed package."""
    name: str = frameworks.load(framework).REQUIREMENTS[device]
    candidates = [PACKAGE.parent / "requirements" / name, PACKAGE / "requirements" / name]
    return next((path for path in candidates if path.is_file()), candidates[0])


def path(framework: str, device: str, root: pathlib.Path) -> pathlib.Path:
    """The folder of a framework's environment in the cache. Its name depends on the pins."""
    pins = requirements_path(framework, device).read_bytes()
    return root / "environments" / f"{framework}-{device}-{hashlib.sha256(pins).hexdigest()[:12]}"


def find(framework: str, device: str, environ: Mapping[str, str] = os.environ) -> Environment:
    """Look for a framework's environment and try it; nothing is installed."""
    environment = look_for(framework, device, environ)
    return environment if environment.problem else _try(framework, device, environment.interpreter)


def find_all(
    keys: Iterable[tuple[str, str]], environ: Mapping[str, str] = os.environ
) -> dict[tuple[str, str], Environment]:
    """Look for several environments and try them, as many at a time as there are processors.

    Parameters
    ----------
    keys : iterable of (str, str)
        Framework and device of each.
    environ : mapping

    Returns
    -------
    dict of (str, str) to Environment
        In the given order.
    """
    jobs = [(key, functools.partial(find, *key, environ)) for key in dict.fromkeys(keys)]
    with contextlib.closing(pool.run(jobs, PROBE_THREADS)) as answers:
        environments = dict(answers)
    return {key: environments[key] for key, _ in jobs}


def look_for(framework: str, device: str, environ: Mapping[str, str] = os.environ) -> Environment:
    """Look for a framework's environment without trying it, so without its versions."""
    if framework == "numpy":
        return Environment(framework, device, sys.executable, "", {})
    configured = environ.get(variable(framework))
    if configured:
        interpreter = shutil.which(pathlib.Path(configured).expanduser())
        if interpreter is None:
            problem = f"{variable(framework)} names {configured!r}, which is not a program that can be run"
            return Environment(framework, device, "", problem, {})
        return Environment(framework, device, str(pathlib.Path(interpreter).absolute()), "", {})
    folder = path(framework, device, cache.folder(environ))
    if not _ready(folder).is_file():
        problem = "its environment has not been made: run tfmxbench environments"
        reason = folder.with_suffix(".problem")
        if reason.is_file():
            problem = reason.read_text(encoding="utf-8").strip()
        return Environment(framework, device, "", problem, {})
    return Environment(framework, device, str(folder / "bin" / "python"), "", {})


def make(
    framework: str,
    device: str,
    environ: Mapping[str, str] = os.environ,
    recreate: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Make a framework's environment, unless it exists or its variable names an interpreter.

    If that fails, the reason is written next to its folder, where :func:`find` reads it.

    Parameters
    ----------
    framework, device : str
    environ : mapping
        ``TFMXBENCH_CACHE_DIR`` and the interpreters' variables are read from it.
    recreate : bool
        Make it again even if it exists.
    report : callable
        Receives a line about each step that takes long.
    """
    if framework == "numpy" or environ.get(variable(framework)):
        return
    folder = path(framework, device, cache.folder(environ))
    if not recreate and _ready(folder).is_file():
        # Checked before anything is written: a read-only cache that has the environment is enough.
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_suffix(".lock")):
        if recreate or not _ready(folder).is_file():
            reason = folder.with_suffix(".problem")
            reason.unlink(missing_ok=True)
            problem = _install(framework, device, folder, report)
            if problem:
                reason.write_text(problem + "\n", encoding="utf-8")


def _install(framework: str, device: str, folder: pathlib.Path, report: Callable[[str], None]) -> str:
    """Make the environment in its folder; return why that failed, or an empty string."""
    framework_module = frameworks.load(framework)
    title = framework_module.TITLE
    uv = [sys.executable, "-m", "uv"]
    _ready(folder).unlink(missing_ok=True)
    for version in framework_module.PYTHONS:
        report(f"{title} ({device}): an environment with Python {version} in {folder}")
        problem = _run([*uv, "venv", "--quiet", "--clear", "--python", version, str(folder)])
        if not problem:
            break
    else:
        pythons = " or ".join(framework_module.PYTHONS)
        return (
            f"{title} needs Python {pythons}, which was neither found on this machine nor could be "
            f"downloaded; install it, or name an interpreter that has {title} in "
            f"{variable(framework)} (message from uv: {problem})"
        )
    report(f"{title} ({device}): installing the pinned versions")
    pins = str(requirements_path(framework, device))
    interpreter = str(folder / "bin" / "python")
    problem = _run(
        [*uv, "pip", "install", "--quiet", "--python", interpreter, "--require-hashes", "-r", pins]
    )
    if problem:
        return f"{title} could not be installed from {pathlib.Path(pins).name}: {problem}"
    _ready(folder).write_text("complete\n", encoding="utf-8")
    return ""


def _run(command: list[str]) -> str:
    """Run a command; return the end of its error output if it failed, or an empty string."""
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if finished.returncode == 0:
        return ""
    text = finished.stderr.decode("utf-8", errors="replace")
    return " ".join(text.split())[-500:] or f"exit code {finished.returncode}"


def _ready(folder: pathlib.Path) -> pathlib.Path:
    """The file that marks an environment as complete."""
    return folder / "tfmxbench-ready"


def _try(framework: str, device: str, interpreter: str) -> Environment:
    """Compute something on the device in a process of the environment."""
    trial = Trial(
        identifier=f"probe-{framework}-{device}",
        purpose="probe",
        framework=framework,
        device=device,
        threads=PROBE_THREADS,
        interpreter=interpreter,
        time_limit=PROBE_TIME_LIMIT,
    )
    with leftovers.temporary_folder() as folder:
        record = runner.run(trial, folder)
    # This package's own environment contains much else, and its size changes with each installation.
    own = interpreter == sys.executable
    size = None if record.reason or own else packages_bytes(interpreter)
    return Environment(framework, device, interpreter, record.reason, record.versions, size)


def packages_bytes(interpreter: str) -> int | None:
    """Disk space of an interpreter's installed packages; None if the interpreter does not report their place.

    The byte code that the interpreter compiles from them does not count.
    """
    code = "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"
    try:
        finished = subprocess.run(
            [interpreter, "-I", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
        paths = json.loads(finished.stdout)
        # On some systems, one of the two is a link to the other.
        folders = {os.path.realpath(paths[name]) for name in ("purelib", "platlib")}
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError, TypeError):
        return None
    return sum(
        pathlib.Path(folder, name).lstat().st_size
        for path in folders
        for folder, _, names in os.walk(path)
        if not folder.endswith("__pycache__")
        for name in names
    )


def unpinned(framework: str, device: str, versions: Mapping[str, str]) -> str:
    """How an environment's versions differ from the pinned ones; empty if they do not.

    Parameters
    ----------
    framework, device : str
    versions : mapping of str to str
        Versions of the framework's distributions, as a worker reports them.

    Returns
    -------
    str
        Such as ``mxnet 1.8.0 instead of 1.9.1``.
    """
    framework_module = frameworks.load(framework) if framework in frameworks.names() else None
    if framework_module is None or device not in framework_module.REQUIREMENTS or not versions:
        return ""
    # Some distributions are pinned to one version for older Pythons and to another for newer ones.
    pins: dict[str, list[str]] = {}
    for name, version in _PIN.findall(requirements_path(framework, device).read_text(encoding="utf-8")):
        pins.setdefault(name, []).append(version)
    differences = []
    for name in framework_module.DISTRIBUTIONS:
        installed, pinned = versions.get(name), pins.get(name, [])
        if installed and pinned and installed not in pinned:
            differences.append(f"{name} {installed} instead of {' or '.join(pinned)}")
        elif installed and not pinned:
            differences.append(f"{name} {installed}, which is not pinned")
        elif pinned and not installed:
            differences.append(f"no {name} {' or '.join(pinned)}")
    return ", ".join(differences)


def gpu_problem() -> str:
    """Why this machine offers no NVIDIA GPU; empty if the driver lists one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "there is no NVIDIA driver on this machine (nvidia-smi was not found)"
    try:
        finished = subprocess.run(
            [program, "--list-gpus"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=machine.DRIVER_TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return f"the NVIDIA driver did not answer within {machine.DRIVER_TIME_LIMIT:g} s"
    except OSError as error:
        return f"nvidia-smi could not be started: {error.strerror}"
    listed = finished.stdout.decode("utf-8", errors="replace").strip()
    if finished.returncode != 0 or not listed:
        return "the NVIDIA driver lists no GPU"
    return ""


def devices(choice: str) -> list[str]:
    """The devices to measure on: always the CPU, and the GPU if there is one or the choice is ``gpu``.

    Parameters
    ----------
    choice : str
        ``auto``, ``cpu`` or ``gpu``.

    Raises
    ------
    ValueError
        If the choice is something else.
    """
    if choice not in ("auto", "cpu", "gpu"):
        raise ValueError(f"the device is {choice!r}; it is auto, cpu or gpu")
    if choice == "gpu" or (choice == "auto" and not gpu_problem()):
        return ["cpu", "gpu"]
    return ["cpu"]
