"""Writes a page of the gallery for each network and implementation.

Templates in ``gallery/`` are filled in, so a new implementation needs no page of its own. Pages about topics
rather than a network are copied from ``gallery/topics`` as they are.
"""

from __future__ import annotations

import ast
import pathlib
import re
import shutil
import string

from tfmxbench import frameworks
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation

TOPICS = "topics"


def write(templates: pathlib.Path, folder: pathlib.Path) -> None:
    """Empty a folder, write all pages into it, and copy those about topics.

    Parameters
    ----------
    templates : pathlib.Path
        The folder of the templates and the topics.
    folder : pathlib.Path
        Gets a folder for each network.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for network in catalogue.networks():
        task = catalogue.task(network)
        pages = folder / network
        pages.mkdir(parents=True)
        heading = underlined(task.title, "=")
        size = f"{task.parameter_count} parameters, batches of {task.batch_size}"
        introduction = f"{task.title}: {task.description}; {size}."
        (pages / "GALLERY_HEADER.rst").write_text(f"{heading}\n{introduction}\n", encoding="utf-8")
        values = {
            "network": network,
            "heading": underlined(f"{task.title}: the comparison", "="),
            "description": task.description,
        }
        # Pages are sorted by name: the shortest puts the comparison before the implementations.
        _fill(templates / "comparison.py.template", pages / f"plot_{network}.py", values)
        for page, (pair, styles) in pair_pages(network).items():
            heading = underlined(f"{pair.capitalize()}: {' and '.join(styles)}", "=")
            changed = {**values, "heading": heading, "pair": pair}
            _fill(templates / "pair.py.template", pages / f"{page}.py", changed)
        reference = catalogue.reference(network)
        _fill(
            templates / "reference.py.template",
            pages / f"plot_{network}_{reference.style}.py",
            describe(reference),
        )
        for item in catalogue.implementations(network):
            _fill(
                templates / "implementation.py.template",
                pages / f"plot_{network}_{item.style}.py",
                describe(item),
            )
    shutil.copytree(templates / TOPICS, folder / TOPICS)


def pair_pages(network: str) -> dict[str, tuple[str, list[str]]]:
    """The pair and its styles of each page about a pair of counterparts, by the page's name."""
    pages: dict[str, tuple[str, list[str]]] = {}
    for item in catalogue.implementations(network):
        if item.pair:
            # Two underscores sort the page after the comparison and before the implementations.
            page = f"plot_{network}__{re.sub('[^a-z]+', '_', item.pair.lower()).strip('_')}"
            pages.setdefault(page, (item.pair, []))[1].append(item.style)
    return {page: (pair, styles) for page, (pair, styles) in pages.items() if len(styles) > 1}


def describe(item: Implementation) -> dict[str, str]:
    """The values that fill the template of an implementation's page."""
    source = item.path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree) or ""
    summary, _, rest = docstring.partition("\n")
    title = frameworks.load(item.framework).TITLE
    first = tree.body[1]
    return {
        "network": item.network,
        "style": item.style,
        "framework": title,
        "heading": underlined(f"{item.style} ({title})", "="),
        "summary": summary,
        "prose": rest.strip(),
        "level": item.level,
        "paradigm": item.paradigm,
        "first_line": str(first.lineno),
    }


def underlined(title: str, mark: str) -> str:
    """A heading in reStructuredText."""
    return f"{title}\n{mark * len(title)}\n"


def _fill(template: pathlib.Path, page: pathlib.Path, values: dict[str, str]) -> None:
    text = string.Template(template.read_text(encoding="utf-8")).substitute(values)
    page.write_text(text, encoding="utf-8")
