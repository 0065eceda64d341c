"""
Lines and readability
=====================
How much is there to write, and to read? Nobody has measured readers here. What can be counted is
the text of each implementation, and every figure on this page is such a count: a proxy, which
agrees with what a reader meets in some ways and misses others. All of them are computed from the
files that were measured.

What sets and gets the parameters is counted apart, as *parity*: the proof that all implementations
compute the same needs it, a program of your own does not. ``set_parameters``, ``get_parameters`` and
what only these two use are left out of the example's lines, and of the names, the nesting and
everything else below.
"""

# %%
# The picture
# -----------
# Lines are counted by pygount, to which a line of nothing but brackets, punctuation or ``pass`` is an
# empty one. A definition belongs to the part that uses it first.
# A line may hold a word or a formula; how long it takes to understand is not in its count.

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
# What the lines of an example buy, or cost: against the seconds of a steady epoch in this build.
# Less is better on both axes, and a style that was not measured in this build has no point.


def against_time(network: str) -> Fragment:
    """The picture of a network's lines against its times."""
    arms = published.arms(network)
    points = [
        (arm, code_size.example_lines(item.path))
        for item in catalogue.implementations(network)
        for arm in arms
        if arm.style == item.style
    ]
    if not points:
        return fragments.paragraph(f"{catalogue.task(network).title}: not measured in this build.")
    return plots.lines_and_time(
        points,
        f"lines-and-time-{network}",
        f"Lines of code of {network} against the seconds of a steady epoch, by style.",
    )


sum((against_time(network) for network in networks), Fragment(""))

# %%
# The table
# ---------
# Lines are those of code, of comments and docstrings, and empty ones, of the whole file and of each
# part; they sort by code. The whole file includes the style's description, which no part does.

sum((readability.table(network) for network in networks), Fragment(""))

# %%
# What the proxies count, and what they miss
# ------------------------------------------
# **API names** are the distinct names of the framework that the example uses, and that a reader has
# to know or to look up. A name that is reached from an import is counted with its whole path; any
# other attribute, such as ``.backward``, by its name. Attributes that NumPy's arrays or Python's own
# containers have too are taken for known, the fields of ``task`` and of the file's own objects are not
# the framework's, and without running the code nobody can tell whose an attribute is: one of the
# framework's that shares its name with these is missed. Keyword arguments and strings with a meaning,
# such as the name of an activation, are not counted, though they have to be known too; neither are
# methods that a class defines because the framework calls them. All names weigh the same, the familiar
# and the obscure.
#
# **Nesting** is the number of blocks around the statement that has most of them: functions, classes,
# ``with``, loops, conditions. The body of a function is 1. It says how deep the deepest place is, not
# how much of the code is there.
#
# **Branches** are decisions, weighed as for McCabe's cyclomatic complexity: conditions, loops,
# comprehensions and their conditions, each further operand of ``and`` and ``or``. What the framework
# decides inside of a call costs no branch here.
#
# **Halstead's volume** (1977) is the number of operators and operands times the logarithm of the number
# of distinct ones, in bits. Radon counts the operators of arithmetic, comparison and logic: calls,
# attributes and plain assignments are none. So it measures how much arithmetic is written out, and little
# else; a network that is made of calls has next to none.
#
# **Maintainability** is the index of Oman and Hagemeister (1992) as radon scales it, from 0 to 100, the
# only one of which more is better. It falls with the logarithms of the volume and of the lines and with
# the cyclomatic complexity, and rises with the share of comments, whatever these say. Its weights were
# fitted to programs of another kind and time. Without a volume it has no value, and a dash stands for it.

# %%
# The names
# ---------
# What each style asks a reader to know; unfold one to see.

sum((readability.names(network) for network in networks), Fragment(""))
