"""The contents of the pages, one module for each topic."""
