"""
CPU and GPU
===========
The same implementations on the CPU and the GPU, if the machine has a GPU that the framework can use. The
clock starts with NumPy arrays in host memory, so the time includes the transfer to the GPU. The clock stops
when the trained parameters are complete on the device, after a synchronisation.
"""

# %%
# Results
# -------

from tfmxbench.report.pages import axes

axes.devices()
