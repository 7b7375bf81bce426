from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from tables import breast_cancer, diabetes, iris, mixed_table, wine
from trainer_bench import Run, Yard

from trainer.report.plots import figure

Here = Callable[[Yard], Run]
FAST = {"algorithm": "extra_trees", "trees": 40}


@pytest.fixture(scope="module")
def cancer(shared_yard: Yard) -> Run:
    """One whole training as the runner starts it, looked at from many sides."""
    shared_yard.ask(breast_cancer(), "diagnosis", "binary", settings={"trees": 60})
    run = shared_yard.train()
    assert run.code == 0, run.log
    return run


def test_tells_of_every_model_as_it_is_fitted(cancer: Run):
    assert cancer.models == [
        "Linear",
        "NearestNeighbours",
        "RandomForest",
        "ExtraTrees",
        "GradientBoosting",
    ]
    rows = cancer.of("leaderboard")
    assert [row["baseline"] for row in rows] == [True] + [False] * 5
    assert rows[0]["model"] == "Baseline: always “benign”" and rows[0]["validation"] == pytest.approx(0.5)
    for row in rows[1:]:
        assert row["metric"] == "roc_auc" and row["higherIsBetter"] is True
        assert 0.9 < row["validation"] <= 1 and 0 < row["interval"] < 0.1
        assert 0.8 < row["low"] < row["validation"] <= row["high"] <= 1
        assert row["fitSeconds"] > 0 and row["predictMsPer1000"] > 0
        assert row["secondsUsed"] + row["secondsLeft"] == pytest.approx(60, abs=1)


def test_the_best_score_so_far_never_gets_worse(cancer: Run):
    values = [event["value"] for event in cancer.of("metric")]
    assert values == sorted(values) and len(values) == 5
    assert {event["name"] for event in cancer.of("metric")} == {"best_roc_auc"}
    steps = [event["step"] for event in cancer.of("metric")]
    assert steps == sorted(steps)


def test_progress_goes_one_way(cancer: Run):
    fractions = [event["fraction"] for event in cancer.of("progress")]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert cancer.events[-1]["type"] == "finished" and "held-out rows" in cancer.events[-1]["sentence"]


def test_judges_the_winner_once_on_rows_that_no_model_has_seen(cancer: Run):
    report = cancer.report
    assert report["rows"] == {"train": 455, "validation": 455, "test": 114}
    best = max(cancer.of("leaderboard"), key=lambda row: row["validation"])
    assert report["best"]["model"] == best["model"]
    assert report["best"]["validation"] == pytest.approx(best["validation"])
    assert 0.9 < report["best"]["test"] <= 1 and report["best"]["testInterval"] > 0
    for low, value, high in (("low", "validation", "high"), ("testLow", "test", "testHigh")):
        assert report["best"][low] < report["best"][value] <= report["best"][high] <= 1
    assert set(report["scores"]["test"]) == {
        "roc_auc",
        "log_loss",
        "accuracy",
        "balanced_accuracy",
        "f1",
    }
    assert report["scores"]["test"]["roc_auc"] == report["best"]["test"]
    assert sum(map(sum, report["confusion"]["matrix"])) == 114
    assert report["confusion"]["labels"] == ["benign", "malignant"]


def test_the_report_has_all_that_the_contract_names(cancer: Run):
    report = cancer.report
    assert {
        "version", "engine", "task", "metric", "best", "scores", "baseline", "leaderboard", "importance", "confusion",
        "residuals", "curves", "warnings", "rows", "seconds", "seed", "versions", "why",
    } <= set(report)  # fmt: skip
    assert report["metric"] == {
        "name": "roc_auc",
        "title": "ROC AUC",
        "higherIsBetter": True,
    }
    assert report["baseline"]["test"] == pytest.approx(0.5) and "better than guessing" in report["baseline"]["sentence"]
    assert [row["baseline"] for row in report["leaderboard"]] == [False] * 5 + [True]
    assert report["curves"]["roc"][0] == [0, 0] and report["curves"]["roc"][-1] == [
        1,
        1,
    ]
    assert set(report["seconds"]) == {"load", "fit", "report", "total"}
    assert report["seconds"]["fit"] + report["seconds"]["report"] <= report["seconds"]["total"]
    assert {"python", "scikit-learn", "trainer"} <= set(report["versions"])
    assert len(report["importance"]) == 30
    means = [row["mean"] for row in report["importance"]]
    assert means == sorted(means, reverse=True)


