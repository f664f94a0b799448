"""The version of offramp, on a floor of its own so that no module needs the package's roof for it."""

__version__ = "0.1.0"
