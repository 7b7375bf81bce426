"""What a fit of each algorithm takes. Measured on made tables with one core, and rounded; standard library only."""

from __future__ import annotations

from itertools import pairwise
from math import log2
from typing import Any

from trainer.contract import SettingValue, TrainSpec
from trainer.engines.sklearn.hyperparameters import hidden_layers
from trainer.size import Size, TrainingTime

_START = 2.0
#: As in validation.py.
_MOST_ROWS_FOR_FOLDS, _FOLDS = 20_000, 5
_HANDFUL = ("linear", "nearest_neighbours", "random_forest", "extra_trees", "hist_gradient_boosting")
#: Preparing the columns, each time.
_SECONDS_PER_FIT, _PER_CELL = 0.02, 1e-7
_PER_SPLIT = {"tree": 1.1e-7, "random_forest": 9e-8, "extra_trees": 2.7e-8}
_PER_TREE = 0.0004
_PER_ROUND, _PER_CELL_AND_ROUND = 0.003, 1.5e-8
#: It mostly stops by itself after so many, where it has rows enough to see when.
_ROUNDS_WHEN_STOPPED, _EPOCHS_WHEN_STOPPED, _EPOCHS = 60, 40, 250
_ROWS_TO_STOP = 500
_PER_PAIR, _PER_PAIR_WITH_SHARES = 1.2e-9, 5.5e-9
_PER_DISTANCE = 1e-9
_PER_WEIGHT_AND_EPOCH = 1e-9


def training_time(spec: TrainSpec, settings: dict[str, SettingValue], size: Size) -> TrainingTime | None:
    if settings["hyperparameters"]:
        return None  # they may change everything
    chosen = str(settings["algorithm"])
    names = _HANDFUL if chosen == "auto" else (chosen,)
    asked = spec.split.folds
    by_folds = asked > 1 or (asked == 0 and size.rows <= _MOST_ROWS_FOR_FOLDS)
    folds = asked or _FOLDS
    each = [_of_fit(name, settings, size, size.rows) for name in names]
    part = (folds - 1) / folds if by_folds else 0.8
    if by_folds:
        taken = [
            once + folds * _of_fit(name, settings, size, int(size.rows * part))
            for name, once in zip(names, each, strict=True)
        ]
    else:
        taken = [_of_fit(name, settings, size, int(size.rows * part)) for name in names]
    # After one split the winner learns from all rows once more.
    again = 0.0 if by_folds else max(each)
    return TrainingTime(start=_START, first=_START + taken[0], fits=_START + sum(taken) + again)


def _of_fit(name: str, settings: dict[str, SettingValue], size: Size, rows: int) -> float:
    """Fitting once, and saying something of a part of the rows."""
    number = {key: float(value) for key, value in settings.items() if isinstance(value, (int, float))}
    cells, classes = rows * size.cells, max(1, size.classes - 1 if size.classes <= 2 else size.classes)
    base = _SECONDS_PER_FIT + cells * _PER_CELL
    return base + _of_algorithm(name, settings, number, size, rows, cells, classes)


def _of_algorithm(
    name: str, settings: dict[str, SettingValue], number: dict[str, Any], size: Size, rows: int, cells: float, classes: int
) -> float:  # fmt: skip
    stops = rows >= _ROWS_TO_STOP
    depth = log2(max(2, rows))
    if number["max_depth"]:
        depth = min(depth, number["max_depth"])
    if name in _PER_SPLIT:
        if name == "tree":
            return rows * depth * size.cells * _PER_SPLIT[name]
        tried = size.cells**0.5 if size.classes else size.cells
        chosen = str(settings["columns_per_split"])
        tried = {"sqrt": size.cells**0.5, "third": size.cells / 3, "all": size.cells}.get(chosen, tried)
        tree = _PER_TREE + rows * depth * max(1.0, tried) * _PER_SPLIT[name]
        return number["trees"] * tree / size.cpus
    if name == "hist_gradient_boosting":
        rounds = min(number["trees"], _ROUNDS_WHEN_STOPPED) if stops else number["trees"]
        return rounds * classes * (_PER_ROUND + cells * _PER_CELL_AND_ROUND)
    if name == "svm":
        return rows * rows * size.cells * (_PER_PAIR_WITH_SHARES if size.classes else _PER_PAIR)
    if name == "nearest_neighbours":
        return rows * rows / 5 * size.cells * _PER_DISTANCE
    if name == "mlp":
        widths = [size.cells, *hidden_layers(settings), classes]
        weights = sum(before * after for before, after in pairwise(widths))
        epochs = _EPOCHS_WHEN_STOPPED if stops else _EPOCHS
        return rows * weights * epochs * _PER_WEIGHT_AND_EPOCH
    # Held back by what a column says at all, the solver of classes walks long.
    walks = name in ("lasso", "elastic_net") and size.classes
    return 0.003 + cells * classes * (1e-6 if walks else 1e-7)
