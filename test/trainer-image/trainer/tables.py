"""Small tables, made and real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SAMPLES = Path(__file__).parents[3] / "trainer-image" / "samples"


def sample(name: str) -> pd.DataFrame:
    """A set of scikit-learn's as Trainyard brings it, for environments that have no scikit-learn."""
    return pd.read_csv(SAMPLES / f"{name}.csv")


def breast_cancer() -> pd.DataFrame:
    from sklearn import datasets

    frame = datasets.load_breast_cancer(as_frame=True).frame
    return frame.assign(diagnosis=frame.pop("target").map({0: "malignant", 1: "benign"}))


def iris() -> pd.DataFrame:
    from sklearn import datasets

    frame = datasets.load_iris(as_frame=True).frame
    return frame.assign(species=frame.pop("target").map({0: "setosa", 1: "versicolor", 2: "virginica"}))


def wine() -> pd.DataFrame:
    """Its label is a whole number."""
    from sklearn import datasets

    return datasets.load_wine(as_frame=True).frame.rename(columns={"target": "cultivar"})


def diabetes() -> pd.DataFrame:
    from sklearn import datasets

    return datasets.load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})


def mixed_table(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """Everything a table can hold: numbers with gaps, categories, many-valued ones, yes/no, dates, free text, a constant."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 12, rows).round()
    plan = random.choice(["basic", "plus", "pro"], rows)
    joined = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1500, rows), unit="D")
    words = [
        "slow",
        "broken",
        "refund",
        "great",
        "love",
        "thanks",
        "again",
        "support",
        "invoice",
        "quick",
    ]
    unhappy = random.random(rows) < 0.4
    notes = [
        " ".join(
            [
                "the",
                *random.choice(words[:3] if sad else words[3:6], 2),
                *random.choice(words[6:], 4),
                f"no {i}",
            ]
        )
        for i, sad in enumerate(unhappy)
    ]
    score = 0.05 * (age - 40) + 2.0 * unhappy + (plan == "basic") + random.normal(0, 0.5, rows)
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(rows) < 0.1, np.nan, age),
            "visits": random.integers(0, 50, rows),
            "plan": pd.Series(plan).mask(random.random(rows) < 0.05),
            "city": [f"city {number}" for number in random.integers(0, 90, rows)],
            "newsletter": pd.Series(random.choice([1.0, 0.0, np.nan], rows, p=[0.5, 0.4, 0.1])).astype("boolean"),
            "joined": joined,
            "note": notes,
            "country": "NL",
            "empty": pd.array([None] * rows, dtype="Float64"),
            'odd "name", [x]:{y}': random.normal(size=rows),
        }
    )
    return frame.assign(churned=np.where(score > 1, "yes", "no"), spend=(10 * score + 50).round(2))


def toxic_comments(rows: int = 600) -> pd.DataFrame:
    """Comments with six labels, each told by words of its own; the last are rare. One is in words and one of numbers."""
    random = np.random.default_rng(5)
    words = {
        "toxic": ["awful", "nasty", "rotten"],
        "severe": ["vile", "monstrous", "despicable"],
        "obscene": ["filthy", "smutty", "lewd"],
        "threat": ["beware", "revenge", "watchout"],
        "insult": ["idiot", "moron", "fool"],
        "hate": ["loathe", "scum", "vermin"],
    }
    shares = [0.4, 0.15, 0.2, 0.1, 0.25, 0.1]
    common = [f"word{number}" for number in range(40)]
    there = random.random((rows, len(words))) < shares
    texts = []
    for row in there:
        said = [word for has, of in zip(row, words.values(), strict=True) if has for word in random.choice(of, 2)]
        texts.append(" ".join(random.permutation([*random.choice(common, 8), *said])))
    frame = pd.DataFrame({"comment": texts, **{name: there[:, at] for at, name in enumerate(words)}})
    return frame.assign(insult=np.where(frame["insult"], "yes", "no"), threat=frame["threat"].astype("int64"))


def slow_table() -> pd.DataFrame:
    """The first two algorithms take it in a second, the forest far longer than any test waits."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(4000, 40))).rename(columns=lambda number: f"x{number}")
    return frame.assign(y=np.where(frame["x0"] + random.normal(size=4000) > 0, "up", "down"))


#: Settings for which that holds.
SLOW = {"algorithm": "auto", "trees": 5000}
