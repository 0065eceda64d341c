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
# The ratio in the table is paired by round: to the same implementation with all threads. That one is timed as
# in the comparison, over whole epochs where they are short; fewer threads are timed over shorter passes, so
# part of a ratio near 1 may be the length of the pass.

from tfmxbench.report import axes

axes.axis("threads")
