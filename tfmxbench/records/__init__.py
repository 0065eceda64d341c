"""Plain values that both programs use, and the file format. Imports nothing else from the package."""
