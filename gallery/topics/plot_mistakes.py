"""
What a naive benchmark gets wrong
=================================
Comparisons of frameworks contradict each other, and the code seldom shows why. Here are the mistakes behind
such figures, with public examples or warnings of each, switched on one by one in trials of their own, beside
trials without them, in the same shuffled rounds of this build's campaign. Nothing that is measured here is
part of any comparison on other pages: the records lie in a list of their own.
"""

# %%
# What they did in this build
# ---------------------------

from tfmxbench.report.pages import mistakes

mistakes.verdict()

# %%
# All of them in one picture
# --------------------------
# The ratio as it is, and with the mistake. Most mistakes can be made either way, for the one framework
# or for the other; the thorough profile measures both ways, the default one some of them one way only.

mistakes.picture()

# %%
# All at once
# -----------

mistakes.together()

# %%
# A checklist for your own benchmark
# ----------------------------------
# Each point would have prevented a mistake, those that moved their ratio most first; its link leads to what
# the mistake did here.

mistakes.checklist()

# %%
# What the parity gate catches
# ----------------------------
# Some mistakes change what is computed, and the proof that all implementations compute the same would
# have refused them. The others cannot be found that way.

mistakes.gate()

# %%
# One by one
# ----------
# The honest ratio is that of the same two implementations without the mistake, in trials of the same length;
# where nothing but another choice of published trials is needed, it is theirs. A trial here takes a first
# pass and a steady one, of as many images whatever the batch size, with other initial values in each round.

mistakes.each()

# %%
# The table
# ---------

mistakes.table()
