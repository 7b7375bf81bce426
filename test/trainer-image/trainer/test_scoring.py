from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from trainer.contract import Task
from trainer.interval import ends_of, parts_of
from trainer.metrics import METRICS, default_metric
from trainer.output import Output
from trainer.scoring import Scorer


def task(kind: str, metric: str | None = None) -> Task:
    return Task(kind, "y", METRICS[metric or default_metric(kind)])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_reference_for_two_classes(seed: int):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, 400)
    # Rounded, so that many scores are equal: ties are where an AUC goes wrong.
    p = np.clip(np.round(0.3 * truth + 0.7 * random.random(400), 2), 0.01, 0.99)
    output = Output.of_probabilities(np.column_stack([1 - p, p]))
    scores = Scorer(task("binary"), truth).scores(output)
    decided = output.values
    assert scores["roc_auc"] == pytest.approx(reference.roc_auc_score(truth, p))
    assert scores["log_loss"] == pytest.approx(reference.log_loss(truth, p))
    assert scores["accuracy"] == pytest.approx(reference.accuracy_score(truth, decided))
    assert scores["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(truth, decided))
    assert scores["f1"] == pytest.approx(reference.f1_score(truth, decided))


def test_the_positive_class_may_be_the_first():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 200)
    p = np.clip(0.5 * truth + 0.5 * random.random(200), 0.01, 0.99)
    output = Output.of_probabilities(np.column_stack([1 - p, p]))
    scores = Scorer(task("binary"), truth, positive=0).scores(output)
    assert scores["f1"] == pytest.approx(reference.f1_score(truth, output.values, pos_label=0))
    assert scores["roc_auc"] == pytest.approx(reference.roc_auc_score(truth, p))


def test_agrees_with_the_reference_for_several_classes():
    random = np.random.default_rng(1)
    truth = random.integers(0, 4, 500)
    p = random.dirichlet(np.ones(4), 500)
    output = Output.of_probabilities(p)
    scores = Scorer(task("multiclass"), truth).scores(output)
    assert scores["log_loss"] == pytest.approx(reference.log_loss(truth, p))
    assert scores["f1_macro"] == pytest.approx(reference.f1_score(truth, output.values, average="macro"))
    assert scores["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(truth, output.values))


def test_agrees_with_the_reference_for_numbers():
    random = np.random.default_rng(2)
    truth = random.normal(1000, 3, 300)
    said = truth + random.normal(0, 1, 300)
    scores = Scorer(task("regression"), truth).scores(Output(said))
    assert scores["rmse"] == pytest.approx(reference.root_mean_squared_error(truth, said))
    assert scores["mae"] == pytest.approx(reference.mean_absolute_error(truth, said))
    assert scores["mse"] == pytest.approx(reference.mean_squared_error(truth, said))
    assert scores["r2"] == pytest.approx(reference.r2_score(truth, said))


def test_the_interval_is_about_as_wide_as_theory_says():
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, 1000)
    right = random.random(1000) < 0.8
    decided = np.where(right, truth, 1 - truth)
    output = Output(decided, np.eye(2)[decided])
    interval, low, high = parts_of(Scorer(task("binary", "accuracy"), truth).interval(output))
    assert low is not None and high is not None and low < right.mean() < high
    expected = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert interval == pytest.approx(expected, rel=0.25)


def test_the_interval_of_many_rows_is_that_of_many_rows_though_fewer_are_drawn():
    random = np.random.default_rng(4)
    truth = random.normal(size=40_000)
    output = Output(truth + random.normal(size=40_000))
    interval, low, high = parts_of(Scorer(task("regression", "mae"), truth).interval(output))
    assert low is not None and high is not None and low < np.abs(truth - output.values).mean() < high
    spread = np.abs(truth - output.values).std()
    assert interval == pytest.approx(1.96 * spread / np.sqrt(40_000), rel=0.25)


@pytest.mark.parametrize("rows", [300, 20_000])
def test_near_what_is_possible_the_ends_lie_at_different_distances_and_never_beyond(rows: int):
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, rows)
    p = np.clip(0.8 * truth + 0.1 + random.normal(0, 0.25, rows), 0.001, 0.999)
    output = Output.of_probabilities(np.column_stack([1 - p, p]))
    for metric, best in (("roc_auc", 1.0), ("log_loss", 0.0)):
        scorer = Scorer(task("binary", metric), truth)
        value, ends = scorer.score(output), scorer.interval(output)
        assert ends is not None and ends[0] < value < ends[1]
        assert ends[1] <= best if best else ends[0] >= best
        further, nearer = (value - ends[0], ends[1] - value) if best else (ends[1] - value, value - ends[0])
        assert rows > 300 or further > nearer


def test_the_interval_may_be_told_of_another_score_than_that_of_all_rows_together():
    random = np.random.default_rng(6)
    truth = random.integers(0, 2, 300)
    p = np.clip(0.3 * truth + 0.7 * random.random(300), 0.01, 0.99)
    scorer, output = Scorer(task("binary"), truth), Output.of_probabilities(np.column_stack([1 - p, p]))
    own, told = scorer.interval(output), scorer.interval(output, scorer.score(output) + 0.01)
    assert own is not None and told is not None and np.subtract(told, own) == pytest.approx([0.01, 0.01])


def test_half_a_width_that_an_older_trainer_kept_reaches_no_further_than_what_is_possible():
    assert parts_of(0.02) == (0.02, None, None) and parts_of(None) == (None, None, None)
    assert parts_of([0.9, 0.98]) == (pytest.approx(0.04), 0.9, 0.98)
    assert ends_of(0.99, 0.02, None, None, metric="roc_auc") == (0.97, 1.0)
    assert ends_of(0.01, 0.02, None, None, metric="log_loss") == (0.0, 0.03)
    assert ends_of(0.01, 0.02, None, None, metric="f1") == (0.0, 0.03)
    assert ends_of(0.01, 0.02, None, None, metric="r2") == (-0.01, 0.03)
    assert ends_of(0.99, 0.02, 0.9, 0.995, metric="roc_auc") == (0.9, 0.995)
    assert ends_of(None, None, None, None, metric="roc_auc") is None


def test_what_cannot_be_computed_is_not_a_number_and_no_interval():
    truth = np.zeros(20, dtype="int64")
    output = Output.of_probabilities(np.full((20, 2), 0.5))
    scorer = Scorer(task("binary"), truth)
    assert np.isnan(scorer.score(output))
    assert scorer.interval(output) is None
    assert not METRICS["roc_auc"].better(float("nan"), 0.1)
    assert METRICS["roc_auc"].better(0.1, float("nan"))
