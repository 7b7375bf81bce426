"""How much there is to learn from, and how long that takes; shared by engines and by whoever asks them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    #: To learn from: without the held-out ones.
    rows: int
    #: Numbers in a row as an engine sees it, categories and texts widened.
    cells: float
    #: Of one image, where there are any.
    pixels: float
    #: 0 for a number; of several labels, how many.
    classes: int
    cpus: int
    gpus: int


@dataclass(frozen=True)
class TrainingTime:
    """In seconds."""

    #: Until the engine is loaded and the data is read.
    start: float
    #: Until the first model is ready.
    first: float
    #: Until all is fitted.
    fits: float
