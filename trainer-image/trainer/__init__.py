"""Trains and predicts; knows nothing of clouds. See docs/trainer-contract.md."""

__version__ = "1.0.0"
