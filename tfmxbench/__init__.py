"""The same network, trained the same way, in TensorFlow and in Apache MXNet."""

__version__ = "0.1.0"
