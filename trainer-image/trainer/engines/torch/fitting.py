"""Learns epoch by epoch, tells of each, keeps the best on disk, and goes on where an earlier attempt was lost."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.engines.torch import portable
from trainer.engines.torch.keeping import Kept, Progress, read_tensors, write_tensors
from trainer.engines.torch.learning import Learner, batch_size, make_repeatable, threads_here
from trainer.engines.torch.planning import make_plan
from trainer.engines.torch.presets import chosen
from trainer.failures import Interrupted, TrainerFailure
from trainer.files import write_text
from trainer.fitting import Extra, NothingFitted, Order
from trainer.output import Output
from trainer.split import folds, given_folds, holdout

_VALIDATION_SHARE = 0.2
_TITLES = {"table": "Network", "text": "Text network", "image": "Convolutional network"}
#: Epochs of a blink are not each worth a checkpoint of their own.
_SHORTEST_BETWEEN_CHECKPOINTS = 1.0


class TorchEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._settings = chosen(order.settings)
        self._settings["absolute"] = order.spec.task.metric.name == "mae"
        self._kept = Kept(order.scratch / "torch")
        self._resumes = False
        self._progress = Progress(threads=threads_here())
        self._checkpoint_at = 0.0
        self.plan_: dict[str, Any] = {}
        self.best_ = ""
        self.interval_: float | None = None
        self.validation_: dict[str, float] = {}
        self.rows_: dict[str, int] = {}

    def take_up(self) -> TorchEngine:
        """Goes on from what an earlier attempt, or a fit that broke off, has kept."""
        self._resumes = self._kept.is_there
        return self

    def fit(self) -> TorchEngine:
        train, judged = self._divided()
        self.rows_ = {"train": len(train), "validation": len(judged)}
        state: dict[str, Any] | None = None
        if self._resumes:
            self._progress, state = self._kept.read_state()
            self.plan_ = self._kept.read_plan()
        if self._order.clock.left() > 0:
            self._learn(train, judged, state)
        return self._conclude()

    def _divided(self) -> tuple[np.ndarray, np.ndarray]:
        """A network is fitted once: with folds the first one judges it."""
        order = self._order
        is_classes = order.labels.classes is not None
        if order.folds is not None:
            given = given_folds(order.values, order.folds, is_classes, order.ordered)
            # In the order of time the latest part judges what was learned from all before it.
            return given[-1] if order.ordered else given[0]
        if order.spec.split.folds > 1:
            order.warn("A network is fitted once: it was judged on the first of the folds.")
            return next(iter(folds(order.values, order.spec.split.folds, order.seed, is_classes)))
        return holdout(order.values, _VALIDATION_SHARE, order.seed + 1, is_classes)

    def _learn(self, train: np.ndarray, judged: np.ndarray, state: dict[str, Any] | None) -> None:
        order = self._order
        make_repeatable(self._progress.threads)
        try:
            learner = self._make_learner(train)
            judge_arrays = portable.encode(order.frame.iloc[judged], self.plan_)
        except portable.BadInput as problem:
            raise TrainerFailure("BadData", str(problem)) from problem
        judge = (judge_arrays, order.values[judged])
        if state is not None:
            learner.restore(state)
        elif order.earlier is not None:
            self._start_from(order.earlier / "model", learner, judge)
        began, done_before = time.time(), self._progress.epoch
        self._checkpoint_at = time.monotonic()
        try:
            with order.interruption.allowed():
                while not self._is_done():
                    self._tell(done_before, began)
                    self._epoch(learner, judge)
        except Interrupted:
            order.cut_short = not self._is_done()
            if not self._progress.best_epoch and not self._progress.best_name and self._progress.step:
                # Better than nothing: what was learned in a part of the first epoch.
                self._settle(learner, judge, None, 0.0)

    def _make_learner(self, train: np.ndarray) -> Learner:
        order = self._order
        if not self.plan_ and order.earlier is not None:
            self.plan_ = json.loads((order.earlier / "model" / "plan.json").read_text("utf-8"))
        if not self.plan_:
            planned = make_plan(order, train, self._settings)
            self.plan_ = planned.plan
            if planned.left_out:
                order.warn(f"Left out, because they say the same in every row: {', '.join(planned.left_out)}.")
        self._kept.write_plan(self.plan_)
        arrays = portable.encode(order.frame.iloc[train], self.plan_)
        weights = None if order.weights is None else order.weights[train]
        learner = Learner(self.plan_, self._settings, arrays, order.values[train], self._seed, weights)
        count = sum(parameter.numel() for parameter in learner.network.parameters())
        print(f"A network of {count} weights, {learner.steps} steps an epoch, on {learner.device.type}", flush=True)
        return learner

    @property
    def _seed(self) -> int:
        return self._order.seed + int(self._settings["seed"])

    def _start_from(self, folder: Path, learner: Learner, judge: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
        """More epochs for a finished model, with the weights that it has and a fresh optimizer."""
        told = json.loads((folder / "kept.json").read_text("utf-8"))
        progress = self._progress
        progress.epoch = progress.earlier_epochs = told["epochs"]
        learner.network.load_state_dict(read_tensors(folder / "weights.pt"))
        self._settle(learner, judge, None, 0.0, name=told["best"])

    def _is_done(self) -> bool:
        progress, settings = self._progress, self._settings
        if progress.epoch - progress.earlier_epochs >= int(settings["epochs"]):
            return True
        patience = int(settings["patience"])
        return bool(patience and progress.since_best and progress.since_best[-1] >= patience)

    def _tell(self, done_before: int, began: float) -> None:
        order, progress = self._order, self._progress
        last = progress.earlier_epochs + int(self._settings["epochs"])
        left = order.clock.estimate(progress.epoch - done_before, last - done_before, began)
        fraction = (progress.epoch - progress.earlier_epochs) / int(self._settings["epochs"])
        order.events.progress(f"Epoch {progress.epoch + 1} of {last}", max(fraction, order.clock.fraction()), left)

    def _epoch(self, learner: Learner, judge: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
        progress = self._progress
        began, before = time.perf_counter(), progress.seconds
        every = float(self._settings["checkpoint_minutes"]) * 60

        def after_step() -> None:
            if time.monotonic() - self._checkpoint_at >= every and progress.step < learner.steps:
                with self._order.interruption.held_back():
                    progress.seconds = before + time.perf_counter() - began
                    self._keep(learner, f"epoch {progress.epoch + 1}, step {progress.step} of {learner.steps}")

        learner.run_epoch(progress, after_step)
        with self._order.interruption.held_back():
            loss, right = learner.epoch_means(progress.epoch + 1)
            progress.epoch, progress.step = progress.epoch + 1, 0
            seconds = time.perf_counter() - began
            progress.seconds = before + seconds
            self._settle(learner, judge, (loss, right), seconds)
            is_due = time.monotonic() - self._checkpoint_at >= _SHORTEST_BETWEEN_CHECKPOINTS
            if is_due or progress.epoch == 1 or self._is_done():
                self._keep(learner, f"epoch {progress.epoch}")
            elif progress.best_epoch == progress.epoch:
                self._kept.write_state(progress, learner.state())

    def _settle(
        self,
        learner: Learner,
        judge: tuple[dict[str, np.ndarray], np.ndarray],
        trained: tuple[float, float] | None,
        seconds: float,
        name: str | None = None,
    ) -> None:
        """Judges the network as it is now, tells of it, and keeps it when it is the best so far."""
        order, progress, metric = self._order, self._progress, self._order.spec.task.metric
        arrays, values = judge
        began = time.perf_counter()
        raw, loss = learner.judge(arrays, values)
        per_1000 = (time.perf_counter() - began) / len(values) * 1e6
        output = Output(*portable.answers(raw, self.plan_))
        scorer = order.scorer(values)
        scores = scorer.scores(output)
        if trained is not None:
            self._tell_curves(trained, loss, scores, seconds)
        if not progress.best_name or metric.better(scores[metric.name], progress.validation[metric.name]):
            progress.best_epoch = progress.epoch
            progress.best_name = name or f"{_TITLES[self.plan_['data']]}, epoch {max(1, progress.epoch)}"
            progress.validation, progress.interval = scores, scorer.interval(output)
            progress.since_best.append(0)
            self._kept.write_best(progress.epoch, learner.weights())
            if trained is None:
                self._kept.write_state(progress, learner.state())
            order.board.add(
                progress.best_name,
                scores[metric.name],
                progress.interval,
                fit_seconds=round(progress.seconds, 3),
                predict_ms_per_1000=round(per_1000, 3),
            )
        else:
            progress.since_best.append(progress.since_best[-1] + 1)

    def _tell_curves(self, trained: tuple[float, float], loss: float, scores: dict[str, float], seconds: float) -> None:
        order, metric, epoch = self._order, self._order.spec.task.metric, self._progress.epoch
        point: dict[str, Any] = {"epoch": epoch, "train_loss": trained[0], "validation_loss": loss}
        if order.spec.task.is_classes:
            point |= {"train_accuracy": trained[1], "validation_accuracy": scores["accuracy"]}
        elif order.spec.task.kind == "multilabel":
            # A row is right where all of its labels are.
            point |= {"train_accuracy": trained[1], "validation_accuracy": scores["subset_accuracy"]}
        point[f"validation_{metric.name}"] = scores[metric.name]
        for name, value in point.items():
            if name != "epoch":
                higher = metric.higher_is_better if name == f"validation_{metric.name}" else name.endswith("accuracy")
                order.events.metric(name, epoch, value, None, higher)
        order.events.metric("epoch_seconds", epoch, round(seconds, 4), "s", False)
        self._progress.curves.append({**point, "seconds": round(seconds, 4)})
        said = ", ".join(f"{name} {value:.4g}" for name, value in point.items() if name != "epoch")
        print(f"Epoch {epoch}: {said}, {seconds:.2f} s", flush=True)

    def _keep(self, learner: Learner, label: str) -> None:
        self._kept.write_state(self._progress, learner.state())
        self._order.checkpoints.publish(label, ["torch"])
        self._checkpoint_at = time.monotonic()

    def _conclude(self) -> TorchEngine:
        """Takes the best from disk, which is what an attempt that broke off has left, too."""
        if not self._kept.is_there:
            raise NothingFitted
        if not self._progress.best_name:
            self._progress, _ = self._kept.read_state()
        progress = self._progress
        if not progress.best_name:
            raise NothingFitted
        self.best_, self.validation_, self.interval_ = progress.best_name, progress.validation, progress.interval
        self.curves_ = progress.curves
        self._weights = self._kept.read_best(progress.best_epoch)
        self._network = portable.Network(self.plan_)
        self._network.load_state_dict(self._weights)
        self._network.to(portable.device())
        return self

    def predict(self, frame: pd.DataFrame) -> Output:
        try:
            arrays = portable.encode(frame, self.plan_)
        except portable.BadInput as problem:
            raise TrainerFailure("BadData", str(problem)) from problem
        return Output(*portable.answers(portable.outputs(self._network, arrays, len(frame)), self.plan_))

    def save(self, folder: Path) -> None:
        write_tensors(folder / "weights.pt", self._weights)
        write_text(folder / "plan.json", json.dumps(self.plan_, ensure_ascii=False, indent=1))
        kept = {"best": self.best_, "epochs": self._progress.epoch, "curves": self.curves_}
        write_text(folder / "kept.json", json.dumps(kept))

    def extras(self, folder: Path) -> list[Extra]:
        write_tensors(folder / "weights.pt", self._weights)
        note = (
            "The weights of the best epoch by the names of their layers, as torch.load(…, weights_only=True) reads them. "
            "The network that they belong to is built by engine.py in the archive, from plan.json."
        )
        return [Extra("weights.pt", "The weights for PyTorch", note)]

    def facts(self) -> dict[str, Any]:
        settings, progress = self._settings, self._progress
        # Their times are told as they pass; here they would be drawn as if they were scores.
        epochs = [{name: value for name, value in point.items() if name != "seconds"} for point in self.curves_]
        return {
            "epochs": epochs,
            "network": f"{sum(tensor.numel() for tensor in self._weights.values())} weights",
            "optimizer": f"{settings['optimizer']}, learning rate {float(settings['learning_rate']):g}",
            "epochs gone through": f"{progress.epoch}, the best was {max(1, progress.best_epoch)}",
            "batch": f"{batch_size(settings, self.rows_['train'])} rows",
            "trained on": portable.device().type,
        }
