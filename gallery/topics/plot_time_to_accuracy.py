"""
Time to an accuracy
===================
How long does it take from starting Python to a network with a stated test accuracy? People wait for a trained
network, not for an epoch. This time includes the import, tracing and compilation, and shows whether they pay
off.
"""

# %%
# Results
# -------

from tfmxbench.report.pages import time_to_accuracy

time_to_accuracy.time_to_accuracy()
