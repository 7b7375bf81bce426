"""What the trainer is asked to do (`spec.json`), read and checked before anything else is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from trainer.failures import TrainerFailure
from trainer.few import few
from trainer.metrics import ALL_TASKS, METRICS, Metric, TaskKind, default_metric

SettingValue = str | float | int | bool | None | list[str]

#: As domain/task.ts has it.
_FEWEST_LABELS, _MOST_LABELS = 2, 100
_MOST_SAID = 3


@dataclass(frozen=True)
class Column:
    name: str
    sql_type: str
    role: Literal["feature", "label", "ignored"] = "feature"


@dataclass(frozen=True)
class Task:
    kind: TaskKind
    #: Of several labels their names, as a sentence says them.
    label: str
    metric: Metric
    positive_class: str | None = None
    #: The columns to predict where there are several, each yes or no.
    labels: tuple[str, ...] = ()

    def told(self) -> dict[str, object]:
        """What a job that goes on from this one's model has to predict, too."""
        several = {"labels": list(self.labels)} if self.labels else {}
        return {"kind": self.kind, "label": self.label, **several}

    @property
    def is_classes(self) -> bool:
        """One class for each row. Several labels are no classes: a row may have all of them, or none."""
        return self.kind in ("binary", "multiclass")


@dataclass(frozen=True)
class Split:
    holdout_fraction: float = 0.2
    folds: int = 0
    seed: int = 0
    #: Rows with the same value here are never on both sides.
    group: str | None = None
    #: What came last is held out, and each part is judged by what came after it.
    time: str | None = None


@dataclass(frozen=True)
class TrainSpec:
    engine: str
    settings: dict[str, SettingValue]
    task: Task
    columns: list[Column]
    split: Split
    data: Path
    start_from: Path | None = None
    training_seconds: float = 600
    job_id: str = ""
    #: The folder of what prepared the data; None for data as it came.
    recipe: Path | None = None
    #: The column that says how much each row counts.
    weight: str | None = None
    #: The memory of the machine that is meant; on that machine itself it is not told, but measured.
    machine_gib: float | None = None

    @property
    def features(self) -> list[Column]:
        return [column for column in self.columns if column.role == "feature"]

    @property
    def label_column(self) -> Column:
        return next(column for column in self.columns if column.role == "label")

    @property
    def label_columns(self) -> list[Column]:
        """Of several labels, in their order."""
        columns = {column.name: column for column in self.columns if column.role == "label"}
        return [columns[name] for name in self.task.labels]


@dataclass(frozen=True)
class PredictSpec:
    engine: str
    model: Path
    data: Path
    prediction_id: str = field(default="")


def read_train_spec(path: Path, work: Path) -> TrainSpec:
    return train_spec_of(read_raw(path, "train"), work)


