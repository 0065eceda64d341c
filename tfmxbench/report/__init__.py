"""How results are shown: drawing, pages, and the site that they are built into."""

# Names the results file that the site is built from, if it is not the usual one.
RESULTS_VARIABLE = "TFMXBENCH_RESULTS"
