"""
Batch size
==========
How the time per epoch depends on the batch size. With small batches, the work per batch (Python, tracing,
starting operations) dominates; with large batches, the work per image does. With another batch
size, a network learns differently. Each implementation is therefore compared with the reference at that batch
size before it is timed, and this page says nothing about accuracy.
"""

# %%
# Time by batch size
# ------------------
# A pass has the same number of images at every batch size, except for the incomplete last batch, which is
# left out. The table's ratio is paired by round. It compares an implementation with a control trial of the
# same implementation at the comparison's own batch size, whose passes have the same number of images. The
# trials of the comparison are not the control: for networks with short epochs their passes are longer, and
# batches in long passes can be faster or slower than in short ones.

from tfmxbench.report.pages import axes

axes.axis("batch size")
