"""One network, epoch by epoch: each is judged and told, the best is kept on disk, and it goes on where it was lost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.engines.torch import portable
from trainer.engines.torch.keeping import Kept, Progress
from trainer.engines.torch.learning import Learner, make_repeatable, threads_here
from trainer.engines.torch.planning import make_plan
from trainer.failures import Interrupted, TrainerFailure
from trainer.few import few
from trainer.fitting import Order
from trainer.output import Output

TITLES = {"table": "Network", "text": "Text network", "image": "Convolutional network"}
#: Epochs of a blink are not each worth a checkpoint of their own.
_SHORTEST_BETWEEN_CHECKPOINTS = 1.0
Judge = tuple[dict[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Part:
    """Which of several networks this is; the one of a fit without folds is the whole of it."""

    words: str = ""
    #: How many networks are done, of how many.
    done: int = 0
    of: int = 1
    #: Gone through by those before it, so that what is told of each epoch has a number of its own.
    epochs_before: int = 0
    #: Of the time that is left when it begins: the others want some, too.
    share: float = 1.0
    #: So many epochs and no fewer: of a network that no rows are left to judge.
    exactly: int | None = None
    #: What such a network takes for how long ago its best epoch was, for the schedule that goes by it.
    since_best: tuple[int, ...] = ()


class _ShareUsed(Exception):
    pass


class Epochs:
    def __init__(self, order: Order, settings: dict[str, Any], kept: Kept, part: Part | None = None) -> None:
        self._order, self._settings, self._kept = order, settings, kept
        self._part = part or Part()
        self._checkpoint_at, self._began = 0.0, time.time()
        self.progress = Progress(threads=threads_here())
        self.plan: dict[str, Any] = {}
        self._state: dict[str, Any] | None = None
        #: Of its best epoch, where that was told in this process.
        self.per_1000_ = 0.0

    def take_up(self) -> Epochs:
        if self._kept.is_there:
            self.progress, self._state = self._kept.read_state()
            self.plan = self._kept.read_plan()
        return self

    def learn(self, train: np.ndarray, judged: np.ndarray | None, earlier: Earlier | None = None) -> None:
        order, progress = self._order, self.progress
        make_repeatable(progress.threads)
        try:
            learner = self._make_learner(train, earlier)
            judge = None
            if judged is not None:
                judge = (portable.encode(order.frame.iloc[judged], self.plan), order.values[judged])
        except portable.BadInput as problem:
            raise TrainerFailure("BadData", str(problem)) from problem
        if self._state is not None:
            learner.restore(self._state)
        elif earlier is not None and judge is not None:
            # More epochs for a finished model, with the weights that it has and a fresh optimizer.
            progress.epoch = progress.earlier_epochs = earlier.epochs
            learner.network.load_state_dict(earlier.weights)
            self._settle(learner, judge, None, 0.0, name=earlier.best)
        self._began, done_before = time.time(), progress.epoch
        self._checkpoint_at = time.monotonic()
        try:
            with order.interruption.allowed():
                while not self.is_done():
                    self._tell(done_before)
                    self._epoch(learner, judge)
        except _ShareUsed:
            return
        except Interrupted:
            order.cut_short = not self.is_done()
            if judge is not None and not progress.best_epoch and not progress.best_name and progress.step:
                # Better than nothing: what was learned in a part of the first epoch.
                self._settle(learner, judge, None, 0.0)
            raise

    def is_done(self) -> bool:
        progress, settings = self.progress, self._settings
        gone = progress.epoch - progress.earlier_epochs
        if self._part.exactly is not None:
            return gone >= self._part.exactly
        if gone >= int(settings["epochs"]) or (gone and self._is_share_used()):
            return True
        patience = int(settings["patience"])
        return bool(patience and progress.since_best and progress.since_best[-1] >= patience)

    def _is_share_used(self) -> bool:
        if self._part.share >= 1:
            return False
        used = time.time() - self._began
        return used >= self._part.share * (used + self._order.clock.left())

    def _make_learner(self, train: np.ndarray, earlier: Earlier | None) -> Learner:
        order = self._order
        if not self.plan and earlier is not None:
            self.plan = earlier.plan
        if not self.plan:
            planned = make_plan(order, train, self._settings)
            self.plan = planned.plan
            if planned.left_out and (self._part.of == 1 or self._part.exactly is not None):
                order.warn(f"Left out, because they say the same in every row: {few(planned.left_out)}.")
        self._kept.write_plan(self.plan)
        arrays = portable.encode(order.frame.iloc[train], self.plan)
        weights = None if order.weights is None else order.weights[train]
        seed = order.seed + int(self._settings["seed"])
        learner = Learner(self.plan, self._settings, arrays, order.values[train], seed, weights)
        count = sum(parameter.numel() for parameter in learner.network.parameters())
        print(f"A network of {count} weights, {learner.steps} steps an epoch, on {learner.device.type}", flush=True)
        return learner

    def _tell(self, done_before: int) -> None:
        order, progress, part = self._order, self.progress, self._part
        epochs = part.exactly or int(self._settings["epochs"])
        last = progress.earlier_epochs + epochs
        # Of several networks patience decides how many epochs there will be: nothing to estimate by.
        left = (
            order.clock.estimate(progress.epoch - done_before, last - done_before, self._began)
            if part.of == 1
            else None
        )
        fraction = (part.done + (progress.epoch - progress.earlier_epochs) / epochs) / part.of
        words = f"{part.words}epoch {progress.epoch + 1} of {last}"
        order.events.progress(words[:1].upper() + words[1:], max(fraction, order.clock.fraction()), left)

    def _epoch(self, learner: Learner, judge: Judge | None) -> None:
        progress = self.progress
        began, before = time.perf_counter(), progress.seconds
        every = float(self._settings["checkpoint_minutes"]) * 60

        def after_step() -> None:
            if progress.epoch and self._is_share_used():
                raise _ShareUsed
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
            if judge is None:
                progress.since_best.append(self._part.since_best[progress.epoch - 1])
                self._tell_curves((loss, right), None, {}, seconds)
            else:
                self._settle(learner, judge, (loss, right), seconds)
            is_due = time.monotonic() - self._checkpoint_at >= _SHORTEST_BETWEEN_CHECKPOINTS
            if is_due or progress.epoch == 1 or self.is_done():
                self._keep(learner, f"epoch {progress.epoch}")
            elif progress.best_epoch == progress.epoch:
                self._kept.write_state(progress, learner.state())

    def _settle(
        self,
        learner: Learner,
        judge: Judge,
        trained: tuple[float, float] | None,
        seconds: float,
        name: str | None = None,
    ) -> None:
        """Judges the network as it is now, tells of it, and keeps it when it is the best so far."""
        order, progress, metric = self._order, self.progress, self._order.spec.task.metric
        arrays, values = judge
        began = time.perf_counter()
        raw, loss = learner.judge(arrays, values)
        per_1000 = (time.perf_counter() - began) / len(values) * 1e6
        output = Output(*portable.answers(raw, self.plan))
        scorer = order.scorer(values)
        scores = scorer.scores(output)
        if trained is not None:
            self._tell_curves(trained, loss, scores, seconds)
        if not progress.best_name or metric.better(scores[metric.name], progress.validation[metric.name]):
            progress.best_epoch = progress.epoch
            progress.best_name = (
                name or f"{TITLES[self.plan['data']]}, {self._part.words}epoch {max(1, progress.epoch)}"
            )
            progress.validation, progress.interval = scores, scorer.interval(output)
            progress.since_best.append(0)
            self.per_1000_ = per_1000
            self._kept.write_best(progress.epoch, learner.weights())
            if trained is None:
                self._kept.write_state(progress, learner.state())
            # A network of one fold is not in the running: it judges all of them together.
            if self._part.of == 1:
                order.board.add(
                    progress.best_name,
                    scores[metric.name],
                    progress.interval,
                    fit_seconds=round(progress.seconds, 3),
                    predict_ms_per_1000=round(per_1000, 3),
                )
        else:
            progress.since_best.append(progress.since_best[-1] + 1)

    def _tell_curves(
        self, trained: tuple[float, float], loss: float | None, scores: dict[str, float], seconds: float
    ) -> None:
        order, metric, epoch = self._order, self._order.spec.task.metric, self.progress.epoch
        has_accuracy = order.spec.task.is_classes or order.spec.task.kind == "multilabel"
        point: dict[str, Any] = {"epoch": epoch, "train_loss": trained[0]}
        if loss is not None:
            point["validation_loss"] = loss
        if has_accuracy:
            point["train_accuracy"] = trained[1]
        if loss is not None:
            if has_accuracy:
                # Of several labels a row is right where all of them are.
                point["validation_accuracy"] = scores["accuracy" if order.spec.task.is_classes else "subset_accuracy"]
            point[f"validation_{metric.name}"] = scores[metric.name]
        step = self._part.epochs_before + epoch
        for name, value in point.items():
            if name != "epoch":
                higher = metric.higher_is_better if name == f"validation_{metric.name}" else name.endswith("accuracy")
                order.events.metric(name, step, value, None, higher)
        order.events.metric("epoch_seconds", step, round(seconds, 4), "s", False)
        self.progress.curves.append({**point, "seconds": round(seconds, 4)})
        said = ", ".join(f"{name} {value:.4g}" for name, value in point.items() if name != "epoch")
        words = f"{self._part.words}epoch {epoch}"
        print(f"{words[:1].upper()}{words[1:]}: {said}, {seconds:.2f} s", flush=True)

    def _keep(self, learner: Learner, label: str) -> None:
        self._kept.write_state(self.progress, learner.state())
        self._order.checkpoints.publish(f"{self._part.words}{label}", ["torch"])
        self._checkpoint_at = time.monotonic()


@dataclass(frozen=True)
class Earlier:
    """A finished model to start from."""

    plan: dict[str, Any]
    weights: dict[str, Any]
    best: str
    epochs: int
