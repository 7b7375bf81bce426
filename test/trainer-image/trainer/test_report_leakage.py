from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from tables import breast_cancer, diabetes, iris, mixed_table, wine
from trainer_bench import Run, Yard

from trainer.report.leakage import doubled_rows, leaking_columns
from trainer.report.single_column import SingleColumn
from trainer.split import holdout

Here = Callable[[Yard], Run]


def digits() -> pd.DataFrame:
    return datasets.load_digits(as_frame=True).frame.rename(columns={"target": "digit"})


REAL: list[tuple[Callable[[], pd.DataFrame], str, bool]] = [
    (breast_cancer, "diagnosis", True),
    (iris, "species", True),
    (wine, "cultivar", True),
    (digits, "digit", True),
    (diabetes, "progression", False),
]
ids = [label for _, label, _ in REAL]


def coded(frame: pd.DataFrame, label: str, classes: bool) -> tuple[pd.DataFrame, np.ndarray]:
    values = frame.pop(label)
    return frame, pd.factorize(values)[0] if classes else values.to_numpy("float64")


def hints(frame: pd.DataFrame, truth: np.ndarray, classes: bool, seed: int = 0, seconds: float = 60) -> dict[str, str]:
    """As in a training: by the rows that are learned from."""
    kept, _ = holdout(truth, 0.2, seed, classes)
    count = len(np.unique(truth)) if classes else None
    found, unseen = leaking_columns(frame.iloc[kept].reset_index(drop=True), truth[kept], count, "y", seconds, seed)
    assert not unseen
    return {hint["column"]: hint["kind"] for hint in found}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("make", "label", "classes"), REAL, ids=ids)
def test_finds_nothing_in_real_tables(make: Callable[[], pd.DataFrame], label: str, classes: bool, seed: int):
    frame, truth = coded(make(), label, classes)
    assert hints(frame, truth, classes, seed) == {}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("make", "label", "classes"), REAL, ids=ids)
def test_flags_every_planted_leak(make: Callable[[], pd.DataFrame], label: str, classes: bool, seed: int):
    frame, truth = coded(make(), label, classes)
    real = set(frame.columns)
    random = np.random.default_rng(seed)
    wrong = random.random(len(truth)) < 0.01
    place = np.empty(len(truth), dtype="int64")
    place[np.argsort(truth, kind="stable")] = np.arange(len(truth))
    frame = frame.assign(
        copy=[f"is {value}" for value in truth] if classes else truth,
        noisy=truth + random.normal(0, 0.01 * truth.std(), len(truth)),
        mistaken=np.where(wrong, random.permutation(truth), truth),
        number=place + 1000,
        key=[f"A-{value:06d}" for value in place],
    )
    found = hints(frame, truth, classes, seed)
    assert set(found) == {"copy", "noisy", "mistaken", "number", "key"} and not set(found) & real
    assert found["copy"] == "copy" and found["number"] == found["key"] == "order"
    # By chance no row at all may be mistaken.
    assert found["noisy"] == "near_copy" and found["mistaken"] in ("near_copy", "copy")


def test_what_is_missing_can_tell_too():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 400)
    cancelled = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 400, 400), unit="D"))
    frame = pd.DataFrame({"cancelled on": cancelled.where(truth == 1), "chance": random.normal(size=400)})
    assert hints(frame, truth, True) == {"cancelled on": "predicts"}


def test_a_rare_class_is_no_leak_of_the_commonest():
    random = np.random.default_rng(0)
    truth = (random.random(2000) < 0.01).astype("int64")
    frame = pd.DataFrame({"constant but once": (np.arange(2000) == 7).astype(float), "id": np.arange(2000)})
    assert hints(frame, truth, True) == {}


def test_is_judged_by_rows_that_it_did_not_learn_from():
    random = np.random.default_rng(0)
    words = pd.Series(["".join(random.choice(list("abcdefgh"), 9)) for _ in range(300)])
    numbers = pd.Series(random.normal(size=300))
    for column in (words, numbers):
        assert SingleColumn(random.integers(0, 2, 300), 2, 0).skill(column) < 0.2
        assert SingleColumn(random.normal(size=300), None, 0).skill(column) < 0.2


def test_names_the_columns_it_had_no_time_for():
    frame, truth = coded(breast_cancer(), "diagnosis", True)
    found, unseen = leaking_columns(frame, truth, 2, "diagnosis", 0.0, 0)
    assert found == [] and len(unseen) == 30


def test_counts_held_out_rows_that_were_learned_from():
    frame, _ = coded(breast_cancer(), "diagnosis", True)
    assert doubled_rows(frame[:400], frame[400:]) is None
    doubled = pd.concat([frame[400:], frame[:20]])
    hint = doubled_rows(frame[:400], doubled)
    assert hint is not None and hint["score"] == pytest.approx(20 / 189)
    assert hint["sentence"].startswith("20 of 189 held-out rows (11%) have the same values")


def test_a_training_says_so_and_what_to_do(yard: Yard, here: Here):
    frame = mixed_table(400).drop(columns="spend")
    frame["result"] = frame["churned"].map({"yes": "J", "no": "N"})
    run = here(yard.ask(frame, "churned", "binary", settings={"algorithm": "extra_trees", "trees": 20}))
    assert run.code == 0
    (hint,) = run.report["leakage"]
    assert hint["column"] == "result" and hint["kind"] == "copy" and "Leave the column out" in hint["sentence"]
    page = (run.out / "report.html").read_text("utf-8")
    assert "Too good to be true?" in page and "“result” says the same as “churned” in every row" in page
