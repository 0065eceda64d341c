"""
How much of the machine
=======================
A network of this size is arithmetic that can be counted. The machine's rate of arithmetic can be
measured: products of large matrices are the best that it does. The share of that rate which training
reaches says how much time goes elsewhere: into Python, into starting small operations, into moving
numbers about.
"""

# %%
# What share of the machine each style reaches
# --------------------------------------------
# Operations of the network, over the greatest rate of matrix products that any framework reached in
# the same round.

from tfmxbench.report.pages import machine

machine.fractions()

# %%
# The machine's rate
# ------------------
# Measured in the same campaign, in processes of its own, with the same threads.

machine.rates()

# %%
# The operations, counted
# -----------------------
# A kernel multiplies and adds once for each of its values at each place: two operations. Backwards it
# takes as many again for its own gradient, and as many for that of its input, which the first layer
# does not need. What is done element by element is not counted.

machine.counted()

# %%
# Cores kept busy
# ---------------
# Processor seconds of all threads, over seconds on the clock. Threads that wait in a loop for work
# count as busy.

machine.cores()

# %%
# Energy
# ------

machine.energy()

# %%
# What has to be installed
# ------------------------

machine.environments()
