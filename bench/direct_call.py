"""A fit on one of scikit-learn's own sets, as somebody writes it who calls the library without Trainyard.

    direct_call.py <engine> <metric> <seconds> <folder>

Reads train.pickle and test.pickle of the folder, and writes direct.pickle: what it predicts for the test rows. The
time begins with the process, so imports are in it, as they are for a job.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

STARTED = time.time()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402


def by_sklearn(train: pd.DataFrame, test: pd.DataFrame, metric: str, ends_at: float) -> pd.DataFrame:
    """The three that everybody tries, compared by folds for as long as the time lasts; the best learns from all rows."""
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    is_number = metric == "rmse"
    tried: list[Any] = (
        [make_pipeline(StandardScaler(), RidgeCV()), RandomForestRegressor(300), HistGradientBoostingRegressor()]
        if is_number
        else [
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
            RandomForestClassifier(300),
            HistGradientBoostingClassifier(),
        ]
    )
    scoring = {"rmse": "neg_root_mean_squared_error", "log_loss": "neg_log_loss", "roc_auc": "roc_auc"}[metric]
    features, label = train.drop(columns="y"), train["y"]
    best, best_score = tried[0], -np.inf
    for model in tried:
        if time.time() > ends_at:
            break
        score = cross_val_score(model, features, label, cv=5, scoring=scoring).mean()
        if score > best_score:
            best, best_score = model, score
    best.fit(features, label)
    rows = test.drop(columns="y")
    if is_number:
        return pd.DataFrame({"value": best.predict(rows)})
    return pd.DataFrame(best.predict_proba(rows), columns=[str(one) for one in best.classes_])


def by_autogluon(train: pd.DataFrame, test: pd.DataFrame, metric: str, ends_at: float) -> pd.DataFrame:
    from autogluon.tabular import TabularPredictor

    kind = {"rmse": "regression", "log_loss": "multiclass", "roc_auc": "binary"}[metric]
    named = {"rmse": "root_mean_squared_error"}.get(metric, metric)
    predictor = TabularPredictor("y", problem_type=kind, eval_metric=named, path=f"{sys.argv[4]}/direct", verbosity=0)
    predictor.fit(train, presets="medium_quality", time_limit=max(1.0, ends_at - time.time()), num_gpus=0)
    rows = test.drop(columns="y")
    if kind == "regression":
        return pd.DataFrame({"value": predictor.predict(rows)})
    probabilities = predictor.predict_proba(rows)
    return probabilities.rename(columns=str)


def main(engine: str, metric: str, seconds: str, folder: str) -> None:
    train, test = (pd.read_pickle(Path(folder) / f"{name}.pickle") for name in ("train", "test"))
    fit = {"sklearn": by_sklearn, "autogluon": by_autogluon}[engine]
    fit(train, test, metric, STARTED + float(seconds)).to_pickle(Path(folder) / "direct.pickle")


if __name__ == "__main__":
    main(*sys.argv[1:])
