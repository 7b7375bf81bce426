"""The metrics of domain/task.ts: the rules only. What computes them is scoring.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["binary", "multiclass", "regression", "multilabel"]
#: What every engine for tables does.
TASKS: tuple[TaskKind, ...] = ("binary", "multiclass", "regression")
ALL_TASKS: tuple[TaskKind, ...] = (*TASKS, "multilabel")


@dataclass(frozen=True)
class Metric:
    name: str
    title: str
    tasks: tuple[TaskKind, ...]
    higher_is_better: bool

    def better(self, one: float, other: float) -> bool:
        """Whether `one` is better than `other`; what could not be computed is worse than anything."""
        if one != one or other != other:
            return one == one
        return one > other if self.higher_is_better else one < other


_ALL = (
    Metric("roc_auc", "ROC AUC", ("binary",), True),
    Metric("log_loss", "Log loss", ("multiclass", "binary"), False),
    Metric("accuracy", "Accuracy", ("binary", "multiclass"), True),
    Metric("balanced_accuracy", "Balanced accuracy", ("binary", "multiclass"), True),
    Metric("f1", "F1", ("binary",), True),
    Metric("f1_macro", "F1 (macro)", ("multiclass",), True),
    Metric("rmse", "RMSE", ("regression",), False),
    Metric("mae", "MAE", ("regression",), False),
    Metric("mse", "MSE", ("regression",), False),
    Metric("r2", "R²", ("regression",), True),
    Metric("roc_auc_mean", "ROC AUC (mean of the labels)", ("multilabel",), True),
    Metric("log_loss_mean", "Log loss (mean of the labels)", ("multilabel",), False),
    Metric("subset_accuracy", "Accuracy (all labels right)", ("multilabel",), True),
)

#: Shown beside the others, chosen by never: no engine optimises it.
ONE_AGAINST_REST = Metric("roc_auc_ovr", "ROC AUC (one against the rest)", (), True)
METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_ALL, ONE_AGAINST_REST)}


def metrics_of(kind: TaskKind) -> list[Metric]:
    return [metric for metric in _ALL if kind in metric.tasks]


def default_metric(kind: TaskKind) -> str:
    return {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse", "multilabel": "roc_auc_mean"}[kind]
