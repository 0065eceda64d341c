"""
How much of the machine
=======================
How much of the machine's arithmetic rate does training reach? The rest of the time goes into Python, into
starting small operations, and into moving data. The operations of a network of this size can be counted.
The machine's rate can be measured: large matrix products come closest to its peak.
"""

# %%
# The share that each style reaches
# ---------------------------------
# The share is the network's operations per second, divided by the highest rate of matrix products that any
# framework reached in the same round.

from tfmxbench.report.pages import utilisation

utilisation.fractions()

# %%
# The machine's rate
# ------------------
# The rate is measured in the same campaign, in separate processes, with the same number of threads.

utilisation.rates()

# %%
# The operations, counted
# -----------------------
# A kernel multiplies and adds once for each of its values at each position, which makes two operations. The
# backward pass takes the same number again for the kernel's gradient, and the same number for the gradient of
# its input, which the first layer does not need. Element-wise operations are not counted.

utilisation.counted()

# %%
# Cores used
# ----------
# The CPU seconds of all threads, divided by the wall-clock seconds. Threads that spin while they wait for
# work count as used.

utilisation.cores()

# %%
# Energy
# ------

utilisation.energy()

# %%
# Disk space
# ----------

utilisation.environments()
