"""The fit that Trainyard's AutoGluon engine would make, as somebody writes it who calls AutoGluon without Trainyard.

Run in the engine's environment, with `trainer-image` on the path for two answers that must be the same on both sides:
which rows are learned from, and which models the preset names.

    direct_autogluon.py <table> <label> <seconds> <folder> <facts to write>
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

STARTED = time.time()

import duckdb  # noqa: E402
from autogluon.tabular import TabularPredictor  # noqa: E402
from trainer.engines.autogluon.portfolio import portfolio  # noqa: E402
from trainer.split import holdout  # noqa: E402

HOLDOUT, SEED = 0.2, 0
SETTINGS: dict = {"preset": "best", "include": [], "exclude": []}


def main(table: str, label: str, seconds: str, folder: str, facts: str) -> None:
    imported = time.time()
    frame = duckdb.sql(f"from read_parquet('{table}')").df()
    codes = frame[label].astype("category").cat.codes.to_numpy()
    kept, _ = holdout(codes, HOLDOUT, SEED, True)
    began = time.time()
    predictor = TabularPredictor(label=label, problem_type="binary", eval_metric="roc_auc", path=folder, verbosity=2)
    predictor.fit(
        frame.iloc[kept].reset_index(drop=True),
        presets=f"{SETTINGS['preset']}_quality",
        hyperparameters=portfolio(SETTINGS),
        time_limit=float(seconds) - (began - STARTED),
        num_gpus=0,
    )
    ended = time.time()
    told = {
        "imports": imported - STARTED,
        "load": began - imported,
        "fit": ended - began,
        "toFit": began - STARTED,
        "models": sorted(predictor.model_names()),
        "best": predictor.model_best,
    }
    Path(facts).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
