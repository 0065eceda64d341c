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
# A pass takes as many images whatever the batch size, without the incomplete last batch. The ratio in the
# table is paired by round: to the same implementation with the comparison's own batch size, in a trial of
# its own whose passes take as many images. Those of the comparison are longer where an epoch is short, and a
# batch of a long pass need not take as long as one of a short pass.

from tfmxbench.report.pages import axes

axes.axis("batch size")
