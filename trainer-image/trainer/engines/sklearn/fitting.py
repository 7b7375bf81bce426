"""Fits candidates one after the other, keeps each new best on disk at once, and hands in the best."""

from __future__ import annotations

import gc
import json
import pickle
import shutil
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from trainer.engines.sklearn import PATIENCE, UNWEIGHTED
from trainer.engines.sklearn.candidates import Candidate, candidates, variations
from trainer.engines.sklearn.learning import FittedPart, is_staged, learned_by_epoch, learned_by_round
from trainer.engines.sklearn.plan import make_plan
from trainer.engines.sklearn.portable import predict, prepare
from trainer.engines.sklearn.validation import Judged, Validation
from trainer.failures import Interrupted, TrainerFailure, failure_of
from trainer.few import few
from trainer.files import write_text, written_whole
from trainer.fitting import Extra, NothingFitted, Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.validated import how_validated


class SklearnEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        self._kept = order.scratch / "kept"
        self._tried: list[str] = []
        self.best_ = ""
        self.interval_: Interval | None = None
        self.validation_: dict[str, float] = {}
        self.rows_: dict[str, int] = {}
        self.plan_: list[dict[str, Any]] = []
        self.dropped_: list[str] = []
        self.pipeline_: Any = None
        self.candidate_: Candidate | None = None
        self._part: FittedPart | None = None
        #: Of the candidates that raised, and what is said when no other is there either.
        self._failures: dict[str, TrainerFailure] = {}
        self._why_none: TrainerFailure | None = None
        self._began = time.time()
        if order.earlier is not None:
            self._start_from(order.earlier / "model")

    def take_up(self) -> SklearnEngine:
        """Takes up what an interrupted fit had kept."""
        if (self._kept / "kept.json").is_file():
            self._start_from(self._kept)
        return self

    def fit(self) -> SklearnEngine:
        order = self._order
        if not self.plan_:
            self.plan_, self.dropped_ = make_plan(order.frame, order.spec.features)
        if self.dropped_:
            order.warn(f"Left out, because they say the same in every row: {few(self.dropped_)}.")
        validation = Validation(order, self.plan_, prepare(order.frame, self.plan_))
        self.rows_ = self.rows_ or validation.rows
        queue = self._queue()
        self._began = time.time()
        for number, candidate in enumerate(queue):
            if order.clock.left() <= 0:
                order.cut_short = True
                break
            self._tell(candidate, number, validation)
            try:
                with order.interruption.allowed():
                    judged = self._judged(candidate, validation)
                    if judged is not None:
                        with order.interruption.held_back():
                            self._settle(candidate, judged)
            except Interrupted:
                order.cut_short = True
                break
        if self.pipeline_ is None:
            raise self._why_none or NothingFitted
        self._tell_of_failures()
        self._learn_from_all_rows(validation)
        self.validated_ = how_validated(
            order,
            parts=validation.parts,
            rows=validation.rows["validation"],
            learned="all" if self.rows_["train"] == len(order.frame) else "without",
        )
        return self

    def _judged(self, candidate: Candidate, validation: Validation) -> Judged | None:
        """None of one that raised: the others are worth having without it. A job that goes on from here tries it again."""
        try:
            return validation.judge(candidate)
        except Exception as error:
            traceback.print_exc()
            # The frames hold what it had made so far: the memory that the next one needs.
            traceback.clear_frames(error.__traceback__)
            failure = failure_of(error)
            self._failures[candidate.name] = failure
            if self._why_none is None or failure.type == "OutOfMemory":
                self._why_none = failure
        gc.collect()
        return None

    def _tell_of_failures(self) -> None:
        for name, failure in self._failures.items():
            why = (
                "the memory was not enough for it. Choose a machine with more to try it"
                if failure.type == "OutOfMemory"
                else failure.message
            )
            self._order.warn(f"{name} was left out: {why.removesuffix('.')}.")

    def _queue(self) -> Iterator[Candidate]:
        """The handful; a job that continues another goes on with variations until nothing gets better."""
        for candidate in self._handful():
            if candidate.name not in self._tried:
                yield candidate
        if self._order.earlier is None:
            return
        best, in_vain = self.best_, 0
        for candidate in variations(self._order.settings, self._tried, self._order.seed):
            if in_vain >= PATIENCE:
                return
            yield candidate
            in_vain = in_vain + 1 if self.best_ == best else 0
            best = self.best_

    def _handful(self) -> list[Candidate]:
        """Where rows have weights, without those for which all would count the same."""
        handful = candidates(self._order.settings)
        if self._order.weights is None:
            return handful
        unfit = [candidate for candidate in handful if candidate.algorithm in UNWEIGHTED]
        for candidate in unfit:
            self._order.warn(
                f"{candidate.name} was left out: it cannot weigh rows, and here they do not count the same."
            )
        return [candidate for candidate in handful if candidate not in unfit]

    def _tell(self, candidate: Candidate, number: int, validation: Validation) -> None:
        order = self._order
        known = len(self._handful())
        fraction = number / known if order.earlier is None else order.clock.fraction()
        # A continued job goes on until nothing gets better: only the limit is known, and that is nothing to estimate.
        left = order.clock.estimate(number, known, self._began) if order.earlier is None else None
        order.events.progress(f"Fitting {candidate.name}, {validation.words}", fraction, left)
        print(f"Fitting {candidate.name} ({candidate.algorithm}), {validation.words}", flush=True)

    def _settle(self, candidate: Candidate, judged: Judged) -> None:
        metric = self._order.spec.task.metric
        score = judged.scores[metric.name]
        self._tried.append(candidate.name)
        if self.pipeline_ is None or metric.better(score, self.validation_.get(metric.name, float("nan"))):
            self.best_, self.candidate_ = candidate.name, candidate
            self.pipeline_, self.validation_, self.interval_ = judged.pipeline, judged.scores, judged.interval
            self._part = judged.part
            self.save(self._kept)
        else:
            self._note(self._kept)
        self._order.board.add(
            candidate.name,
            score,
            judged.interval,
            fit_seconds=round(judged.fit_seconds, 3),
            predict_ms_per_1000=round(judged.predict_ms_per_1000, 3),
        )
        self._order.checkpoints.publish(candidate.name, ["kept"])
        print(f"{candidate.name}: {metric.name} {score:.4f} on validation, {judged.fit_seconds:.2f} s", flush=True)

    def _learn_from_all_rows(self, validation: Validation) -> None:
        """After one split the winner has not seen its validation rows: let it, when that surely fits into the time."""
        if validation.whole_first or self.candidate_ is None or self.rows_["train"] == len(self._order.frame):
            return
        seconds = next(r["fitSeconds"] for r in self._order.board.rows if r["model"] == self.best_) or 0.0
        if self._order.clock.left() < seconds * 2 + 1:
            return
        try:
            with self._order.interruption.allowed():
                pipeline = validation.fit_all(self.candidate_)
        except Interrupted:
            return
        except Exception as error:
            traceback.print_exc()
            why = "the memory was not enough" if failure_of(error).type == "OutOfMemory" else failure_of(error).message
            self._order.warn(
                f"{self.best_} did not learn from its validation rows in the end: {why.removesuffix('.')}."
            )
            return
        self.pipeline_ = pipeline
        self.rows_ = {**self.rows_, "train": len(self._order.frame)}

    def predict(self, frame: pd.DataFrame) -> Output:
        return Output(*predict(self.pipeline_, prepare(frame, self.plan_), self._classes))

    def save(self, folder: Path) -> None:
        with written_whole(folder / "pipeline.joblib") as beside:
            joblib.dump(self.pipeline_, beside, compress=("zlib", 1))
        plan = {"classes": self._classes, "columns": self.plan_, "leftOut": self.dropped_}
        write_text(folder / "plan.json", json.dumps(plan, ensure_ascii=False, indent=1))
        self._note(folder)

    def extras(self, folder: Path) -> list[Extra]:
        with (folder / "model.pkl").open("wb") as file:
            pickle.dump(self.pipeline_, file, protocol=5)
        note = (
            "scikit-learn's own pipeline. Loading a pickle runs code: only load what comes from where you trust. "
            "It wants columns as engine.py in the archive prepares them, and says numbers for classes."
        )
        return [Extra("model.pkl", "The pipeline as a pickle", note)]

    def _note(self, folder: Path) -> None:
        kept = {
            "best": self.best_,
            "candidate": asdict(self.candidate_) if self.candidate_ else None,
            "validation": self.validation_,
            "interval": self.interval_,
            "rows": self.rows_,
            "tried": self._tried,
        }
        write_text(folder / "kept.json", json.dumps(kept))

    def _start_from(self, folder: Path) -> None:
        kept = json.loads((folder / "kept.json").read_text("utf-8"))
        plan = json.loads((folder / "plan.json").read_text("utf-8"))
        self.pipeline_ = joblib.load(folder / "pipeline.joblib")
        self.plan_, self.dropped_ = plan["columns"], plan["leftOut"]
        self.best_, self._tried = kept["best"], kept["tried"]
        self.candidate_ = Candidate(**kept["candidate"]) if kept["candidate"] else None
        self.validation_, self.interval_, self.rows_ = kept["validation"], kept["interval"], kept["rows"]
        self._order.board.add(self.best_, self.validation_[self._order.spec.task.metric.name], self.interval_)
        if folder != self._kept and not self._kept.exists():
            shutil.copytree(folder, self._kept)

    def learning(self) -> dict[str, Any] | str:
        order, classes = self._order, self._classes is not None
        algorithm = self.candidate_.algorithm if self.candidate_ else ""
        if self._part is not None:
            ready = prepare(order.frame, self.plan_)
            return learned_by_round(self._part, ready, order.values, classes=classes, seed=order.seed)
        if is_staged(algorithm):
            return (
                f"{self.best_} was fitted by an attempt or a job before this one, so how it learned is not known here."
            )
        told = learned_by_epoch(self.pipeline_, classes=classes) if algorithm == "mlp" else None
        return told or f"{self.best_} is not learned round by round, so there is no curve of its learning."

    def facts(self) -> dict[str, Any]:
        parameters = dict(self.candidate_.parameters) if self.candidate_ else {}
        return {"algorithm": self.candidate_.algorithm if self.candidate_ else self.best_, "parameters": parameters}
