"""A network for each fold, judged by the rows that it has not seen; then one that learns from all rows, for as many epochs
as were best in the middle of the folds. What is handed in is that one, and its score the mean over the folds.

A fold that is done leaves its answers and one small file; only the network under way is kept whole, and that of the first
fold, which is handed in when the time is over before all are through.
"""

# Types are checked where torch is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.engines.torch import portable
from trainer.engines.torch.epochs import TITLES, Epochs, Part
from trainer.engines.torch.keeping import Kept, read_tensors, write_tensors
from trainer.failures import Interrupted
from trainer.files import write_text
from trainer.fitting import NothingFitted, Order
from trainer.interval import Interval
from trainer.output import Output

Rows = tuple[np.ndarray, np.ndarray]


@dataclass
class Fold:
    """What is known of a fold that is done; plain numbers only."""

    name: str
    epochs: int
    best_epoch: int
    seconds: float
    scores: dict[str, float]
    interval: Interval | None
    since_best: list[int]
    curves: list[dict[str, Any]]
    per_1000: float


@dataclass
class Result:
    best: str
    plan: dict[str, Any]
    weights: dict[str, Any]
    rows: dict[str, int]
    validation: dict[str, float]
    interval: Interval | None
    #: One point for each epoch: the means over the folds.
    curves: list[dict[str, Any]]
    epochs: int
    best_epoch: int
    folds: list[Fold] = field(default_factory=list)
    #: Whether it learned from all rows.
    is_whole: bool = True


