"""
Lines and readability
=====================
How much is there to write, and to read? No readers were measured. Every number on this page is
computed from the files that were measured: a count of their text, and so only a proxy for what a reader
meets.

Setting and getting the parameters is counted separately, as *parity*. Only the proof that all implementations
compute the same thing needs it; a program of your own does not. ``set_parameters``, ``get_parameters``
and what only these two use are left out of the example's lines, and of the names, the nesting
and the branches.
"""

# %%
# The plots
# ---------
# Pygount counts the lines; to it, a line of nothing but brackets, punctuation or ``pass`` is empty. A
# definition belongs to the part that uses it first.
# A line may hold a word or a formula; the count does not show how long it takes to understand.

from tfmxbench.analysis import code_size
from tfmxbench.networks import catalogue
from tfmxbench.report.figures import fragments, plots
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published, readability

networks = catalogue.networks()
sum((readability.picture(network) for network in networks), Fragment(""))

# %%
# Lines against time
# ------------------
# Lines of code against seconds per epoch, after warm-up, in this build.
# Less is better on both axes. A style that was not measured in this build has no point.


def against_time(network: str) -> Fragment:
    """The picture of a network's lines against its times."""
    title = catalogue.task(network).title
    arms = published.arms(network)
    points = [
        (arm, code_size.example_lines(item.path))
        for item in catalogue.implementations(network)
        for arm in arms
        if arm.style == item.style
    ]
    if not points:
        return fragments.paragraph(f"{title}: not measured in this build.")
    return plots.lines_and_time(
        points,
        f"lines-and-time-{network}",
        f"{title}: lines of code against seconds per epoch, after warm-up, by style.",
    )


sum((against_time(network) for network in networks), Fragment(""))

# %%
# The table
# ---------
# Each cell has lines of code, of comments and docstrings, and empty lines, for the whole file and for
# each part; columns sort by code. The whole file includes the style's description, which belongs to no
# part.

sum((readability.table(network) for network in networks), Fragment(""))

# %%
# What the proxies count, and what they miss
# ------------------------------------------
# **API names** are the distinct names of the framework that the example uses, and that a reader has
# to know or to look up. A name that is reached from an import is counted with its whole path; any
# other attribute, such as ``.backward``, by its name. Readers are assumed to know the attributes that
# NumPy's arrays or Python's own containers have too. The fields of ``task`` and of the file's own objects
# do not belong to the framework. Without running the code, it is unknown which object an attribute
# belongs to. An attribute of the framework that shares its name with one of these is therefore missed.
# Keyword arguments and strings with a meaning, such as the name of an activation, are not counted, though a
# reader has to know them too; neither are methods that a class defines because the framework calls them.
# Every name counts once, familiar or obscure.
#
# **Nesting** is the number of blocks around the most deeply nested statement: functions, classes,
# ``with``, loops, conditions. The body of a function is 1. It shows how deep the deepest place is, not
# how much of the code is there.
#
# **Branches** are decisions, counted as in McCabe's cyclomatic complexity: conditions, loops,
# comprehensions and their conditions, each further operand of ``and`` and ``or``. Decisions that the
# framework makes inside a call do not count.

# %%
# The names
# ---------
# What each style asks a reader to know. Unfold one to see its names.

sum((readability.names(network) for network in networks), Fragment(""))
