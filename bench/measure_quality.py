"""One engine through `python -m trainer` against its library called directly, on scikit-learn's own sets.

Run in the engine's environment:

    measure_quality.py <engine> <seconds> <set> …

Both learn from the same rows and are judged by the same others, which neither has seen: those that the trainer holds
out for its report, which must say the same score. Prints one line of JSON for each set.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "test" / "trainer-image" / "trainer"))
from trainer_bench import TRAINER_IMAGE, Yard

from trainer.split import holdout

_SETS = {
    "breast_cancer": ("binary", "roc_auc"),
    "iris": ("multiclass", "log_loss"),
    "wine": ("multiclass", "log_loss"),
    "diabetes": ("regression", "rmse"),
    "digits": ("multiclass", "log_loss"),
}
_BROUGHT = ("breast_cancer", "diabetes", "digits")
_JUDGED = 0.4
_SEED = 0
#: Chances are written and read again, and cut at the smallest one.
_SAME = 0.02
_RESAMPLES = 1000
#: Ten comparisons are made: with 95 % one in four runs would find a difference where there is none.
_CERTAINTY = 0.99


def values_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of scikit-learn; where it is not, of those of its sets that Trainyard brings."""
    try:
        from sklearn import datasets
    except ImportError:
        samples = TRAINER_IMAGE / "samples"
        if name == "digits":
            with np.load(samples / "digits.npz") as arrays:
                return arrays["x"].reshape(len(arrays["y"]), -1).astype("float64"), arrays["y"]
        frame = pd.read_csv(samples / f"{name.replace('_', '-')}.csv")
        label = frame.pop({"breast_cancer": "diagnosis", "diabetes": "progression"}[name])
        target = label.to_numpy() if label.dtype.kind in "if" else pd.factorize(label, sort=True)[0]
        return frame.to_numpy("float64"), target
    loaded = getattr(datasets, f"load_{name}")()
    return loaded.data, loaded.target


def rows_of(name: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    data, target = values_of(name)
    frame = pd.DataFrame(data, columns=[f"x{number}" for number in range(data.shape[1])])
    frame["y"] = target
    kept, judged = holdout(frame["y"].to_numpy(), _JUDGED, _SEED, _SETS[name][0] != "regression")
    return frame, frame.iloc[kept].reset_index(drop=True), frame.iloc[judged].reset_index(drop=True)


def goodness(metric: str, truth: np.ndarray, told: np.ndarray) -> float:
    """Higher is better, for all of them."""
    if metric == "rmse":
        return -float(np.sqrt(np.mean((truth - told[:, 0]) ** 2)))
    if metric == "roc_auc":
        return roc_auc(truth, told[:, 1])
    chances = np.clip(told, 1e-6, 1)
    chances /= chances.sum(axis=1, keepdims=True)
    return float(np.log(chances[np.arange(len(truth)), truth.astype("int64")]).mean())


def roc_auc(truth: np.ndarray, told: np.ndarray) -> float:
    """How often one of class 1 is told more than one of class 0; not by the trainer's code, which is what is judged."""
    ones = int(truth.sum())
    if ones in (0, len(truth)):
        return float("nan")
    ranks = pd.Series(told).rank().to_numpy()
    return float((ranks[truth == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(truth) - ones)))


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
    here = _SETS if importlib.util.find_spec("sklearn") else _BROUGHT
    for name in names or here:
        print(json.dumps(compare(engine, int(seconds), name)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
