"""One engine through `python -m trainer` against its library called directly, on scikit-learn's own sets.

Run in the engine's environment:

    measure_quality.py <engine> <seconds> <set> …

Both learn from the same rows and are judged by the same others, which neither has seen: those that the trainer holds
out for its report, which must say the same score. Prints one line of JSON for each set.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

sys.path.insert(0, str(Path(__file__).parents[1] / "test" / "trainer-image" / "trainer"))
from trainer_bench import Yard

from trainer.split import holdout

_SETS = {
    "breast_cancer": ("binary", "roc_auc"),
    "iris": ("multiclass", "log_loss"),
    "wine": ("multiclass", "log_loss"),
    "diabetes": ("regression", "rmse"),
    "digits": ("multiclass", "log_loss"),
}
_JUDGED = 0.4
_SEED = 0
#: Chances are written and read again, and cut at the smallest one.
_SAME = 0.02
_RESAMPLES = 1000
#: Ten comparisons are made: with 95 % one in four runs would find a difference where there is none.
_CERTAINTY = 0.99


def rows_of(name: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    loaded = getattr(datasets, f"load_{name}")()
    frame = pd.DataFrame(loaded.data, columns=[f"x{number}" for number in range(loaded.data.shape[1])])
    frame["y"] = loaded.target
    kept, judged = holdout(frame["y"].to_numpy(), _JUDGED, _SEED, _SETS[name][0] != "regression")
    return frame, frame.iloc[kept].reset_index(drop=True), frame.iloc[judged].reset_index(drop=True)


def goodness(metric: str, truth: np.ndarray, told: np.ndarray) -> float:
    """Higher is better, for all of them."""
    if metric == "rmse":
        return -root_mean_squared_error(truth, told[:, 0])
    if metric == "roc_auc":
        return roc_auc_score(truth, told[:, 1]) if len(np.unique(truth)) > 1 else float("nan")
    chances = np.clip(told, 1e-6, 1)
    return -log_loss(truth, chances / chances.sum(axis=1, keepdims=True), labels=np.arange(told.shape[1]))


def difference(metric: str, truth: np.ndarray, ours: np.ndarray, direct: np.ndarray) -> tuple[float, float, float]:
    """Ours less the other, and its interval by drawing the judged rows again and again."""
    random = np.random.default_rng(_SEED)
    found = []
    for _ in range(_RESAMPLES):
        rows = random.integers(0, len(truth), len(truth))
        found.append(goodness(metric, truth[rows], ours[rows]) - goodness(metric, truth[rows], direct[rows]))
    low, high = np.nanquantile(found, [(1 - _CERTAINTY) / 2, (1 + _CERTAINTY) / 2])
    return goodness(metric, truth, ours) - goodness(metric, truth, direct), float(low), float(high)


def compare(engine: str, seconds: int, name: str) -> dict[str, object]:
    kind, metric = _SETS[name]
    whole, train, test = rows_of(name)
    with tempfile.TemporaryDirectory(prefix="trainyard-quality-") as folder:
        yard = Yard(Path(folder))
        divided = {"holdoutFraction": _JUDGED, "seed": _SEED}
        yard.ask(whole, "y", kind, engine=engine, metric=metric, seconds=seconds, split=divided)
        began = time.perf_counter()
        run = yard.train()
        our_seconds = time.perf_counter() - began
        if run.code != 0:
            raise SystemExit(f"{engine} on {name} ended with {run.code}: {run.log[-2000:]}")
        reported = run.report["best"]["test"]
        answer = yard.predict(test.drop(columns="y"), engine=engine)
        told = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'").df()
        chances = sorted(column for column in told if column.startswith("y_probability_"))
        ours = told[chances or ["y_predicted"]].to_numpy(dtype="float64")

        train.to_pickle(Path(folder) / "train.pickle")
        test.to_pickle(Path(folder) / "test.pickle")
        began = time.perf_counter()
        script = Path(__file__).with_name("direct_call.py")
        subprocess.run([sys.executable, str(script), engine, metric, str(seconds), folder], check=True)
        direct_seconds = time.perf_counter() - began
        direct = pd.read_pickle(Path(folder) / "direct.pickle").to_numpy(dtype="float64")
    truth = test["y"].to_numpy()
    if abs(abs(goodness(metric, truth, ours)) - reported) > _SAME:
        raise SystemExit(f"{engine} on {name}: the report says {reported}, so it was judged by other rows.")
    more, low, high = difference(metric, truth, ours, direct)
    return {
        "engine": engine,
        "set": name,
        "metric": metric,
        "ours": abs(goodness(metric, truth, ours)),
        "direct": abs(goodness(metric, truth, direct)),
        "better": more,
        "low": low,
        "high": high,
        "ourSeconds": our_seconds,
        "directSeconds": direct_seconds,
    }


def main(engine: str, seconds: str, *names: str) -> None:
    for name in names or _SETS:
        print(json.dumps(compare(engine, int(seconds), name)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
