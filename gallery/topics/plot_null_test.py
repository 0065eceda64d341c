"""
The null test: the smallest difference this build can detect
============================================================
A comparison that always finds a difference proves nothing. Some implementations therefore take part in the
campaign twice, as two arms, like the two sides of a pair (an A/A test). Both arms use the same file and the
same settings, in different processes. They run in the same shuffled rounds, one soon after the other. Any
difference between them comes from the machine.
"""

# %%
# Does it find a difference where there is none?
# ----------------------------------------------

from tfmxbench.report.pages import null_test

null_test.verdict()

# %%
# The plot
# --------

null_test.picture()

# %%
# The numbers
# -----------
# The intervals of null tests are wider than the interval of a single ratio, because they must hold for all
# null tests together (Bonferroni). Otherwise one in twenty would show a difference by chance.

null_test.table()
