"""
Threads
=======
How the time per epoch depends on the number of threads, with as many processors as threads. Two cores are not
always twice as fast as one: small operations have little work to divide, and Python runs one line at a time.
The trials run in the campaign's rounds, alongside those of the comparison.
"""

# %%
# Time by threads
# ---------------
# The table's ratio is paired by round. It compares an implementation with a control trial of the same
# implementation with all threads, whose passes are as short as those with fewer threads. The trials of the
# comparison are not the control: for networks with short epochs their passes are longer, and batches in long
# passes can be faster or slower than in short ones.

from tfmxbench.report.pages import axes

axes.axis("threads")
