"""Moves the scripts inside pages into files, so that a server can forbid inline scripts.

The theme writes short scripts into its pages, for example to set light or dark before anything is drawn. A
Content-Security-Policy that lets a page run only the site's own files (``script-src 'self'``) would stop
them.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
from typing import Any

from sphinx.application import Sphinx

from tfmxbench import __version__

STATIC = "_static"
_SCRIPT = re.compile(r"<script(?P<attributes>(?:\s[^>]*)?)>(?P<source>.*?)</script>", re.DOTALL | re.I)
_TYPE = re.compile(r"""\stype\s*=\s*["']?([^"'\s>]+)""", re.I)
# A browser does not run any other type, such as application/json.
RUN_TYPES = ("module", "text/javascript", "application/javascript")


def write(folder: pathlib.Path) -> list[pathlib.Path]:
    """Move the scripts inside the pages of a built site into files.

    Parameters
    ----------
    folder : pathlib.Path
        The site; files in its ``_static`` are not pages.

    Returns
    -------
    list of pathlib.Path
        The new files, named by the hash of their content.
    """
    scripts: dict[str, str] = {}
    for page in sorted(folder.rglob("*.html")):
        if STATIC in page.relative_to(folder).parts:
            continue
        source = page.read_text(encoding="utf-8")
        root = pathlib.Path(os.path.relpath(folder, page.parent)).as_posix()
        changed, moved = without(source, f"{root}/{STATIC}".removeprefix("./"))
        if moved:
            page.write_text(changed, encoding="utf-8")
            scripts |= moved
    for name, script in scripts.items():
        (folder / STATIC / name).write_text(script, encoding="utf-8")
    return [folder / STATIC / name for name in scripts]


def without(page: str, static: str) -> tuple[str, dict[str, str]]:
    """A page's HTML with a reference to a file in place of each inline script, and the files by name.

    Parameters
    ----------
    page : str
    static : str
        The folder of the files, relative to the page.
    """
    moved: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        attributes, source = match["attributes"], match["source"]
        kind = _TYPE.search(attributes)
        if kind and kind[1].lower() not in RUN_TYPES:
            return match[0]
        if re.search(r"\ssrc\s*=", attributes, re.I) or not source.strip():
            return match[0]
        name = f"inline-{hashlib.sha256(source.encode()).hexdigest()[:16]}.js"
        moved[name] = source
        # Not deferred: the browser runs it in the place of the inline script.
        return f'<script{attributes} src="{static}/{name}"></script>'

    return _SCRIPT.sub(replaced, page), moved


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Move the scripts once all pages are written."""
    if exception is None and app.builder.format == "html":
        write(pathlib.Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the step at the end of a build."""
    app.connect("build-finished", finish)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
