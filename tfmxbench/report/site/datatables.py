"""The library that sorts and filters tables, as a script of the site's own.

DataTables comes with itables, as a module for notebooks. A browser loads modules from a server only,
and the site is to be read from disk too, so it is turned into a plain script.
"""

from __future__ import annotations

import importlib.resources
import pathlib
import re

SCRIPT = "datatables.js"
STYLE = "datatables.css"


def write(folder: pathlib.Path) -> None:
    """Write the script and its style sheet into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Is made if it is not there.

    Raises
    ------
    ValueError
        If the installed itables holds no bundle of the kind that is known here.
    """
    bundle = importlib.resources.files("itables") / "html"
    folder.mkdir(parents=True, exist_ok=True)
    script = as_script((bundle / "dt_bundle.js").read_text(encoding="utf-8"))
    (folder / SCRIPT).write_text(script, encoding="utf-8")
    style = (bundle / "dt_bundle.css").read_text(encoding="utf-8")
    (folder / STYLE).write_text(style, encoding="utf-8")


def as_script(module: str) -> str:
    """A JavaScript module as a script that sets ``window.tfmxbenchTables``.

    Raises
    ------
    ValueError
        If it does not end by exporting its default, DataTables.
    """
    found = list(re.finditer(r"export\s*\{([^}]*)\}\s*;?", module))
    default = re.search(r"([\w$]+) as default", found[-1][1]) if found else None
    if default is None:
        raise ValueError("the bundle of itables exports no default; another version of itables is needed")
    body = module[: found[-1].start()] + module[found[-1].end() :]
    return f"(() => {{\n{body}\nwindow.tfmxbenchTables = {{ DataTable: {default[1]} }};\n}})();\n"
