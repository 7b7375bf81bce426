"""Learns by one part or by folds, and hands in the network that came of it."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.engines.torch import portable
from trainer.engines.torch.by_folds import ByFolds, Result
from trainer.engines.torch.epochs import Earlier, Epochs
from trainer.engines.torch.keeping import Kept, read_tensors, write_tensors
from trainer.engines.torch.kinds import kind_of_data
from trainer.engines.torch.learning import batch_size
from trainer.engines.torch.presets import chosen
from trainer.failures import Interrupted, TrainerFailure
from trainer.files import write_text
from trainer.fitting import Extra, NothingFitted, Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.split import folds, given_folds, holdout
from trainer.validated import how_validated

_VALIDATION_SHARE = 0.2


class TorchEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._settings = chosen(order.settings)
        self._settings["absolute"] = order.spec.task.metric.name == "mae"
        self._kept = Kept(order.scratch / "torch")
        self._resumes = False
        self.fitted_again_ = False
        self.plan_: dict[str, Any] = {}
        self.best_ = ""
        self.interval_: Interval | None = None
        self.validation_: dict[str, float] = {}
        self.rows_: dict[str, int] = {}

    def take_up(self) -> TorchEngine:
        """Goes on from what an earlier attempt, or a fit that broke off, has kept."""
        self._resumes = True
        return self

    def fit(self) -> TorchEngine:
        result = self._by_folds() if self._wants_folds() else self._by_one_part()
        self.best_, self.validation_, self.interval_ = result.best, result.validation, result.interval
        self.rows_, self.plan_, self.curves_ = result.rows, result.plan, result.curves
        self.fitted_again_ = bool(result.folds) and result.is_whole
        self._result, self._weights = result, result.weights
        self.validated_ = how_validated(
            self._order,
            parts=len(result.folds) if self.fitted_again_ else 1,
            rows=result.rows["validation"],
            score="mean",
            learned="all" if self.fitted_again_ else "without",
        )
        self._network = portable.Network(self.plan_)
        self._network.load_state_dict(self._weights)
        self._network.to(portable.device())
        return self

    def _wants_folds(self) -> bool:
        """Images and texts are refused them before (kinds.py)."""
        return self._order.spec.split.folds > 1 and kind_of_data(self._order.spec, self._settings) == "table"

    def _by_folds(self) -> Result:
        order = self._order
        is_classes = order.labels.classes is not None
        if order.folds is not None:
            parts = given_folds(order.values, order.folds, is_classes, order.ordered)
        else:
            parts = list(folds(order.values, order.spec.split.folds, order.seed, is_classes))
        if not self._resumes:
            shutil.rmtree(self._kept.folder, ignore_errors=True)  # what lies there is of another training
        return ByFolds(order, self._settings, parts, self._kept.folder).fit()

    def _by_one_part(self) -> Result:
        order = self._order
        train, judged = self._divided()
        network = Epochs(order, self._settings, self._kept)
        if self._resumes:
            network.take_up()
        with contextlib.suppress(Interrupted):
            if order.clock.left() > 0:
                network.learn(train, judged, self._earlier())
        # The best is on disk, which is what an attempt that broke off has left, too.
        if not self._kept.is_there:
            raise NothingFitted
        progress = network.progress if network.progress.best_name else self._kept.read_state()[0]
        if not progress.best_name:
            raise NothingFitted
        return Result(
            best=progress.best_name,
            plan=self._kept.read_plan(),
            weights=self._kept.read_best(progress.best_epoch),
            rows={"train": len(train), "validation": len(judged)},
            validation=progress.validation,
            interval=progress.interval,
            curves=progress.curves,
            epochs=progress.epoch,
            best_epoch=max(1, progress.best_epoch),
        )

    def _divided(self) -> tuple[np.ndarray, np.ndarray]:
        order = self._order
        is_classes = order.labels.classes is not None
        if order.folds is not None:
            given = given_folds(order.values, order.folds, is_classes, order.ordered)
            # In the order of time the latest part judges what was learned from all before it.
            return given[-1] if order.ordered else given[0]
        return holdout(order.values, _VALIDATION_SHARE, order.seed + 1, is_classes)

    def _earlier(self) -> Earlier | None:
        if self._order.earlier is None:
            return None
        folder = self._order.earlier / "model"
        told = json.loads((folder / "kept.json").read_text("utf-8"))
        plan = json.loads((folder / "plan.json").read_text("utf-8"))
        return Earlier(plan, read_tensors(folder / "weights.pt"), told["best"], told["epochs"])

    def predict(self, frame: pd.DataFrame) -> Output:
        try:
            arrays = portable.encode(frame, self.plan_)
        except portable.BadInput as problem:
            raise TrainerFailure("BadData", str(problem)) from problem
        return Output(*portable.answers(portable.outputs(self._network, arrays, len(frame)), self.plan_))

    def save(self, folder: Path) -> None:
        write_tensors(folder / "weights.pt", self._weights)
        write_text(folder / "plan.json", json.dumps(self.plan_, ensure_ascii=False, indent=1))
        kept = {"best": self.best_, "epochs": self._result.epochs, "curves": self.curves_}
        write_text(folder / "kept.json", json.dumps(kept))

    def extras(self, folder: Path) -> list[Extra]:
        write_tensors(folder / "weights.pt", self._weights)
        note = (
            "The weights of the best epoch by the names of their layers, as torch.load(…, weights_only=True) reads them. "
            "The network that they belong to is built by engine.py in the archive, from plan.json."
        )
        return [Extra("weights.pt", "The weights for PyTorch", note)]

    def facts(self) -> dict[str, Any]:
        settings, result = self._settings, self._result
        # Their times are told as they pass; here they would be drawn as if they were scores.
        epochs = [{name: value for name, value in point.items() if name != "seconds"} for point in self.curves_]
        return {
            "epochs": epochs,
            **self._of_folds(),
            "network": f"{sum(tensor.numel() for tensor in self._weights.values())} weights",
            "optimizer": f"{settings['optimizer']}, learning rate {float(settings['learning_rate']):g}",
            "epochs gone through": f"{result.epochs}, the best was {result.best_epoch}",
            "batch": f"{batch_size(settings, self.rows_['train'])} rows",
            "trained on": portable.device().type,
        }

    def _of_folds(self) -> dict[str, Any]:
        name = self._order.spec.task.metric.name
        scores = [fold.scores[name] for fold in self._result.folds]
        if len(scores) < 2:
            return {}
        best = ", ".join(str(fold.best_epoch) for fold in self._result.folds)
        return {
            "score of each fold": ", ".join(f"{score:.4g}" for score in scores),
            "spread over the folds": f"{np.std(scores, ddof=1):.2g}",
            "best epoch of each fold": best,
        }
