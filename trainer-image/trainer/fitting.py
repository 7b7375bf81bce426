"""What an engine is given to fit with, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from trainer.board import Board
from trainer.checkpoints import Checkpoints
from trainer.clock import Clock
from trainer.contract import SettingValue, TrainSpec
from trainer.events import Events
from trainer.interruption import Interruption
from trainer.interval import Interval
from trainer.labels import Labels
from trainer.output import Output
from trainer.preparation import Preparation
from trainer.report.data_sum import DataSum
from trainer.scoring import Scorer

__all__ = ["Extra", "Fitted", "NothingFitted", "Order", "Output"]


class NothingFitted(Exception):
    """Time or patience ended before a first model was ready."""


@dataclass
class Order:
    """One training: all that an engine may know. The held-out rows are not in here."""

    spec: TrainSpec
    settings: dict[str, SettingValue]
    frame: pd.DataFrame
    labels: Labels
    #: `labels.values` of the rows in `frame`.
    values: np.ndarray
    clock: Clock
    events: Events
    board: Board
    #: Survives the process that fits: what is finished is kept here.
    scratch: Path
    interruption: Interruption
    #: What is finished is published here to outlive the machine, too.
    checkpoints: Checkpoints
    #: Counted while the fit goes on; the report waits for it.
    data_sum: DataSum
    #: An earlier model to start from, unpacked.
    earlier: Path | None = None
    #: The fold of each row in `frame`, where a recipe was fitted by folds; an engine that makes its own would judge a
    #: row by what was learned from its label.
    folds: np.ndarray | None = None
    #: Folds follow each other in time: each is judged by what was learned from those before it.
    ordered: bool = False
    #: How much each row in `frame` counts, where that was asked for; on average 1.
    weights: np.ndarray | None = None
    preparation: Preparation | None = None
    warnings: list[str] = field(default_factory=list)
    #: Set by the engine when it would have gone on with more time.
    cut_short: bool = False

    @property
    def seed(self) -> int:
        return self.spec.split.seed

    def scorer(self, truth: np.ndarray) -> Scorer:
        return Scorer(self.spec.task, truth, self.labels.positive, self.seed)

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


@dataclass(frozen=True)
class Extra:
    """A file that is handed out beside the archive, for other tools."""

    name: str
    title: str
    #: What whoever takes it has to know.
    note: str


class Fitted(Protocol):
    """What `fit` returns: learned attributes end in _, as in scikit-learn."""

    #: The name of the winner, chosen on validation.
    best_: str
    #: Every metric of the winner on the validation rows.
    validation_: dict[str, float]
    interval_: Interval | None
    rows_: dict[str, int]

    def predict(self, frame: pd.DataFrame) -> Output: ...

    def save(self, folder: Path) -> None:
        """Writes the native model into `folder`."""
        ...

    def facts(self) -> dict[str, Any]:
        """What the report may say beyond the common part."""
        ...

    # An engine may also have `learning() -> dict | str | None`: the curve of the winner (docs/trainer-contract.md), or a
    # sentence that says why there is none.
