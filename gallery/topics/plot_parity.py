"""
Parity: the proof
=================
Timings are comparable only if the implementations compute the same thing. Before anything is timed, each
implementation is therefore compared with a reference in NumPy, in float64, from the same initial values and
with the same batches. The parity gate compares:

- the logits before training;
- the loss of each of the first 50 steps, and every parameter after them;
- the same steps in one call to train, with an incomplete last batch;
- the mean loss and the accuracy of the whole first epoch, except in the quick profile.

An implementation outside its tolerance is listed as failed, without timings.
"""

# %%
# The verdict
# -----------

from tfmxbench.report.pages import parity

parity.verdict()

# %%
# Every step
# ----------
# The relative deviation of each step's loss from the reference, on a logarithmic axis. Such an axis has no
# zero, so a step that agrees to the last digit is left out.

parity.divergence()

# %%
# The table
# ---------
# The greatest deviations, and their tolerances. Each parameter is compared by the norm of its difference,
# divided by the norm of the reference's parameter.

parity.table()

# %%
# What rounding explains
# ----------------------
# A float32 number has 24 binary digits. Rounding changes it by up to 6e-8 of its value, and a sum of many
# such numbers by somewhat more, depending on the order. The losses of the first steps therefore agree to
# about 1e-7, and the parameters carry the difference of each step on to the next. Adam divides by the
# square root of the squared gradients' mean. If a gradient is no larger than its rounding error, the
# quotient is not small, so Adam's tolerance is wider: 5e-5 instead of 1e-5.
#
# Equality ends where rounding meets a kink. A relu whose input is 1e-8 in one implementation and -1e-8 in
# another passes a gradient in one and not in the other. After thousands of steps, the two have taken
# different paths to equally good solutions. The tolerances therefore apply to 50 steps and to one epoch.

# %%
# The implementations against each other
# --------------------------------------
# The greatest relative difference between the losses of two implementations in the first 50 steps, for the
# worst pair of each network and device.

parity.between()

# %%
# The same seed in another process
# --------------------------------
# The losses of all passes, compared between the rounds of this build.

parity.repeatability()

# %%
# Other seeds
# -----------
# Beyond exact equality, the accuracy over several seeds can be compared. Each seed gives other initial
# values and another order of the images, the same for all styles.

parity.seeds()

# %%
# Which weights are learned
# -------------------------
# The shape of each parameter, in the task's layout and in the layouts of the frameworks' layers. If images
# have their channels first, a dense kernel after a convolution also has its inputs in another order: all
# pixels of one channel, and then those of the next.

parity.parameters()
