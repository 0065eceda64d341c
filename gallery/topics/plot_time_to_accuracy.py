"""
Time to an accuracy
===================
What a person waits for is not an epoch but a trained network: from starting Python to a stated share
of the test images classified rightly. That is where a long import, tracing or compiling weighs in,
and where it is paid back or not.
"""

# %%
# In this build
# -------------

from tfmxbench.report.pages import time_to_accuracy

time_to_accuracy.time_to_accuracy()
