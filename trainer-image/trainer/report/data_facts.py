"""What a report says of the data it is about, and of the software that made it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trainer import __version__
from trainer.fitting import Order
from trainer.inputs import Inputs

_TOLD = (
    "scikit-learn", "autogluon.tabular", "h2o", "torch", "torchvision", "lightgbm", "xgboost-cpu", "xgboost", "catboost",
    "pandas", "numpy", "scipy", "duckdb",
)  # fmt: skip


def data_facts(order: Order, inputs: Inputs, sha256: str | None) -> dict[str, Any]:
    spec = order.spec
    kinds: dict[str, int] = {}
    for column in spec.features:
        kinds[column.sql_type] = kinds.get(column.sql_type, 0) + 1
    return {
        "rows": len(inputs.frame) + len(inputs.test_frame),
        "withoutLabel": inputs.labels.without_label,
        "columns": len(spec.features),
        "ignored": sum(column.role == "ignored" for column in spec.columns),
        "types": dict(sorted(kinds.items(), key=lambda kind: -kind[1])[:20]),
        "sha256": sha256,
        "split": {
            "holdoutFraction": spec.split.holdout_fraction,
            "folds": spec.split.folds,
            "seed": spec.split.seed,
            "groupColumn": spec.split.group,
            "timeColumn": spec.split.time,
        },
        "weightColumn": spec.weight,
    }


def versions() -> dict[str, str]:
    found = {"trainer": __version__, "python": platform.python_version()}
    for name in _TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
