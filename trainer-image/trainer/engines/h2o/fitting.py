"""Runs AutoML within the time, keeps every model as it is finished, and hands in the best."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h2o  # pyright: ignore[reportMissingImports]
import numpy as np
import pandas as pd
from h2o.estimators import H2OXGBoostEstimator  # pyright: ignore[reportMissingImports]

from trainer.engines.h2o.cluster import Cluster, under_way
from trainer.engines.h2o.java import heap_megabytes
from trainer.engines.h2o.kept import FOLDER, Kept, KeptModel
from trainer.engines.h2o.machine import JavaGone, JavaMachine
from trainer.engines.h2o.plan import class_tokens, enums_of, make_plan
from trainer.engines.h2o.portable import ROW, prepare, probabilities_of
from trainer.engines.h2o.steps import MOST_NETWORKS, first_plan, further_plan
from trainer.failures import Interrupted, TrainerFailure
from trainer.files import write_text
from trainer.fitting import NothingFitted, Order
from trainer.output import Output
from trainer.split import folds, given_folds

_FOLDS = 5
LABEL, FOLD = "ty_label", "ty_fold"
_ROWS = "training_rows"
#: The first families have this share of the time where others may follow.
_FIRST_SHARE = 0.7
#: With less time left than this nothing further is begun.
_LEAST_SECONDS = 3.0
_CANCEL_SECONDS = 2.0
_SORT_METRICS = {"roc_auc": "AUC", "log_loss": "logloss", "rmse": "RMSE", "mae": "mae", "mse": "mse"}
_NUMBERED = re.compile(r"_AutoML_\d+_\d+_\d+.*$")


class EnoughTimeForFirst(Exception):
    """The first families have had their share, and are not good enough."""


class H2oEngine:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._kept = Kept(order.scratch)
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        settings = order.settings
        self._excluded = set(settings["exclude"]) if isinstance(settings["exclude"], list) else set()
        self._memory = heap_megabytes(_number(settings["memory_gb"]))
        self._machine = JavaMachine(order.scratch / "java", self._memory)
        self._cluster = Cluster(self._machine, order.scratch / "rows")
        self._rows = _sampled(order)
        self._fold_of = _folded(order, self._rows)
        self._scorer = order.scorer(order.values[self._rows])
        self._steps: dict[str, str] = {}
        self._looked = 0.0
        self._taken_up = 0
        self._runs = 0
        self._job: str | None = None
        self.best_ = ""
        self.validation_: dict[str, float] = {}
        self.interval_: float | None = None
        count = len(self._rows)
        self.rows_ = {"train": count, "validation": count}

    def take_up(self) -> H2oEngine:
        """Takes up what an attempt or a process before this one had finished."""
        if not self._kept.read():
            return self
        self._taken_up = len(self._kept.models)
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
            order.warn(f"Left out, because they say the same in every row: {', '.join(self._kept.plan['leftOut'])}.")
        if len(self._rows) < len(order.frame):
            order.warn(
                f"Learned from {len(self._rows)} of {len(order.frame)} training rows, drawn at random, as asked."
            )
        if order.clock.left() > _LEAST_SECONDS:
            try:
                self._fit_in_java()
            except JavaGone:
                self._say_that_java_is_gone()
        if order.clock.left() <= _LEAST_SECONDS:
            order.cut_short = True
        return self._conclude()

    def _make_plan(self) -> dict[str, Any]:
        order = self._order
        frame = order.frame.iloc[self._rows]
        columns, left_out = make_plan(frame, order.spec.features, {LABEL, FOLD, ROW})
        return {"columns": columns, "leftOut": left_out, "domain": [], "tokens": class_tokens(order.labels.class_names)}

    def _fit_in_java(self) -> None:
        order = self._order
        order.events.progress("Starting Java", order.clock.fraction())
        self._machine.start()
        order.events.progress("Giving the rows to H2O", order.clock.fraction())
        self._take_in_rows()
        self._leave_out_what_cannot_run()
        self._kept.load(self._cluster, self._kept.models)
        try:
            with order.interruption.allowed():
                self._first()
                if self._decide():
                    self._further()
        except Interrupted:
            order.cut_short = True
            self._stop_java_jobs()

    def _take_in_rows(self) -> None:
        plan = self._plan
        ready = prepare(self._order.frame.iloc[self._rows].reset_index(drop=True), plan["columns"])
        values = self._order.values[self._rows]
        tokens = np.array(plan["tokens"], dtype=object)
        label = values if self._classes is None else tokens[values]
        ready = ready.assign(**{LABEL: label, FOLD: self._fold_of})
        enums = enums_of(plan["columns"]) | (set() if self._classes is None else {LABEL})
        self._cluster.take_in(ready, enums, _ROWS)
        if self._classes is not None:
            plan["domain"] = [plan["tokens"].index(level) for level in self._cluster.levels(_ROWS, LABEL)]
        self._kept.write()

    @property
    def _plan(self) -> dict[str, Any]:
        assert self._kept.plan is not None
        return self._kept.plan

    def _leave_out_what_cannot_run(self) -> None:
        if "XGBoost" not in self._excluded and not H2OXGBoostEstimator.available():
            self._excluded.add("XGBoost")
            self._order.warn("XGBoost was left out: H2O has none for this kind of machine.")

    def _first(self) -> None:
        """Linear models and boosting, until they are done or have had their share of the time."""
        asked = int(_number(self._order.settings["max_models"]))
        ends_at = time.time() + _FIRST_SHARE * self._order.clock.left()
        further = {"DeepLearning", "StackedEnsemble"} - self._excluded

        def look() -> None:
            if further and time.time() > ends_at and self._kept.models and not self._good_enough()[0]:
                raise EnoughTimeForFirst

        try:
            while not self._kept.escalated:
                fitted = sum(not model.bases and model.family != "DeepLearning" for model in self._kept.models)
                plan = first_plan(self._excluded, self._done())
                if not plan or (asked and fitted >= asked) or self._order.clock.left() <= _LEAST_SECONDS:
                    return
                if not self._automl(plan, asked - fitted if asked else 0, look):
                    return
        except EnoughTimeForFirst:
            self._stop_java_jobs()

    def _done(self) -> set[str]:
        return {f"{model.family} {model.step}" for model in self._kept.models if model.step}

    def _good_enough(self) -> tuple[bool, str]:
        best = self._best()
        if best is None:
            return False, "there is no model yet"
        if self._classes is None:
            value, limit = best.scores["r2"], _number(self._order.settings["enough_r2"])
            return value >= limit, f"R² {value:.4g} on validation, {limit:g} is asked for"
        value, limit = best.scores["log_loss"], _number(self._order.settings["enough_log_loss"])
        return value <= limit, f"log loss {value:.4g} on validation, {limit:g} is asked for"

    def _decide(self) -> bool:
        """Whether deep learning and stacking are added; said once, and kept for the report."""
        if self._kept.escalated:
            return True
        if self._best() is None:
            return False
        good, said = self._good_enough()
        further = [name for name in ("DeepLearning", "StackedEnsemble") if name not in self._excluded]
        if good:
            self._kept.decision = f"The first models were good enough ({said}): nothing was added."
        elif not further:
            self._kept.decision = f"The first models were not good enough ({said}), but what would follow is left out."
        elif self._order.clock.left() <= _LEAST_SECONDS:
            self._kept.decision = f"The first models were not good enough ({said}), but no time was left for more."
            self._order.cut_short = True
        else:
            named = " and ".join({"DeepLearning": "deep learning", "StackedEnsemble": "stacking"}[n] for n in further)
            self._kept.decision = f"The first models were not good enough ({said}): {named} followed."
            self._kept.escalated = True
        print(self._kept.decision, flush=True)
        self._kept.write()
        return self._kept.escalated

    def _further(self) -> None:
        left = self._order.clock.left()
        plan = further_plan(self._excluded, self._done())
        networks = sum(model.family == "DeepLearning" for model in self._kept.models)
        if plan and networks < MOST_NETWORKS and left > _LEAST_SECONDS:
            stacking = "StackedEnsemble" not in self._excluded
            ends_at = time.time() + (_FIRST_SHARE if stacking else 1.0) * left

            def look() -> None:
                if time.time() > ends_at:
                    raise EnoughTimeForFirst

            try:
                self._automl(plan, MOST_NETWORKS - networks, look)
            except EnoughTimeForFirst:
                self._stop_java_jobs()
        if "StackedEnsemble" not in self._excluded:
            self._stack()

    def _automl(self, plan: list[dict[str, Any]], most: int, look: Callable[[], None]) -> bool:
        """Whether it ended by the limit that it was told: the deadline may have moved on meanwhile."""
        order, settings = self._order, self._order.settings
        self._runs += 1
        project = f"run_{self._taken_up}_{self._runs}"
        ends_at = time.time() + max(1.0, order.clock.left())
        tolerance = _number(settings["stopping_tolerance"])
        stopping = {
            "max_models": most,
            "max_runtime_secs": max(1.0, order.clock.left()),
            # Another attempt draws other models from the grids, else it would fit the same again.
            "seed": order.seed + 1000 * (self._taken_up + self._runs - 1),
            "stopping_rounds": int(_number(settings["stopping_rounds"])),
            "stopping_metric": settings["stopping_metric"],
            "stopping_tolerance": tolerance or -1.0,
        }
        job = self._cluster.begin_automl(
            {
                "input_spec": {
                    "training_frame": _ROWS,
                    "response_column": LABEL,
                    "fold_column": FOLD,
                    "ignored_columns": [ROW],
                    "sort_metric": _SORT_METRICS.get(order.spec.task.metric.name, "AUTO"),
                },
                "build_control": {
                    "project_name": project,
                    "nfolds": 0,
                    "keep_cross_validation_predictions": True,
                    "stopping_criteria": stopping,
                },
                "build_models": {"modeling_plan": plan},
            }
        )
        self._job = job

        def watch(told: dict[str, Any]) -> None:
            self._tell(under_way(told))
            for key in self._cluster.automl_models(project, LABEL):
                self._keep(key)
            if told["status"] == "RUNNING":
                if order.clock.left() <= 0:
                    raise Interrupted  # the deadline came nearer: the alarm was set for a later one
                look()

        self._ended(self._cluster.watch(job, watch))
        return time.time() >= ends_at - _LEAST_SECONDS

    def _stack(self) -> None:
        """One of all models, and one of the best of each family, on their predictions of rows unseen."""
        single = [model for model in self._kept.models if not model.bases]
        metric = self._order.spec.task.metric
        by_family: dict[str, KeptModel] = {}
        for model in single:
            best = by_family.get(model.family)
            if best is None or metric.better(model.scores[metric.name], best.scores[metric.name]):
                by_family[model.family] = model
        wanted = {"StackedEnsemble_All": single, "StackedEnsemble_BestOfFamily": list(by_family.values())}
        there = {model.name for model in self._kept.models}
        for name, bases in wanted.items():
            if name in there or len(bases) < 2 or self._order.clock.left() <= _LEAST_SECONDS:
                continue
            if name != "StackedEnsemble_All" and len(bases) == len(single):
                continue
            key = f"{name}_{len(single)}"
            self._steps[key] = "stack"
            self._tell((key, "StackedEnsemble", "stack"))
            began = time.time()
            self._job = self._cluster.begin_model(
                "stackedensemble",
                {
                    "model_id": key,
                    "training_frame": _ROWS,
                    "response_column": LABEL,
                    "ignored_columns": json.dumps([ROW]),
                    "base_models": json.dumps([model.key for model in bases]),
                    "metalearner_fold_column": FOLD,
                    "metalearner_params": json.dumps({"keep_cross_validation_predictions": [True]}),
                    "seed": self._order.seed,
                    "max_runtime_secs": max(1.0, self._order.clock.left()),
                },
            )
            self._ended(self._cluster.watch(self._job, lambda _told: None))
            self._keep(key, name, [model.key for model in bases], time.time() - began)

    def _ended(self, told: dict[str, Any]) -> None:
        if told["status"] == "FAILED":
            print(f"H2O gave up: {told.get('exception') or told.get('progress_msg')}", flush=True)

    def _tell(self, now: tuple[str, str, str] | None) -> None:
        order = self._order
        name = self._kept.under_way if now is None else self._name_of(now[0], now[1])
        if now is not None:
            self._steps[now[0]] = now[2]
        if name is not None and (name != self._kept.under_way or time.time() - self._looked > 5):
            if name != self._kept.under_way:
                print(f"Fitting {name}", flush=True)
            self._kept.under_way, self._looked = name, time.time()
            order.events.progress(f"Fitting {name}", order.clock.fraction())

    def _name_of(self, key: str, family: str) -> str:
        for model in self._kept.models:
            if model.key == key:
                return model.name
        if family == "StackedEnsemble":
            return key
        return f"{family}_{1 + sum(model.family == family for model in self._kept.models)}"

    def _keep(self, key: str, name: str | None = None, bases: list[str] | None = None, seconds: float = 0.0) -> None:
        if any(model.key == key for model in self._kept.models):
            return
        order = self._order
        with order.interruption.held_back():
            told = self._cluster.model(key)
            output = self._unseen(key, told)
            if output is None:
                return
            family = "StackedEnsemble" if bases else _NUMBERED.sub("", key).split("_")[0]
            fit_seconds = seconds or float(told["output"].get("run_time") or 0) / 1000
            model = KeptModel(
                name=name or self._name_of(key, family),
                key=key,
                family=family,
                step=self._steps.get(key),
                scores=self._scorer.scores(output),
                interval=self._scorer.interval(output),
                seconds=round(fit_seconds, 3),
                bases=bases or [],
            )
            self._kept.add(model)
            score = model.scores[order.spec.task.metric.name]
            order.board.add(model.name, score, model.interval, fit_seconds=model.seconds)
            order.checkpoints.publish(model.name, [FOLDER])
            print(f"{model.name}: {order.spec.task.metric.name} {score:.4f} on validation", flush=True)

    def _unseen(self, key: str, told: dict[str, Any]) -> Output | None:
        """What it says of each training row when that row's fold is left out."""
        output = told["output"]
        learner = output.get("metalearner")
        if learner:
            output = self._cluster.model(learner["name"])["output"]
        frame = output.get("cross_validation_holdout_predictions_frame_id")
        if not frame:
            print(f"{key} has no predictions of rows unseen, so it cannot be judged", flush=True)
            return None
        return self._output(self._cluster.read(frame["name"], texts=self._classes is not None))

    def _output(self, answer: pd.DataFrame) -> Output:
        if self._classes is None:
            return Output(answer.iloc[:, 0].to_numpy("float64"))
        return Output.of_probabilities(probabilities_of(answer, self._plan["domain"], self._classes))

    def _stop_java_jobs(self) -> None:
        if self._job is None:
            return
        try:
            self._cluster.cancel(self._job, _CANCEL_SECONDS)
        except JavaGone:
            print("Java does not answer; it is ended, and what it had finished is put together", flush=True)
            self._machine.close()

    def _say_that_java_is_gone(self) -> None:
        print(f"Java ended by itself. Its last words:\n{self._machine.last_lines()}", flush=True)
        if not self._kept.models:
            raise TrainerFailure(
                "OutOfMemory",
                f"Java ended before a first model was ready, most likely for lack of memory (it had {self._memory} MB). "
                "Choose a machine with more, or less data.",
            )
        self._order.warn("Java ended by itself, most likely for lack of memory; the best until then was kept.")

    def _best(self) -> KeptModel | None:
        metric = self._order.spec.task.metric
        best: KeptModel | None = None
        for model in self._kept.models:
            if best is None or metric.better(model.scores[metric.name], best.scores[metric.name]):
                best = model
        return best

    def _conclude(self) -> H2oEngine:
        best = self._best()
        if best is None:
            self._machine.close()
            if self._order.clock.left() > _LEAST_SECONDS:
                raise TrainerFailure("TrainerBug", "H2O ended without a model and without a reason; its log says more.")
            raise NothingFitted
        self.best_, self.validation_, self.interval_ = best.name, best.scores, best.interval
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
        return self._output(answer)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        h2o.get_model(self._kept.named(self.best_).key).download_mojo(str(folder / "model.mojo.zip"))
        plan = {**self._plan, "classes": self._classes, "best": self.best_}
        write_text(folder / "plan.json", json.dumps(plan, ensure_ascii=False, indent=1))
        self._machine.close()
        shutil.rmtree(self._order.scratch / "rows", ignore_errors=True)

    def facts(self) -> dict[str, Any]:
        return {
            "deep learning and stacking": self._kept.decision or "Not decided: the time was over before.",
            "models fitted": len(self._kept.models),
            "taken up from an earlier attempt": self._taken_up,
            "memory of Java": f"{self._memory} MB",
            "rows learned from": f"{len(self._rows)} of {len(self._order.frame)}",
        }


