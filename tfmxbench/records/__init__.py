"""Plain values that the worker and the parent process share, and the file format.

These modules import nothing else from the package.
"""
