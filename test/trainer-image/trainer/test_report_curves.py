"""ROC and precision by recall of several classes and of several labels, held against scikit-learn."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

from trainer.output import Output
from trainer.report.classes import calibration_of_labels
from trainer.report.curve_sections import curves_each
from trainer.report.curves_each import curves_of_classes, curves_of_labels


def several(classes: int, rows: int = 600, seed: int = 0) -> tuple[np.ndarray, Output, list[str]]:
    """The first class is the commonest; what is said is often right. Scores come in steps, so that there are ties."""
    random = np.random.default_rng(seed)
    weights = np.linspace(2, 1, classes)
    truth = random.choice(classes, rows, p=weights / weights.sum())
    said = random.random((rows, classes)) + 0.8 * np.eye(classes)[truth]
    shares = np.round(said / said.sum(axis=1, keepdims=True), 2)
    return truth, Output(shares.argmax(axis=1), shares), [f"k{code}" for code in range(classes)]


def test_each_class_against_the_rest_is_as_scikit_learn_counts_it():
    truth, output, names = several(4)
    assert output.probabilities is not None
    found = curves_of_classes(truth, output, names)
    assert found is not None and found["of"] == "class" and [row["name"] for row in found["rows"]] == names
    for code, row in enumerate(found["rows"]):
        given = output.probabilities[:, code]
        assert row["rocAuc"] == pytest.approx(roc_auc_score(truth == code, given))
        assert row["averagePrecision"] == pytest.approx(average_precision_score(truth == code, given))
        assert row["rows"] == (truth == code).sum()
        assert row["roc"][0] == [0, 0] and row["roc"][-1] == [1, 1] and row["pr"][-1][0] == 1
        x, y, _ = roc_curve(truth == code, given, drop_intermediate=False)
        assert np.trapezoid(*reversed(np.array(row["roc"]).T)) == pytest.approx(np.trapezoid(y, x), abs=0.01)
    macro = found["macro"]
    shares = output.probabilities / output.probabilities.sum(axis=1, keepdims=True)
    assert macro["rocAuc"] == pytest.approx(roc_auc_score(truth, shares, multi_class="ovr"), abs=0.01)
    assert macro["rocAuc"] == pytest.approx(np.mean([row["rocAuc"] for row in found["rows"]]))
    # The line that is drawn for the average has the area that stands beside it.
    assert np.trapezoid(*reversed(np.array(macro["roc"]).T)) == pytest.approx(macro["rocAuc"], abs=0.01)
    assert np.mean(np.array(macro["pr"])[:, 1]) == pytest.approx(macro["averagePrecision"], abs=0.01)


def test_of_many_classes_a_dozen_are_drawn_and_the_rest_named():
    truth, output, names = several(20, 3000)
    found = curves_of_classes(truth, output, names)
    assert found is not None and len(found["rows"]) == 20 and found["macro"]["of"] == 20
    assert [("roc" in row) for row in found["rows"]] == [True] * 12 + [False] * 8
    counts = [row["rows"] for row in found["rows"]]
    assert counts == sorted(counts, reverse=True)
    page = curves_each({"curvesEach": found})
    assert all(f'<th scope="row">{name}</th>' in page for name in names)
    assert page.count("<svg") == 2 + 12 * 2 and "The 12 commonest classes are drawn." in page

    many = curves_of_classes(*several(130, 4000))
    assert many is not None and len(many["rows"]) == 100 and many["leftOut"] == 30
    assert "30 more classes are left out." in curves_each({"curvesEach": many})


def test_without_time_the_commonest_is_there_and_the_rest_is_counted_as_left_out():
    found = curves_of_classes(*several(6), seconds=0)
    assert found is not None and len(found["rows"]) == 1 and found["leftOut"] == 5 and found["macro"]["of"] == 1


def test_a_class_without_rows_has_no_curve_and_is_named():
    truth, output, names = several(3)
    truth[truth == 2] = 0
    found = curves_of_classes(truth, output, names)
    assert found is not None and found["alike"] == ["k2"] and found["macro"]["of"] == 2
    assert "without a curve: “k2”." in curves_each({"curvesEach": found})
    truth[:] = 0
    assert curves_of_classes(truth, output, names) is None and curves_each({"curvesEach": None}) == ""
    assert curves_of_classes(truth, Output(output.values, None), names) is None


def test_each_label_has_its_curve_and_all_labels_one_calibration():
    random = np.random.default_rng(1)
    truth = (random.random((500, 3)) < [0.5, 0.3, 0.1]).astype("int64")
    given = np.clip(0.4 * truth + 0.6 * random.random(truth.shape), 0, 1)
    output = Output((given >= 0.5).astype("int64"), given)
    found = curves_of_labels(truth, output, ["a", "<b>", "c"])
    assert found is not None and found["of"] == "label" and [row["name"] for row in found["rows"]] == ["a", "<b>", "c"]
    assert found["macro"]["averagePrecision"] == pytest.approx(average_precision_score(truth, given, average="macro"))
    assert found["macro"]["rocAuc"] == pytest.approx(roc_auc_score(truth, given, average="macro"))
    page = curves_each({"curvesEach": found})
    assert "each by itself" in page and "<b>" not in page and "&lt;b&gt;" in page
    HTMLParser().feed(page)
    bins = calibration_of_labels(truth, output)
    assert bins is not None and bins["of"] == "yes" and sum(one["count"] for one in bins["bins"]) == truth.size
    assert bins["brier"] == pytest.approx(brier_score_loss(truth.ravel(), given.ravel()))