def _sampled(order: Order) -> np.ndarray:
    """The training rows to learn from, sorted: all, or as many as were asked for, of every class alike."""
    asked, rows = int(_number(order.settings["sample_rows"])), len(order.frame)
    if not asked or asked >= rows:
        return np.arange(rows)
    random = np.random.default_rng(order.seed + 3)
    if not order.spec.task.is_classes:
        return np.sort(random.choice(rows, asked, replace=False))
    parts = [np.flatnonzero(order.values == code) for code in np.unique(order.values)]
    drawn = [random.permutation(part)[: max(2, round(asked * len(part) / rows))] for part in parts]
    return np.sort(np.concatenate(drawn))


def _folded(order: Order, rows: np.ndarray) -> np.ndarray:
    """The fold of each row: those that a recipe was fitted by, else as many as asked for."""
    if order.folds is not None:
        given = order.folds[rows]
        if len(given_folds(order.values[rows], given, order.spec.task.is_classes)) > 1:
            return given
        order.warn("The rows that were drawn are in too few of the recipe's folds; others were made.")
    asked = order.spec.split.folds
    count = min(asked if asked > 1 else _FOLDS, len(rows))
    fold_of = np.zeros(len(rows), dtype="int64")
    for number, (_, judged) in enumerate(folds(order.values[rows], count, order.seed, order.spec.task.is_classes)):
        fold_of[judged] = number
    return fold_of


def _number(value: Any) -> float:
    return float(value)
