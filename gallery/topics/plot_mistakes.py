"""
What a naive benchmark gets wrong
=================================
Comparisons of frameworks contradict each other, and the code seldom shows why. This page makes the mistakes
behind such numbers on purpose, one at a time, and measures what each does to a comparison. Each has a public
example or warning.

The baseline is the same pair without the mistake, in trials of equal length. If a mistake only selects
among published trials, the baseline is the published ratio. The trials with mistakes run alongside
unmodified trials, in the same shuffled rounds of this build's campaign. Their records are in a separate
list, so they are not part of any comparison on other pages.
"""

# %%
# Verdicts that changed
# ---------------------

from tfmxbench.report.pages import distortions

distortions.verdict()

# %%
# All mistakes in one plot
# ------------------------
# The ratio without and with each mistake. Most mistakes can favour either framework. The thorough profile
# measures both ways, and the default profile measures some of them one way only.

distortions.picture()

# %%
# All at once
# -----------

distortions.together()

# %%
# A checklist for your own benchmark
# ----------------------------------
# Each point would have prevented a mistake. The mistakes that moved their ratio most come first. Each link
# leads to what the mistake did here.

distortions.checklist()

# %%
# What the parity gate catches
# ----------------------------
# Some mistakes change the computation. The parity gate, which checks that all implementations compute the
# same thing, rejects them. It cannot find the others.

distortions.gate()

# %%
# One by one
# ----------
# A trial on this page takes a first pass, and one pass after warm-up. Both have the same number of images at
# every batch size. The initial values differ from round to round.

distortions.each()

# %%
# The table
# ---------

distortions.table()
