"""Several columns of yes or no at once: what every part of the trainer but the engine makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import toxic_comments
from trainer_bench import Run, Yard

from trainer.baseline import Baseline
from trainer.contract import Task, TrainSpec, read_train_spec
from trainer.failures import TrainerFailure
from trainer.interval import parts_of
from trainer.labels import read_labels
from trainer.metrics import METRICS
from trainer.output import Output
from trainer.portable.predict import golden_outcome, named, output_names
from trainer.reading import Parquet
from trainer.report.leakage import leaking_to_labels
from trainer.report.page import make_page
from trainer.report.per_label import per_label, worst_rows
from trainer.scoring import Scorer
from trainer.split import folds, given_folds, holdout

Here = Callable[[Yard], Run]
NAMES = ["toxic", "severe", "obscene", "threat", "insult", "hate"]


def spec_of(yard: Yard, frame: pd.DataFrame, labels: list[str], **changes: Any) -> TrainSpec:
    import json

    yard.ask(frame, labels, "multilabel", engine="torch", **changes)
    (yard.work / "spec.json").write_text(json.dumps(yard.spec), "utf-8")
    return read_train_spec(yard.work / "spec.json", yard.work)


def several(metric: str = "roc_auc_mean") -> Task:
    return Task("multilabel", "a and b", METRICS[metric], labels=("a", "b"))


TRUTH = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [0, 0], [1, 0]])
GIVEN = np.array([[0.9, 0.1], [0.6, 0.7], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3], [0.3, 0.2]])
SAID = Output((GIVEN >= 0.5).astype("int64"), GIVEN)


def test_scores_are_those_of_scikit_learn_averaged_over_the_labels():
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    scores = Scorer(several(), TRUTH).scores(SAID)
    assert scores["roc_auc_mean"] == pytest.approx(roc_auc_score(TRUTH, GIVEN, average="macro"))
    losses = [log_loss(TRUTH[:, at], GIVEN[:, at]) for at in range(2)]
    assert scores["log_loss_mean"] == pytest.approx(np.mean(losses))
    assert scores["subset_accuracy"] == pytest.approx(accuracy_score(TRUTH, SAID.values)) == 3 / 6
    assert set(scores) == {"roc_auc_mean", "log_loss_mean", "subset_accuracy"}


def test_a_label_that_all_rows_have_alike_does_not_count_in_the_mean():
    truth = TRUTH.copy()
    truth[:, 1] = 0
    alone = Scorer(Task("binary", "a", METRICS["roc_auc"]), truth[:, 0])
    expected = alone.score(Output(SAID.values[:, 0], np.column_stack([1 - GIVEN[:, 0], GIVEN[:, 0]])))
    assert Scorer(several(), truth).score(SAID) == pytest.approx(expected)
    assert per_label(truth, SAID, ["a", "b"])[1]["rocAuc"] is None


def test_the_interval_is_narrower_with_more_rows_and_the_difference_is_that_of_the_scores():
    random = np.random.default_rng(0)
    widths: list[float] = []
    for rows in (200, 5000):
        truth = (random.random((rows, 3)) < 0.3).astype("int64")
        given = np.clip(0.3 * truth + 0.7 * random.random(truth.shape), 0, 1)
        said = Output((given >= 0.5).astype("int64"), given)
        scorer = Scorer(several(), truth)
        guess = Output(np.zeros_like(truth), np.tile(truth.mean(axis=0), (rows, 1)))
        gain = scorer.difference(said, guess)
        assert gain is not None and gain.value == pytest.approx(scorer.score(said) - 0.5)
        assert gain.low > 0
        widths.append(parts_of(scorer.interval(said))[0] or 0.0)
    assert 0 < widths[1] < widths[0] / 3


def test_the_baseline_says_how_often_each_label_is(yard: Yard):
    frame = toxic_comments(200)
    spec = spec_of(yard, frame, NAMES)
    labels = read_labels(Parquet(spec.data), spec)
    output = Baseline(spec.task, labels).fit(labels.values).predict(3)
    assert output.values.shape == (3, 6)
    assert output.probabilities is not None
    assert output.probabilities[0].tolist() == pytest.approx([(frame[name] == "yes").mean() if name == "insult" else frame[name].mean() for name in NAMES])  # fmt: skip


def test_labels_are_read_as_yes_or_no_whatever_stands_for_them(yard: Yard):
    frame = pd.DataFrame(
        {
            "x": range(6),
            "flag": [True, False, True, False, True, True],
            "number": [0, 1, 1, 0, 0, 1],
            "word": ["Yes", "no", "no", "Yes", "no", "Yes"],
            "kind": ["clean", "toxic", "clean", "toxic", "clean", None],
        }
    )
    spec = spec_of(yard, frame, ["kind", "flag", "number", "word"])
    labels = read_labels(Parquet(spec.data), spec)
    assert labels.pairs == [["clean", "toxic"], [False, True], [0, 1], ["no", "Yes"]]
    assert labels.values.tolist() == [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0]]
    assert labels.without_label == 1


def test_every_part_has_some_of_the_rarest_label():
    random = np.random.default_rng(3)
    values = (random.random((400, 3)) < [0.5, 0.2, 0.01]).astype("int64")
    values[:6, 2] = 1
    train, held = holdout(values, 0.2, 0, False)
    assert len(held) == 80 and values[held].sum(axis=0).min() >= 1 and values[train].sum(axis=0).min() >= 1
    rare = [int(values[judged, 2].sum()) for _, judged in folds(values, 3, 0, False)]
    assert max(rare) - min(rare) <= 1
    fold_of = np.arange(400) % 4
    assert [len(judged) for _, judged in given_folds(values, fold_of, False)] == [100] * 4


def test_each_label_is_reported_by_itself():
    from sklearn.metrics import log_loss

    first, second = per_label(TRUTH, SAID, ["a", "b"])
    assert first == {
        "label": "a", "rocAuc": pytest.approx(6 / 9), "logLoss": pytest.approx(log_loss(TRUTH[:, 0], GIVEN[:, 0])), "precision": 2 / 3,
        "recall": 2 / 3, "f1": 2 / 3, "support": 3, "predicted": 3,
    }  # fmt: skip
    assert (second["precision"], second["recall"], second["support"]) == (2 / 3, 1.0, 2)


def test_the_worst_rows_are_those_that_were_surest_of_a_wrong_label():
    found = worst_rows(pd.DataFrame({"text": list("abcdef")}), TRUTH, SAID, ["a", "b"], ["text"])
    assert [row["values"] for row in found["rows"]] == [["e"], ["f"], ["c"]]
    assert found["rows"][0] == {"truth": "none", "predicted": "a", "size": 0.7, "values": ["e"]}


def test_a_copy_of_any_label_is_flagged():
    random = np.random.default_rng(0)
    truth = (random.random((300, 2)) < 0.4).astype("int64")
    frame = pd.DataFrame({"noise": random.random(300), "copy of b": truth[:, 1]})
    found, unseen = leaking_to_labels(frame, truth, ["a", "b"], 20, 0)
    assert [(hint["column"], hint["kind"]) for hint in found] == [("copy of b", "copy")]
    assert "“b”" in found[0]["sentence"] and not unseen


def test_predictions_have_two_columns_for_each_label():
    schema = {"labels": [{"name": "a", "classes": [False, True]}, {"name": "b", "classes": ["no", "Yes"]}]}
    assert output_names(schema) == ["a_predicted", "a_probability", "b_predicted", "b_probability"]
    answer = named(schema, SAID.values, GIVEN)
    assert answer["b_predicted"].tolist() == ["no", "Yes", "Yes", "Yes", "no", "no"]
    assert answer["a_probability"].tolist() == GIVEN[:, 0].tolist()


def test_of_rows_to_compare_with_all_probabilities_are_kept_and_no_decisions():
    from types import SimpleNamespace

    schema = {
        "prepared": [{"name": "x", "sqlType": "DOUBLE"}],
        "labels": [{"name": "a", "classes": [False, True]}, {"name": "b", "classes": ["no", "yes"]}],
    }
    rows = {"columns": ["x"], "rows": [[str(at)] for at in range(6)]}
    recipe = SimpleNamespace(
        prepare_frame=lambda frame: SimpleNamespace(
            features=frame.astype("float64"), kept=np.full(6, True), left_out=[None] * 6
        )
    )
    outcome = golden_outcome(schema, recipe, rows, lambda frame: (SAID.values, GIVEN))
    assert outcome["predicted"]["columns"] == ["a_probability", "b_probability"]
    assert [float(value) for value in outcome["predicted"]["rows"][1]] == [0.6, 0.7]


def test_the_page_shows_label_by_label_and_says_what_it_leaves_out(yard: Yard, here: Here):
    run = here(
        yard.ask(toxic_comments(150).drop(columns=NAMES[1:]), "toxic", "binary", settings={"algorithm": "linear"})
    )
    rows = per_label(TRUTH, SAID, ["<a>", "b"])
    changed = {**run.report, "task": "multilabel", "perLabel": rows, "confusion": None, "perClass": None}
    page = make_page(changed, [], {})
    assert "Label by label" in page and "&lt;a&gt;" in page and "several columns of yes or no" in page
    assert "What is taken for what" not in page


BAD: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "one label": ({}, ["toxic"], "choose 2 to 100 of them; 1 is chosen"),
    "a label twice": ({}, ["toxic", "toxic"], "“toxic” is chosen twice"),
    "a label that is not there": ({}, ["toxic", "rude"], "“rude”, is not in the data"),
    "three values": ({"severe": ["a", "b", "c"] * 50}, NAMES, "“severe” has 3 different values (“a”, “b”, “c”)"),
    "always the same": ({"threat": False}, NAMES, "“threat” has the same value, “false”, in every row"),
    "a lonely yes": ({"hate": [True] + [False] * 149}, NAMES, "In “hate”, only one row has the value “true”"),
    "no row with all": ({"toxic": None}, NAMES, "No row has a value in every one of “toxic”"),
}


@pytest.mark.parametrize("case", BAD)
def test_labels_that_cannot_be_learned_get_a_sentence(case: str, yard: Yard):
    changes, labels, said = BAD[case]
    with pytest.raises(TrainerFailure) as refused:
        spec = spec_of(yard, toxic_comments(150).assign(**changes), labels)
        read_labels(Parquet(spec.data), spec)
    assert refused.value.type == "BadLabel" and said in str(refused.value)


@pytest.mark.parametrize("engine", ["sklearn", "autogluon", "h2o"])
def test_another_engine_refuses(engine: str, yard: Yard, here: Here):
    run = here(yard.ask(toxic_comments(60), NAMES, "multilabel", engine=engine))
    assert run.code == 65 and run.failure["type"] == "BadSettings"
    assert "cannot do the task “multilabel”" in run.failure["message"]


def test_a_metric_of_classes_does_not_fit(yard: Yard):
    with pytest.raises(TrainerFailure, match="Choose one of roc_auc_mean, log_loss_mean, subset_accuracy"):
        spec_of(yard, toxic_comments(60), NAMES, metric="accuracy")
