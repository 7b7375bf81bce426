"""What a model answers for some rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Output:
    #: Numbers for a regression; codes of classes else. Of several labels a column of 0 and 1 for each.
    values: np.ndarray
    #: One column for each class, in the order of the codes, or for each label; None for a regression.
    probabilities: np.ndarray | None = None

    @classmethod
    def of_probabilities(cls, probabilities: np.ndarray) -> Output:
        return cls(values=probabilities.argmax(axis=1), probabilities=probabilities)

    def take(self, rows: np.ndarray) -> Output:
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Output(self.values[rows], probabilities)
