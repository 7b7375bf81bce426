"""What H2O is asked to fit, one run after the other: told of while it works, each model judged and kept when it is ready."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from trainer.engines.h2o.cluster import Cluster, under_way
from trainer.engines.h2o.kept import FOLDER, Kept, KeptModel
from trainer.engines.h2o.machine import JavaGone
from trainer.engines.h2o.portable import ROW, probabilities_of
from trainer.engines.h2o.rows import FOLD, JUDGING, LABEL, TRAINING, WEIGHT, Rows
from trainer.failures import Interrupted
from trainer.fitting import Order
from trainer.output import Output

#: With less time left than this nothing further is begun.
LEAST_SECONDS = 3.0
_CANCEL_SECONDS = 2.0
#: A model under way is told of again after so long.
_SAY_AGAIN_SECONDS = 5.0
_SORT_METRICS = {"roc_auc": "AUC", "log_loss": "logloss", "rmse": "RMSE", "mae": "mae", "mse": "mse"}
_NUMBERED = re.compile(r"_AutoML_\d+_\d+_\d+.*$")


class Runs:
    def __init__(self, order: Order, cluster: Cluster, kept: Kept, rows: Rows) -> None:
        self._order, self._cluster, self._kept, self._rows = order, cluster, kept, rows
        self._classes = None if order.labels.classes is None else len(order.labels.classes)
        self._scorer = order.scorer(order.values[rows.judged])
        self._steps: dict[str, str] = {}
        self._looked = 0.0
        self._count = 0
        self._job: str | None = None
        #: Models of an earlier attempt.
        self.taken_up = 0

    def automl(self, plan: list[dict[str, Any]], most: int, look: Callable[[], None]) -> bool:
        """Whether it ended by the limit that it was told: the deadline may have moved on meanwhile."""
        order = self._order
        self._count += 1
        project = f"run_{self.taken_up}_{self._count}"
        ends_at = time.time() + max(1.0, order.clock.left())
        self._job = self._cluster.begin_automl(
            {
                "input_spec": {
                    **self._rows.as_asked(),
                    "sort_metric": _SORT_METRICS.get(order.spec.task.metric.name, "AUTO"),
                },
                "build_control": {
                    "project_name": project,
                    "nfolds": 0,
                    "keep_cross_validation_predictions": not self._rows.by_time,
                    "stopping_criteria": self._stopping(most),
                },
                "build_models": {"modeling_plan": plan},
            }
        )

        def watch(told: dict[str, Any]) -> None:
            self._tell(under_way(told))
            for key in self._cluster.automl_models(project, LABEL):
                self._keep(key)
            if told["status"] == "RUNNING":
                if order.clock.left() <= 0:
                    raise Interrupted  # the deadline came nearer: the alarm was set for a later one
                look()

        _ended(self._cluster.watch(self._job, watch))
        return time.time() >= ends_at - LEAST_SECONDS

    def _stopping(self, most: int) -> dict[str, Any]:
        order, settings = self._order, self._order.settings
        return {
            "max_models": most,
            "max_runtime_secs": max(1.0, order.clock.left()),
            # Another attempt draws other models from the grids, else it would fit the same again.
            "seed": order.seed + 1000 * (self.taken_up + self._count - 1),
            "stopping_rounds": settings["stopping_rounds"],
            "stopping_metric": settings["stopping_metric"],
            "stopping_tolerance": settings["stopping_tolerance"] or -1.0,
        }

    def stack(self, name: str, bases: list[KeptModel], key: str) -> None:
        """One model that learns from what others say of rows that they have not seen."""
        order = self._order
        self._steps[key] = "stack"
        self._tell((key, "StackedEnsemble", "stack"))
        began = time.time()
        self._job = self._cluster.begin_model(
            "stackedensemble",
            {
                "model_id": key,
                "training_frame": TRAINING,
                "response_column": LABEL,
                "ignored_columns": json.dumps([ROW]),
                "base_models": json.dumps([model.key for model in bases]),
                "metalearner_fold_column": FOLD,
                "metalearner_params": json.dumps({"keep_cross_validation_predictions": [True]}),
                "seed": order.seed,
                "max_runtime_secs": max(1.0, order.clock.left()),
                **({} if order.weights is None else {"weights_column": WEIGHT}),
            },
        )
        _ended(self._cluster.watch(self._job, self._watch_deadline))
        self._keep(key, name, [model.key for model in bases], time.time() - began)

    def _watch_deadline(self, told: dict[str, Any]) -> None:
        if told["status"] == "RUNNING" and self._order.clock.left() <= 0:
            raise Interrupted

    def stop(self) -> None:
        if self._job is None:
            return
        try:
            self._cluster.cancel(self._job, _CANCEL_SECONDS)
        except JavaGone:
            print("Java does not answer; it is ended, and what it had finished is put together", flush=True)
            self._cluster.machine.close()

    def _tell(self, now: tuple[str, str, str] | None) -> None:
        order = self._order
        name = self._kept.under_way if now is None else self._name_of(now[0], now[1])
        if now is not None:
            self._steps[now[0]] = now[2]
        if name is not None and (name != self._kept.under_way or time.time() - self._looked > _SAY_AGAIN_SECONDS):
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
            self._kept.add(model, with_predictions=not bases and not self._rows.by_time)
            score = model.scores[order.spec.task.metric.name]
            order.board.add(model.name, score, model.interval, fit_seconds=model.seconds)
            order.checkpoints.publish(model.name, [FOLDER])
            print(f"{model.name}: {order.spec.task.metric.name} {score:.4f} on validation", flush=True)

    def _unseen(self, key: str, told: dict[str, Any]) -> Output | None:
        """What it says of rows that it has not seen: of each training row when its fold is left out, or of the latest."""
        if self._rows.by_time:
            return self.output(self._cluster.predict(key, JUDGING, texts=self._classes is not None))
        output = told["output"]
        learner = output.get("metalearner")
        if learner:
            output = self._cluster.model(learner["name"])["output"]
        frame = output.get("cross_validation_holdout_predictions_frame_id")
        if not frame:
            print(f"{key} has no predictions of rows unseen, so it cannot be judged", flush=True)
            return None
        return self.output(self._cluster.read(frame["name"], texts=self._classes is not None))

    def output(self, answer: pd.DataFrame) -> Output:
        """What H2O answers, by our codes of classes."""
        if self._classes is None:
            return Output(answer.iloc[:, 0].to_numpy("float64"))
        assert self._kept.plan is not None
        return Output.of_probabilities(probabilities_of(answer, self._kept.plan["domain"], self._classes))


def _ended(told: dict[str, Any]) -> None:
    if told["status"] == "FAILED":
        print(f"H2O gave up: {told.get('exception') or told.get('progress_msg')}", flush=True)
