"""Builds the site, unless it is up to date: ``python -m tfmxbench.report.site.build``.

Any change to a source, the results or a version rebuilds every page. A rebuild of single pages would need to
know what each of them reads.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterable, Mapping

from tfmxbench.processes.hashes import source_sha256
from tfmxbench.records.whole_files import written_whole
from tfmxbench.report import RESULTS_VARIABLE

# Below the checkout. Everything else in build is generated.
SOURCES = ("conf.py", "docs", "gallery", "tfmxbench", "requirements", "build/results.json")
# Sphinx-Gallery generates these from the gallery during a build.
GENERATED = ("docs/gallery", "docs/topics", "docs/sg_execution_times.rst")
SITE = pathlib.Path("build", "html")
# The hash of what the site was built from, and of the site.
STAMP = pathlib.Path("build", "html.sha256")
COMMAND = ("--fresh-env", "--fail-on-warning", "--keep-going", "--jobs", "auto", "-c", ".", "docs", str(SITE))


def files(paths: Iterable[pathlib.Path]) -> list[pathlib.Path]:
    """The files at and below some paths, sorted, without the bytecode that Python compiles."""
    result = []
    for path in paths:
        below = path.rglob("*") if path.is_dir() else [path]
        result += [item for item in below if item.is_file() and "__pycache__" not in item.parts]
    return sorted(result)


def content_sha256(root: pathlib.Path, environ: Mapping[str, str] = os.environ) -> str:
    """Hash of everything that the site is made from.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    environ : mapping of str to str
        Its ``TFMXBENCH_`` variables count too.

    Returns
    -------
    str
        Hash of the names and contents of the sources and the results, the versions of all installed
        distributions, and the variables.
    """
    digest = hashlib.sha256(sys.version.encode())
    sources = [root / name for name in SOURCES]
    if environ.get(RESULTS_VARIABLE):
        sources.append(root / environ[RESULTS_VARIABLE])
    generated = [root / name for name in GENERATED]
    for path in files(sources):
        if not any(path.is_relative_to(item) for item in generated):
            digest.update(f"{path} {source_sha256(path)}\n".encode())
    installed = {f"{item.name} {item.version}" for item in importlib.metadata.distributions()}
    variables = {f"{name}={value}" for name, value in environ.items() if name.startswith("TFMXBENCH_")}
    digest.update("\n".join([*sorted(installed), *sorted(variables)]).encode())
    return digest.hexdigest()


def site_sha256(root: pathlib.Path) -> str:
    """Hash of the names and sizes of the site's files."""
    sizes = [f"{path.relative_to(root)} {path.stat().st_size}" for path in files([root / SITE])]
    return hashlib.sha256("\n".join(sizes).encode()).hexdigest()


def main(root: pathlib.Path) -> int:
    """Build the site in a checkout; return the exit code of Sphinx, or 0 if there was nothing to do."""
    stamp = root / STAMP
    content = content_sha256(root)
    is_built = (root / SITE / "index.html").is_file() and stamp.is_file()
    if is_built and stamp.read_text(encoding="utf-8").split() == [content, site_sha256(root)]:
        print(f"Nothing has changed since the site in {SITE} was built.")
        return 0
    stamp.unlink(missing_ok=True)
    code = subprocess.run([sys.executable, "-m", "sphinx", *COMMAND], cwd=root, check=False).returncode
    # A source that changed during the build may be in some pages and not in others.
    if code == 0 and content_sha256(root) == content:
        with written_whole(stamp) as file:
            file.write(f"{content}\n{site_sha256(root)}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(pathlib.Path.cwd()))
