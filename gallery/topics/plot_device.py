"""
CPU and GPU
===========
The same implementations on both, where the machine has a GPU that the framework can use. The clock
starts with NumPy arrays in host memory: the transfer to the GPU is part of the time, as it is part of
training. It stops when the trained parameters are complete on the device, after a synchronisation.
"""

# %%
# In this build
# -------------

from tfmxbench.report.pages import axes

axes.devices()
