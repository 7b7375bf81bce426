"""Stands beside the trainer on every machine: numbers and keeps what it says, watches it, and ends it.

Standard library only, because it must run before any environment is ready. See docs/trainer-contract.md.
"""

__version__ = "1.0.0"
