"""
Batch size
==========
The same implementations with other batch sizes. What a framework does once a batch (Python, tracing,
starting operations) counts most where batches are small; what it does for each image counts most
where they are large. Another batch size is another training: each was held against the reference
with that batch size before it was timed, and nothing on this page speaks of accuracy.
"""

# %%
# Time by batch size
# ------------------
# With other batch sizes a pass takes as many images whatever the size, without the incomplete last batch. The
# ratio in the table is paired by round: to the same implementation with the comparison's own batch size. That
# one is timed as in the comparison, over whole epochs where they are short, so part of a ratio near 1 may be
# the length of the pass.

from tfmxbench.report import axes

axes.axis("batch size")
