"""Sphinx configuration. The site is built from a results file; ``tox -e docs`` measures and builds it."""

import os
import pathlib

from sphinx.errors import ConfigError

import tfmxbench
from tfmxbench.networks import catalogue
from tfmxbench.records import raw_values
from tfmxbench.records.plain_text import one_line
from tfmxbench.report.figures import fragments, sentences
from tfmxbench.report.pages import published
from tfmxbench.report.site import gallery

HERE = pathlib.Path(__file__).parent
PAGES = HERE / "build" / "gallery"

project = "tfmxbench"
author = "the tfmxbench developers"
copyright = "the tfmxbench developers, Apache License 2.0"
release = version = tfmxbench.__version__

# Sphinx-Gallery runs each page in the page's own folder.
os.environ[published.RESULTS_VARIABLE] = str(published.results_path())
try:
    results = published.results()
except ValueError as error:
    raise ConfigError(one_line(str(error))) from None

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "tfmxbench.report.site.api",
    "tfmxbench.report.site.architecture",
    "tfmxbench.report.site.concept_examples",
    "tfmxbench.report.site.inline_scripts",
    "tfmxbench.report.site.phrasebook",
    "tfmxbench.report.site.quick_start",
    "tfmxbench.report.site.directives",
]
exclude_patterns = [
    "gallery/**/*.ipynb",
    "gallery/**/*.py",
    "topics/*.ipynb",
    "topics/*.py",
    "concepts/examples/**",
]
templates_path = ["docs/_templates"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
# The path of the checkout may hold a space; the names of pages do not.
suppress_warnings = ["sphinx_gallery.space_in_filename"]
nitpicky = True
nitpick_ignore_regex = [
    # Python and libraries: the build does not fetch their documentation.
    ("py:class", r"(?!tfmxbench\.).*"),
    ("py:(mod|func)", "json|open"),
    # Type variables are no classes, and have no description of their own.
    ("py:class", r"tfmxbench\.processes\.pool\.(Key|Answer)"),
]
autodoc_member_order = "bysource"
# Defaults as they are written: os.environ must not be published with its content.
autodoc_preserve_defaults = True
add_module_names = False
# The directive of the API reference lists the members already.
numpydoc_show_class_members = False

SECTIONS = [*catalogue.networks(), gallery.TOPICS]
gallery.write(HERE / "gallery", PAGES)
raw_values.write_csv(HERE / "build" / "results.csv", results)
sphinx_gallery_conf = {
    "examples_dirs": [str(PAGES / name) for name in SECTIONS],
    "gallery_dirs": [*(f"gallery/{name}" for name in catalogue.networks()), gallery.TOPICS],
    "filename_pattern": r"plot_",
    # The pages show the records; Sphinx-Gallery does not know that they depend on them.
    "run_stale_examples": True,
    "within_subsection_order": "FileNameSortKey",
    # These would measure the site's own process, not the frameworks.
    "min_reported_time": 1e9,
    "show_memory": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "image_scrapers": (),
    "abort_on_example_error": True,
    "write_computation_times": False,
    "plot_gallery": "True",
}

html_theme = "pydata_sphinx_theme"
html_title = "tfmxbench"
html_static_path = ["docs/_static"]
html_css_files = ["tfmxbench.css"]
html_js_files = ["chooser.js"]
html_show_sourcelink = False
html_copy_source = False
# Pages without subpages do not need the navigation at the side.
html_sidebars = {
    name: []
    for name in (
        "index",
        "results",
        "phrasebook",
        "method",
        "quickstart",
        "architecture",
        "using",
        "extending",
        "publishing",
        "faults",
        "topics/*",
    )
}
html_context = {"default_mode": "auto"}


def announcement() -> str:
    """The banner of every page: the data set and the profile, if they are not the usual ones."""
    parts = []
    if results.data.name != sentences.REAL:
        parts.append(sentences.data(results))
    if results.settings.profile == "quick":
        rounds = len({record.trial.round for record in results.records})
        parts.append(
            f"Built with the quick profile, from {rounds} {'round' if rounds == 1 else 'rounds'} of short "
            "trials. That is enough to see that everything runs, and too little to judge differences."
        )
    return fragments.text(" ".join(parts))


html_theme_options = {
    "announcement": announcement(),
    # With it, every page would load the search index; see docs/_templates/layout.html.
    "search_as_you_type": False,
    "navigation_with_keys": False,
    "show_prev_next": False,
    # The comparisons need the width for two columns of code.
    "secondary_sidebar_items": {
        "**": ["page-toc"],
        "index": [],
        "phrasebook": [],
        "results": [],
        **{
            f"gallery/{network}/{page}": []
            for network in catalogue.networks()
            for page in (f"plot_{network}", *gallery.pair_pages(network))
        },
    },
    "footer_start": ["measured"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context["measured"] = one_line(f"{sentences.data(results)} {sentences.conditions(results)}")
