"""The names of trials' purposes and conditions, as records store them."""

from __future__ import annotations

# The purpose of the trials that are timed for the comparison.
MEASURE = "measure"

# The condition of the comparison itself; trials under any other condition are never part of it.
STANDARD = "standard"
# The second arm of a null test.
NULL = "null"
# Another number of threads, another batch size, and the control with which both are compared.
THREADS = "threads"
BATCH_SIZE = "batch-size"
UNVARIED = "unvaried"
# Trials that run once in a campaign: for the accuracy with another seed, and up to a stated accuracy.
SEED = "seed"
GOAL = "goal"
# The rate of matrix products; also a purpose.
PRODUCTS = "products"
# Trials in which a mistake can be switched on; also a purpose.
MISTAKE = "mistake"