def train_spec_of(raw: dict[str, Any], work: Path) -> TrainSpec:
    try:
        return TrainSpec(
            engine=raw["engine"],
            settings=dict(raw.get("settings") or {}),
            task=_task(raw["task"]),
            columns=_columns(raw["columns"], raw["task"]["labels"]),
            split=_split(raw.get("split") or {}),
            data=work / raw["data"],
            start_from=work / raw["startFrom"] if raw.get("startFrom") else None,
            training_seconds=float((raw.get("limits") or {}).get("trainingSeconds", 600)),
            job_id=str(raw.get("jobId", "")),
            recipe=work / raw["recipe"] if raw.get("recipe") else None,
            weight=raw.get("weight"),
            machine_gib=(raw.get("machine") or {}).get("memoryGib"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrainerFailure("BadSpec", f"The spec of this job cannot be read: {error!r}.") from error


def read_predict_spec(path: Path, work: Path) -> PredictSpec:
    raw = read_raw(path, "predict")
    try:
        return PredictSpec(
            engine=raw["engine"],
            model=work / raw["model"],
            data=work / raw["data"],
            prediction_id=str(raw.get("predictionId", "")),
        )
    except (KeyError, TypeError) as error:
        raise TrainerFailure("BadSpec", f"The spec of this prediction cannot be read: {error!r}.") from error


def read_raw(path: Path, kind: str) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerFailure("BadSpec", f"The spec {path} cannot be read: {error}.") from error
    if not isinstance(raw, dict) or raw.get("kind") != kind:
        raise TrainerFailure("BadSpec", f"The spec {path} is not one to {kind} by: its “kind” has to be “{kind}”.")
    return raw


def _task(raw: dict[str, Any]) -> Task:
    kind = raw["kind"]
    if kind not in ALL_TASKS:
        raise TrainerFailure("BadSpec", f"There is no task “{kind}”. It is one of {', '.join(ALL_TASKS)}.")
    labels = raw["labels"]
    if kind == "multilabel":
        _check_several(labels)
    elif len(labels) != 1:
        raise TrainerFailure(
            "BadLabel", f"A table engine predicts exactly one column; {len(labels)} were chosen.", "task.labels"
        )
    name = raw.get("metric") or default_metric(kind)
    metric = METRICS.get(name)
    if metric is None or kind not in metric.tasks:
        fitting = ", ".join(m.name for m in METRICS.values() if kind in m.tasks)
        raise TrainerFailure(
            "BadSettings", f"The metric “{name}” does not fit this task. Choose one of {fitting}.", "task.metric"
        )
    if kind == "multilabel":
        return Task(kind=kind, label=_said(labels), metric=metric, labels=tuple(labels))
    return Task(kind=kind, label=labels[0], metric=metric, positive_class=raw.get("positiveClass"))


def _check_several(labels: list[str]) -> None:
    if not _FEWEST_LABELS <= len(labels) <= _MOST_LABELS:
        raise TrainerFailure(
            "BadLabel",
            f"To predict several columns of yes or no, choose {_FEWEST_LABELS} to {_MOST_LABELS} of them; "
            f"{len(labels)} {'is' if len(labels) == 1 else 'are'} chosen.",
            "task.labels",
        )
    double = next((name for name in labels if labels.count(name) > 1), None)
    if double is not None:
        raise TrainerFailure("BadLabel", f"“{double}” is chosen twice as a column to predict.", "task.labels")


def _said(names: list[str]) -> str:
    shown, more = names[:_MOST_SAID], len(names) - _MOST_SAID
    return f"{', '.join(shown)} and {more} more" if more > 0 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _columns(raw: list[dict[str, Any]], labels: list[str]) -> list[Column]:
    columns = [Column(c["name"], c["sqlType"], c.get("role", "feature")) for c in raw]
    for label in labels:
        if any(c.role == "label" and c.name == label for c in columns):
            continue
        known = few((c.name for c in columns), 20)
        raise TrainerFailure(
            "BadLabel",
            f"The column to predict, “{label}”, is not in the data. It has: {known}. Choose one of them.",
            "task.labels",
        )
    if not any(c.role == "feature" for c in columns):
        raise TrainerFailure(
            "BadData",
            "No column is left to learn from: all but the label are ignored. Take at least one back in.",
            "ignoredColumns",
        )
    return columns


def _split(raw: dict[str, Any]) -> Split:
    split = Split(
        float(raw.get("holdoutFraction", 0.2)),
        int(raw.get("folds", 0)),
        int(raw.get("seed", 0)),
        raw.get("groupColumn"),
        raw.get("timeColumn"),
    )
    if not 0 < split.holdout_fraction < 1:
        raise TrainerFailure(
            "BadSettings", "The held-out part has to be between 0 and 1 of the rows.", "split.holdoutFraction"
        )
    if split.folds < 0:
        raise TrainerFailure("BadSettings", "The number of folds cannot be negative.", "split.folds")
    if split.group is not None and split.time is not None:
        raise TrainerFailure("BadSettings", "Rows are divided by groups or by time, not by both.", "split.timeColumn")
    return split
