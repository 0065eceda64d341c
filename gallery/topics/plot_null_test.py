"""
The null test: what this build can tell apart
=============================================
A comparison that always finds a difference proves nothing. So some implementations take part in the
campaign twice, as two arms like the two sides of a pair: the same file, the same settings, other
processes, in the same shuffled rounds, one soon after the other. Whatever difference shows between
them is the machine's, not theirs.
"""

# %%
# Does it find a difference where there is none?
# ----------------------------------------------

from tfmxbench.report.pages import null_test

null_test.verdict()

# %%
# The picture
# -----------

null_test.picture()

# %%
# The numbers
# -----------
# The intervals are wider than those of a single ratio, since they are to hold for all null tests
# together (Bonferroni): else one of twenty would find a difference by chance alone.

null_test.table()