def test_predicts_a_row_for_each_row_in_order(cancer: Run, shared_yard: Yard):
    frame = breast_cancer().sample(frac=1, random_state=5).reset_index(drop=True).assign(extra="kept")
    run = shared_yard.predict(frame)
    assert run.code == 0, run.log
    answer = duckdb.sql(f"SELECT * FROM '{run.out / 'predictions.parquet'}'").df()
    assert list(answer.columns) == [
        *frame.columns, "diagnosis_predicted", "diagnosis_probability_benign", "diagnosis_probability_malignant",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(answer[frame.columns], frame, check_dtype=False)
    assert (answer["diagnosis_predicted"] == frame["diagnosis"]).mean() > 0.95
    sums = answer["diagnosis_probability_benign"] + answer["diagnosis_probability_malignant"]
    np.testing.assert_allclose(sums, 1)


def test_the_archive_predicts_outside_with_nothing_of_ours(cancer: Run, tmp_path: Path):
    with zipfile.ZipFile(cancer.out / "model.zip") as archive:
        archive.extractall(tmp_path / "model")
    frame = breast_cancer().drop(columns="diagnosis")
    frame.iloc[0, 3] = np.nan
    frame.to_csv(tmp_path / "data.csv", index=False)
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    answer = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", "data.csv"],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = list(csv.DictReader(answer.stdout.splitlines()))
    assert len(rows) == 569 and "extra" not in rows[0]
    said = [row["diagnosis_predicted"] for row in rows]
    assert np.mean(np.array(said) == breast_cancer()["diagnosis"]) > 0.95
    frame.drop(columns="mean area").to_csv(tmp_path / "data.csv", index=False)
    refused = subprocess.run(
        [sys.executable, tmp_path / "model" / "predict.py", tmp_path / "data.csv"],
        env=clean, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode == 65 and "needs the column “mean area”" in refused.stderr


def test_the_archive_names_exact_versions_and_explains_itself(cancer: Run):
    with zipfile.ZipFile(cancer.out / "model.zip") as archive:
        requirements = archive.read("requirements.txt").decode().split()
        readme = archive.read("README.md").decode()
        schema = json.loads(archive.read("input-schema.json"))
        assert json.loads(archive.read("recipe.json")) is None
        assert archive.read("report.json") == (cancer.out / "report.json").read_bytes()
    assert all("==" in line for line in requirements)
    assert any(line.startswith("scikit-learn==") for line in requirements)
    assert not any(line.startswith("duckdb") for line in requirements)
    assert "python predict.py data.csv > predictions.csv" in readme
    best = cancer.report["best"]
    ends = f"between {figure(best['testLow'])} and {figure(best['testHigh'])} with 95 % confidence"
    assert f"ROC AUC {figure(best['test'])} on 114 held-out rows ({ends})." in readme and "±" not in readme
    assert schema["label"]["classes"] == ["benign", "malignant"] and len(schema["columns"]) == 30


def test_several_classes(yard: Yard, here: Here):
    run = here(yard.ask(iris(), "species", "multiclass", settings=FAST))
    assert run.code == 0
    report = run.report
    assert report["metric"]["name"] == "log_loss" and report["metric"]["higherIsBetter"] is False
    assert report["scores"]["test"]["accuracy"] > 0.85
    assert report["curves"] is None and report["residuals"] is None
    assert report["confusion"]["labels"] == ["setosa", "versicolor", "virginica"]


def test_a_number(yard: Yard, here: Here):
    run = here(yard.ask(diabetes(), "progression", "regression", settings={"trees": 60}))
    assert run.code == 0
    report = run.report
    assert report["best"]["test"] < report["baseline"]["test"]
    assert report["scores"]["test"]["r2"] > 0.3
    assert report["confusion"] is None and report["curves"] is None
    assert len(report["residuals"]["points"]) == report["rows"]["test"] == 88
    assert sum(report["residuals"]["histogram"]["counts"]) == 88
    assert min(e["value"] for e in run.of("metric")) == run.of("metric")[-1]["value"]


def test_classes_keep_their_own_type(yard: Yard):
    run = yard.ask(wine(), "cultivar", "multiclass", settings=FAST).train()
    assert run.code == 0, run.log
    answer = yard.predict(wine().drop(columns="cultivar"))
    described = duckdb.sql(f"DESCRIBE SELECT * FROM '{answer.out / 'predictions.parquet'}'").fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["cultivar_predicted"] == "BIGINT"
    assert types["cultivar_probability_2"] == "DOUBLE"


@pytest.mark.parametrize(
    "algorithm",
    [
        "auto",
        "linear",
        "ridge",
        "lasso",
        "elastic_net",
        "tree",
        "nearest_neighbours",
        "svm",
        "mlp",
        "hist_gradient_boosting",
    ],
)
@pytest.mark.parametrize(("label", "kind"), [("churned", "binary"), ("spend", "regression")])
def test_takes_the_raw_table(algorithm: str, label: str, kind: str, yard: Yard, here: Here):
    frame = mixed_table().drop(columns="spend" if label == "churned" else "churned")
    run = here(
        yard.ask(
            frame,
            label,
            kind,
            settings={"algorithm": algorithm, "trees": 30},
            split={"folds": 3},
        )
    )
    assert run.code == 0
    better = 1 if run.report["metric"]["higherIsBetter"] else -1
    assert better * run.report["best"]["test"] > better * run.report["baseline"]["test"]
    assert "Left out, because they say the same in every row: country, empty." in run.report["warnings"]
    mattered = [row["column"] for row in run.report["importance"]]
    assert mattered and not {"country", "empty"} & set(mattered)


def test_a_person_sets_any_hyperparameter_by_its_own_name(yard: Yard):
    frame = mixed_table().drop(columns="spend")
    settings = {
        "algorithm": "tree",
        "max_depth": 5,
        "hyperparameters": json.dumps({"criterion": "entropy", "max_leaf_nodes": 4}),
    }
    run = yard.ask(frame, "churned", "binary", settings=settings).train()
    assert run.code == 0, run.log
    with zipfile.ZipFile(run.out / "model.zip") as archive:
        kept = json.loads(archive.read("model/kept.json"))
    assert kept["candidate"]["parameters"] == {"max_depth": 5, "criterion": "entropy", "max_leaf_nodes": 4}


def test_hands_out_the_pipeline_as_a_pickle_too(yard: Yard):
    run = yard.ask(breast_cancer(), "diagnosis", "binary", settings=FAST).train()
    assert run.code == 0, run.log
    extra = run.report["extras"][0]
    path = run.out / "extras" / "model.pkl"
    assert extra["name"] == "model.pkl" and extra["bytes"] == path.stat().st_size
    assert "runs code" in extra["note"]
    code = "import pickle, sys; print(type(pickle.load(open(sys.argv[1], 'rb'))).__module__)"
    said = subprocess.run([sys.executable, "-I", "-c", code, path], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("sklearn.")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"algorithm": "tree", "hyperparameters": "{"}, "no JSON"),
        ({"algorithm": "tree", "hyperparameters": "[1]"}, "no JSON object"),
        ({"hyperparameters": '{"max_depth": 3}'}, "belong to one algorithm"),
        (
            {"algorithm": "tree", "hyperparameters": '{"deepness": 3}'},
            "DecisionTreeClassifier has no hyperparameter “deepness”",
        ),
        ({"algorithm": "tree", "hyperparameters": '{"random_state": 3}'}, "has no hyperparameter “random_state”"),
        ({"algorithm": "tree", "hyperparameters": '{"criterion": "beauty"}'}, "'criterion' parameter"),
        ({"algorithm": "mlp", "hidden_layers": "64, many"}, "Hidden layers are one to ten widths"),
    ],
)
def test_a_hyperparameter_that_cannot_be_is_refused(yard: Yard, here: Here, settings: dict[str, str], said: str):
    run = here(yard.ask(mixed_table().drop(columns="spend"), "churned", "binary", settings=settings))
    assert run.code == 65
    assert run.failure["type"] == "BadSettings" and said in run.failure["message"]


