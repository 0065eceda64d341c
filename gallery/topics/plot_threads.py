"""
Threads
=======
The same implementations with fewer threads, and as many processors. Two cores are not always twice
as fast as one: what is small has little to share out, and what runs line by line in Python has one
line at a time. The trials are part of the campaign's rounds, beside those of the comparison.
"""

# %%
# Time by threads
# ---------------
# The ratio in the table is paired by round: to the same implementation with all threads, in a trial of its
# own whose passes are as short as those with fewer threads. Those of the comparison are longer where an epoch
# is short, and a batch of a long pass need not take as long as one of a short pass.

from tfmxbench.report.pages import axes

axes.axis("threads")
