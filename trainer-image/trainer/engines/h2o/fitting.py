"""Runs AutoML within the time, keeps every model as it is finished, and hands in the best."""

# Types are checked where h2o is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h2o  # pyright: ignore[reportMissingImports]
import pandas as pd
from h2o.estimators import H2OXGBoostEstimator  # pyright: ignore[reportMissingImports]

from trainer.engines.h2o.cluster import Cluster
from trainer.engines.h2o.course import Course
from trainer.engines.h2o.java import heap_megabytes
from trainer.engines.h2o.kept import Kept
from trainer.engines.h2o.learning import learning_of
from trainer.engines.h2o.machine import JavaGone, JavaMachine
from trainer.engines.h2o.plan import class_tokens, enums_of, make_plan
from trainer.engines.h2o.portable import MOJO, ROW, prepare
from trainer.engines.h2o.rows import FOLD, LABEL, WEIGHT, Rows
from trainer.engines.h2o.runs import LEAST_SECONDS, Runs
from trainer.failures import Interrupted, TrainerFailure
from trainer.few import few
from trainer.files import write_text
from trainer.fitting import Extra, NothingFitted, Order
from trainer.interval import Interval
from trainer.output import Output
from trainer.validated import how_validated, warn_of_parts


class H2oEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._kept = Kept(order.scratch)
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        asked, excluded = order.settings["memory_gb"], order.settings["exclude"]
        assert isinstance(asked, (int, float)) and isinstance(excluded, list)
        self._excluded = set(excluded)
        self._memory = heap_megabytes(asked)
        self._machine = JavaMachine(order.scratch / "java", self._memory)
        self._cluster = Cluster(self._machine, order.scratch / "rows")
        self._rows = Rows(order)
        self._runs = Runs(order, self._cluster, self._kept, self._rows)
        self._mojo = Path()
        self.best_ = ""
        self.validation_: dict[str, float] = {}
        self.interval_: Interval | None = None
        self.rows_ = {"train": len(self._rows.train), "validation": len(self._rows.judged)}

    def take_up(self) -> H2oEngine:
        """Takes up what an attempt or a process before this one had finished."""
        if not self._kept.read():
            return self
        self._runs.taken_up = len(self._kept.models)
        if self._order.checkpoints.resumed_from is not None and self._order.clock.left() > 0:
            names = [model.name for model in self._kept.models]
            lost = self._kept.under_way
            which = f", {lost}," if lost and lost not in names else ""
            self._order.warn(
                f"An earlier machine was lost. {len(names)} finished models were taken up from it: {', '.join(names)}. "
                f"What it was in the middle of{which} is lost."
            )
        return self

    def fit(self) -> H2oEngine:
        order = self._order
        if self._kept.plan is None:
            self._kept.plan = self._make_plan()
        if self._kept.plan["leftOut"]:
            order.warn(f"Left out, because they say the same in every row: {few(self._kept.plan['leftOut'])}.")
        if self._rows.count < len(order.frame):
            order.warn(
                f"Learned from {self._rows.count} of {len(order.frame)} training rows, drawn at random, as asked."
            )
        if order.clock.left() > LEAST_SECONDS:
            try:
                self._fit_in_java()
            except JavaGone:
                self._say_that_java_is_gone()
        if order.clock.left() <= LEAST_SECONDS:
            order.cut_short = True
        return self._conclude()

    def _make_plan(self) -> dict[str, Any]:
        order = self._order
        frame = order.frame.iloc[self._rows.train]
        columns, left_out = make_plan(frame, order.spec.features, {LABEL, FOLD, WEIGHT, ROW})
        return {"columns": columns, "leftOut": left_out, "domain": [], "tokens": class_tokens(order.labels.class_names)}

    @property
    def _plan(self) -> dict[str, Any]:
        assert self._kept.plan is not None
        return self._kept.plan

    def _fit_in_java(self) -> None:
        order = self._order
        order.events.progress("Starting Java", order.clock.fraction())
        self._machine.start()
        order.events.progress("Giving the rows to H2O", order.clock.fraction())
        self._rows.take_in(self._cluster, self._plan)
        self._kept.write()
        self._leave_out_what_cannot_run()
        self._kept.load(self._cluster, self._kept.models)
        try:
            with order.interruption.allowed():
                Course(order, self._runs, self._kept, self._excluded).run()
        except Interrupted:
            order.cut_short = True
            self._runs.stop()

    def _leave_out_what_cannot_run(self) -> None:
        if "XGBoost" not in self._excluded and not H2OXGBoostEstimator.available():
            self._excluded.add("XGBoost")
            self._order.warn("XGBoost was left out: H2O has none for this kind of machine.")
        if "StackedEnsemble" not in self._excluded and self._rows.by_time:
            # It learns from what others say of rows unseen; the latest ones are needed to judge it.
            self._excluded.add("StackedEnsemble")
            self._order.warn("Stacking was left out: rows in the order of time leave none for it to learn from.")

    def _say_that_java_is_gone(self) -> None:
        print(f"Java ended by itself. Its last words:\n{self._machine.last_lines()}", flush=True)
        # What guards it may not have noticed yet; whoever asks from here on is to start another.
        self._machine.close()
        if not self._kept.models:
            raise TrainerFailure(
                "OutOfMemory",
                f"Java ended before a first model was ready, most likely for lack of memory (it had {self._memory} MB). "
                "Choose a machine with more, or less data.",
            )
        self._order.warn("Java ended by itself, most likely for lack of memory; the best until then was kept.")

    def _conclude(self) -> H2oEngine:
        best = self._kept.best(self._order.spec.task.metric)
        if best is None:
            self._machine.close()
            if self._order.clock.left() > LEAST_SECONDS:
                raise TrainerFailure("TrainerBug", "H2O ended without a model and without a reason; its log says more.")
            raise NothingFitted
        self.best_, self.validation_, self.interval_ = best.name, best.scores, best.interval
        parts = 1 if self._rows.fold_of is None else len(set(self._rows.fold_of.tolist()))
        judged = self.rows_["validation"]
        learned = "without" if self._rows.by_time else "all"
        self.validated_ = how_validated(self._order, parts=parts, rows=judged, learned=learned)
        warn_of_parts(self._order, "H2O", parts)
        if self._machine.gone:
            self._machine.close()
            self._machine.start()
            self._kept.load(self._cluster, self._kept.needed_for(best.name))
        return self

    def predict(self, frame: pd.DataFrame) -> Output:
        columns = self._plan["columns"]
        key = self._cluster.take_in(prepare(frame, columns), enums_of(columns))
        try:
            answer = self._cluster.predict(self._kept.named(self.best_).key, key, texts=self._classes is not None)
        finally:
            self._cluster.forget(key)
        return self._runs.output(answer)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._mojo = folder / MOJO
        h2o.get_model(self._kept.named(self.best_).key).download_mojo(str(self._mojo))
        plan = {**self._plan, "classes": self._classes, "best": self.best_}
        write_text(folder / "plan.json", json.dumps(plan, ensure_ascii=False, indent=1))
        self._machine.close()
        shutil.rmtree(self._order.scratch / "rows", ignore_errors=True)

    def extras(self, folder: Path) -> list[Extra]:
        """Of what `save` has written; Java is gone by then."""
        shutil.copyfile(self._mojo, folder / "mojo.zip")
        note = (
            "H2O's own portable format: h2o.import_mojo, or any program with h2o-genmodel.jar, reads it. It wants columns "
            "as engine.py in the archive prepares them."
        )
        return [Extra("mojo.zip", "The model as a MOJO", note)]

    def learning(self) -> dict[str, Any] | str:
        history = h2o.get_model(self._kept.named(self.best_).key).scoring_history()
        frame = history if isinstance(history, pd.DataFrame) else None
        return learning_of(self.best_, frame, classes=self._classes is not None)

    def facts(self) -> dict[str, Any]:
        return {
            "deep learning and stacking": self._kept.decision or "Not decided: the time was over before.",
            "models fitted": len(self._kept.models),
            "taken up from an earlier attempt": self._runs.taken_up,
            "memory of Java": f"{self._memory} MB",
            "rows learned from": f"{len(self._rows.train)} of {len(self._order.frame)}",
        }
