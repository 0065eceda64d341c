"""What trials are for, and the conditions under which they are made: the names that records carry."""

from __future__ import annotations

# The purpose of the trials that are timed for the comparison.
MEASURE = "measure"

# The conditions of the comparison itself; trials under any other are never part of it.
STANDARD = "standard"
# The second arm of a null test.
NULL = "null"
# Another number of threads, another batch size, and the control that both are compared with.
THREADS = "threads"
BATCH_SIZE = "batch-size"
UNVARIED = "unvaried"
# Trials that are made once a campaign: for the accuracy with another seed, and up to a stated accuracy.
SEED = "seed"
GOAL = "goal"
# The rate of matrix products; a purpose as well.
PRODUCTS = "products"
# Trials in which a mistake can be switched on; a purpose as well.
MISTAKE = "mistake"