def test_predicts_what_it_has_never_seen(yard: Yard):
    run = yard.ask(mixed_table(), "churned", "binary", settings=FAST).train()
    assert run.code == 0, run.log
    strange = mixed_table(20, seed=9).drop(columns=["churned", "spend"])
    strange["plan"] = "enterprise"
    strange["city"] = None
    strange["note"] = ""
    strange["joined"] = pd.NaT
    answer = yard.predict(strange.assign(spend=1.0))
    assert answer.code == 0, answer.log
    assert len(duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'").df()) == 20


def test_the_same_seed_gives_the_same_model(yard: Yard):
    frame = mixed_table().drop(columns="spend")
    settings = {"algorithm": "hist_gradient_boosting", "trees": 30}
    runs = [yard.ask(frame, "churned", "binary", settings=settings, split={"seed": 7}).train(out) for out in "ab"]
    first, second = (run.report for run in runs)
    for timed in ("seconds", "leaderboard", "history", "madeAt"):
        first.pop(timed)
        second.pop(timed)
    assert first == second and first["seed"] == 7
    other = yard.ask(frame, "churned", "binary", settings=settings, split={"seed": 8}).train("c").report
    assert other["best"]["validation"] != first["best"]["validation"]


def test_one_split_for_many_rows_and_the_winner_then_learns_from_all(yard: Yard, here: Here):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(25_100, 3)), columns=["a", "b", "c"])
    frame["y"] = frame["a"] * 2 + frame["b"] + random.normal(size=len(frame))
    run = here(yard.ask(frame, "y", "regression", settings={"algorithm": "linear"}))
    assert run.code == 0
    assert run.report["rows"] == {"train": 20_080, "validation": 4016, "test": 5020}
