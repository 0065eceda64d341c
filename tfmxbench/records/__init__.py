"""Plain values that both programs know, and the file format. Imports nothing else of the package."""