class ByFolds:
    def __init__(self, order: Order, settings: dict[str, Any], parts: list[Rows], folder: Path) -> None:
        self._order, self._settings, self._folder = order, settings, folder
        #: In the order of time the latest fold learns from most rows, so it comes first.
        self._parts = parts[::-1] if order.ordered else parts
        self._done = self._read_done()

    def fit(self) -> Result:
        try:
            for number in range(len(self._done), len(self._parts)):
                self._fit_fold(number)
            return self._fit_all()
        except Interrupted:
            self._order.cut_short = True
            return self._first()

    def _fit_fold(self, number: int) -> None:
        order, count = self._order, len(self._parts)
        train, judged = self._parts[number]
        kept = Kept(self._place(number))
        before = sum(fold.epochs for fold in self._done)
        # As much time for each network that is still to come, the last one included.
        part = Part(f"fold {number + 1} of {count}, ", number, count + 1, before, share=1 / (count + 1 - number))
        network = Epochs(order, self._settings, kept, part).take_up()
        if not network.is_done():
            network.learn(train, judged)
        if order.clock.left() <= 0:
            raise Interrupted
        with_best = portable.Network(network.plan)
        with_best.load_state_dict(kept.read_best(network.progress.best_epoch))
        with_best.to(portable.device())
        arrays = portable.encode(order.frame.iloc[judged], network.plan)
        output = Output(*portable.answers(portable.outputs(with_best, arrays, len(judged)), network.plan))
        progress = network.progress
        fold = Fold(
            progress.best_name, progress.epoch, progress.best_epoch, progress.seconds, progress.validation,
            progress.interval, progress.since_best, progress.curves, network.per_1000_,
        )  # fmt: skip
        with order.interruption.held_back():
            _write_answers(self._folder / f"answers-{number + 1}.pt", output)
            self._done.append(fold)
            write_text(self._folder / "folds.json", json.dumps([asdict(each) for each in self._done]))
            if number:
                shutil.rmtree(self._place(number))
            order.checkpoints.publish(f"fold {number + 1} of {count}", ["torch"])

    def _fit_all(self) -> Result:
        order, count = self._order, len(self._parts)
        middle = self._middle()
        before = sum(fold.epochs for fold in self._done)
        part = Part(
            "on all rows, ", count, count + 1, before, exactly=max(1, middle.best_epoch),
            since_best=tuple(middle.since_best),
        )  # fmt: skip
        kept = Kept(self._folder / "all")
        network = Epochs(order, self._settings, kept, part).take_up()
        try:
            if not network.is_done():
                network.learn(np.arange(len(order.frame)), None)
        except Interrupted:
            if not network.is_done():
                raise
        _, state = kept.read_state()
        return self._whole(network, state["network"])

    def _whole(self, network: Epochs, weights: dict[str, Any]) -> Result:
        order, metric = self._order, self._order.spec.task.metric
        folds, progress = self._done, network.progress
        means = {name: _mean([fold.scores.get(name) for fold in folds]) for name in folds[0].scores}
        judged = [rows for _, rows in self._parts]
        outputs = [_read_answers(self._folder / f"answers-{number + 1}.pt") for number in range(len(folds))]
        together = Output(
            np.concatenate([output.values for output in outputs]),
            _joined([output.probabilities for output in outputs]),
        )
        interval = order.scorer(order.values[np.concatenate(judged)]).interval(together, means[metric.name])
        name = f"{TITLES[network.plan['data']]}, {len(folds)} folds, {progress.epoch} epochs"
        order.board.add(
            name,
            means[metric.name],
            interval,
            fit_seconds=round(progress.seconds + sum(fold.seconds for fold in folds), 3),
            predict_ms_per_1000=round(float(np.mean([fold.per_1000 for fold in folds])), 3),
        )
        rows = {"train": len(order.frame), "validation": sum(map(len, judged))}
        curves = _mean_curves([fold.curves for fold in folds])
        epochs = sum(fold.epochs for fold in folds) + progress.epoch
        return Result(name, network.plan, weights, rows, means, interval, curves, epochs, progress.epoch, folds)

    def _first(self) -> Result:
        """The time was over before all were through: one network and what the rows of its fold say of it."""
        order, kept = self._order, Kept(self._place(0))
        if not kept.is_there:
            raise NothingFitted
        progress, _ = kept.read_state()
        if not progress.best_name:
            raise NothingFitted
        train, judged = self._parts[0]
        order.board.add(
            progress.best_name,
            progress.validation[order.spec.task.metric.name],
            progress.interval,
            fit_seconds=round(progress.seconds, 3),
        )
        order.warn(
            f"The time was over when {len(self._done)} of {len(self._parts)} folds were through, and no network had learned "
            f"from all rows: this is the network of one fold, from {len(train)} of the {len(order.frame)} rows."
        )
        return Result(
            progress.best_name, kept.read_plan(), kept.read_best(progress.best_epoch),
            {"train": len(train), "validation": len(judged)}, progress.validation, progress.interval, progress.curves,
            progress.epoch, max(1, progress.best_epoch), self._done, is_whole=False,
        )  # fmt: skip

    def _middle(self) -> Fold:
        """The fold whose best epoch is the median; of two, the earlier: more epochs could be too many."""
        by_epoch = sorted(self._done, key=lambda fold: fold.best_epoch)
        return by_epoch[(len(by_epoch) - 1) // 2]

    def _place(self, number: int) -> Path:
        return self._folder / f"fold-{number + 1}"

    def _read_done(self) -> list[Fold]:
        try:
            told = json.loads((self._folder / "folds.json").read_text("utf-8"))
        except FileNotFoundError:
            return []
        return [Fold(**each) for each in told]


def _mean(scores: list[float | None]) -> float:
    """Of a fold that has one class only there is no ROC AUC."""
    known = [score for score in scores if score is not None and np.isfinite(score)]
    return float(np.mean(known)) if known else float("nan")


def _joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _mean_curves(curves: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """As far as every fold went: a mean over fewer would leap where one of them ended."""
    return [
        {**{name: float(np.mean([point[name] for point in points])) for name in points[0]}, "epoch": points[0]["epoch"]}
        for points in zip(*curves, strict=False)
    ]


def _write_answers(path: Path, output: Output) -> None:
    """As tensors, so that reading them runs nothing."""
    probabilities = None if output.probabilities is None else torch.from_numpy(output.probabilities)
    write_tensors(path, {"values": torch.from_numpy(output.values), "probabilities": probabilities})


def _read_answers(path: Path) -> Output:
    told = read_tensors(path)
    return Output(told["values"].numpy(), None if told["probabilities"] is None else told["probabilities"].numpy())
