"""Stands for the trainer in tests of the runner: does what the spec's `act` says."""
