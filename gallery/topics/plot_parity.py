"""
Parity: the proof
=================
A comparison of times means something only between implementations that compute the same. Before
anything is timed, each one is held against a reference in NumPy, float64, from the same initial
values and with the same batches: the logits before training, the loss of each of the first 50
steps, every parameter after them, the same steps again in one pass that ends in an incomplete
batch, and then, except in the quick profile, the mean loss and the accuracy of the whole first
epoch. An implementation that differs by more than its bar is published with its failure, and
without a time.
"""

# %%
# The verdict
# -----------

from tfmxbench.report.pages import parity

parity.verdict()

# %%
# Every step
# ----------
# The deviation of each step's loss from the reference, relative, on a logarithmic axis. A step that
# agrees to the last digit has no place on such an axis and is left out.

parity.divergence()

# %%
# The table
# ---------
# Greatest deviations, and the bars that they are held to. The parameters are compared one by one,
# by the norm of the difference over the norm of the reference's.

parity.table()

# %%
# What rounding explains
# ----------------------
# A number in float32 carries 24 binary digits: rounding changes it by up to 6e-8 of its value, and a
# sum of many such numbers by somewhat more, depending on its order. So the losses of the first
# steps agree to about 1e-7, and what a step adds to the difference is carried on by the parameters.
# Adam divides by the square root of the squared gradients' mean; where a gradient is as small as
# its own rounding, the quotient is not, and its bar is wider: 5e-5 in place of 1e-5.
#
# Equality ends where rounding meets a kink. A relu whose input is 1e-8 in one implementation and
# -1e-8 in the other passes a gradient on in the one only, and after thousands of steps the two
# have taken different ways to equally good places. That is why the bars speak of 50 steps and of
# one epoch.

# %%
# The frameworks against each other
# ---------------------------------
# The greatest relative difference of two implementations' losses in the first 50 steps: the worst
# pair of each network and device.

parity.between()

# %%
# Repeated
# --------
# The same seed in another process: the losses of all passes, compared between this build's rounds.

parity.repeatability()

# %%
# With other seeds
# ----------------
# Where equality ends, what is left to compare is the accuracy over several seeds: each gives other
# initial values and another order of the images, the same to all styles.

parity.seeds()

# %%
# Which weights are learned
# -------------------------
# Each parameter in the task's layout, and in the layouts in which the frameworks' layers keep it. A
# dense kernel that follows a convolution has its inputs in another order too where images have
# their channels first: all pixels of a channel, and then the next channel.

parity.parameters()
