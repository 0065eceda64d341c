"""Puts the scripts that stand in pages into files, so that a server can forbid scripts in pages.

The theme writes two into its pages: one that sets the colours before anything is drawn, and one that
puts the cursor into the field of the search page. A Content-Security-Policy that lets a page run
nothing but the site's own files (``script-src 'self'``) would stop them.
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
# Of any other type, such as application/json, a browser runs nothing.
RUN = ("module", "text/javascript", "application/javascript")


def write(folder: pathlib.Path) -> list[pathlib.Path]:
    """Put the scripts in the pages of a built site into files of their own.

    Parameters
    ----------
    folder : pathlib.Path
        The site; what lies in its ``_static`` is no page.

    Returns
    -------
    list of pathlib.Path
        The files, which are named by what is in them.
    """
    made: dict[str, str] = {}
    for page in sorted(folder.rglob("*.html")):
        if STATIC in page.relative_to(folder).parts:
            continue
        source = page.read_text(encoding="utf-8")
        root = pathlib.Path(os.path.relpath(folder, page.parent)).as_posix()
        changed, found = without(source, f"{root}/{STATIC}".removeprefix("./"))
        if found:
            page.write_text(changed, encoding="utf-8")
            made |= found
    for name, script in made.items():
        (folder / STATIC / name).write_text(script, encoding="utf-8")
    return [folder / STATIC / name for name in made]


def without(page: str, static: str) -> tuple[str, dict[str, str]]:
    """A page's HTML with a reference to a file in place of each script, and the files by their names.

    Parameters
    ----------
    page : str
    static : str
        The folder of the files, from the page.
    """
    found: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        attributes, source = match["attributes"], match["source"]
        kind = _TYPE.search(attributes)
        if kind and kind[1].lower() not in RUN:
            return match[0]
        if re.search(r"\ssrc\s*=", attributes, re.I) or not source.strip():
            return match[0]
        name = f"inline-{hashlib.sha256(source.encode()).hexdigest()[:16]}.js"
        found[name] = source
        # Not deferred: it is run where it stood.
        return f'<script{attributes} src="{static}/{name}"></script>'

    return _SCRIPT.sub(replaced, page), found


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Do so once the pages are there."""
    if exception is None and app.builder.format == "html":
        write(pathlib.Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what is done at the end of a build."""
    app.connect("build-finished", finish)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
