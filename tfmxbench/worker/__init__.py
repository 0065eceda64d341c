"""The program that runs inside a framework's environment: NumPy and the standard library only."""
