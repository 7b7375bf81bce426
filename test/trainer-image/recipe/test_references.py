"""Each kind of step against pandas and scikit-learn doing the same by themselves, and against Node bit for bit."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

Case = dict[str, Any]
_ALMOST = 1e-11

NAMES = [
    "fill mean", "fill median", "fill mode", "fill mean by group", "scale standard", "scale range", "scale robust",
    "one-hot", "ordinal given", "ordinal frequency", "group rare", "frequency share", "target class", "target number",
    "target folds", "clip quantiles", "clip middle half", "drop deviations", "bin counts", "bin width", "join", "sort",
    "sample", "duplicates", "forward fill", "aggregate", "trim", "drop missing", "rename", "select", "all",
]  # fmt: skip
# Of rowwise-cases.ts; what these have to come to is in test_rowwise_references.py.
ROWWISE_NAMES = [
    "formula arithmetic", "formula text", "formula dates", "formula conditions", "change number",
    "change whole number", "change whole from number", "change date", "change seconds", "change yes/no", "change text",
    "replace whole", "replace parts", "ln", "log10", "log1p", "sqrt", "square", "power 3", "power -0.5", "split",
    "split or drop", "extract", "combine", "parts of days", "parts of times", "differences", "bin at edges",
    "bin words", "clip to bounds", "clip to missing", "clip rows", "round nearest", "round tens", "round down",
    "round up", "filter all", "filter any", "filter missing", "filter formula", "select keep", "select drop",
]  # fmt: skip


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", [*NAMES, *ROWWISE_NAMES])
def test_the_same_sql_comes_to_the_same_bits_as_in_node(cases: dict[str, Case], name: str, threads: int) -> None:
    case = cases[name]
    connection = duckdb.connect(config={"threads": threads})
    for statement in case["setup"]:
        connection.execute(statement)
    for fit in case["fits"]:
        answer = connection.execute(fit["sql"]).fetchone()
        assert answer is not None
        assert json.loads(answer[0]) == fit["learned"]
    assert _rows(connection, case["sql"]) == case["rows"]
    assert _rows(connection, case["applied"]) == case["appliedRows"]


def test_every_case_is_known(cases: dict[str, Case]) -> None:
    assert sorted(cases) == sorted([*NAMES, *ROWWISE_NAMES])


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[list[Any]]:
    return [list(row) for row in connection.execute(sql).fetchall()]


def _frame(columns: dict[str, str], rows: list[list[str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=pd.Index(list(columns)), dtype=object)
    return pd.DataFrame({name: _typed(frame[name], kind) for name, kind in columns.items()})


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "DOUBLE":
        return values.map(lambda v: np.nan if v is None else float(v)).astype("float64")
    if kind == "BIGINT":
        return values.map(lambda v: np.nan if v is None else int(v)).astype("float64")
    if kind == "BOOLEAN":
        return values.map(lambda v: v if v is None else v == "true")
    return values


def _table(case: Case) -> pd.DataFrame:
    return _frame(case["table"]["columns"], case["table"]["rows"])


def _came_to(case: Case) -> pd.DataFrame:
    """What the recipe made of the rows that it kept, with the number of each row as the index."""
    kept = [row for row in case["rows"] if row[1] is None]
    columns = {column["name"]: column["type"] for column in case["columns"]}
    frame = _frame(columns, [row[2:] for row in kept])
    return frame.set_axis([int(row[0]) for row in kept])


def _same(found: pd.Series, expected: Any) -> None:
    expected = pd.Series(np.asarray(expected), dtype=found.dtype if found.dtype == object else "float64")
    if found.dtype == object:
        told = [None if pd.isna(v) else v for v in expected]
        assert [None if pd.isna(v) else v for v in found] == told
    else:
        np.testing.assert_allclose(found.to_numpy("float64"), expected.to_numpy("float64"), rtol=_ALMOST, atol=1e-13)


def _mode(values: pd.Series) -> Any:
    counts = values.dropna().value_counts()
    return min(counts[counts == counts.max()].index)


@pytest.mark.parametrize("way", ["mean", "median"])
def test_fill_missing(cases: dict[str, Case], way: str) -> None:
    table, made = _table(cases[f"fill {way}"]), _came_to(cases[f"fill {way}"])
    _same(made["spent"], table["spent"].fillna(getattr(table["spent"], way)()))
    whole = table["age"].mean() if way == "mean" else np.percentile(table["age"].dropna(), 50, method="inverted_cdf")
    _same(made["age"], table["age"].fillna(whole))


def test_fill_missing_by_mode_and_by_group(cases: dict[str, Case]) -> None:
    table, made = _table(cases["fill mode"]), _came_to(cases["fill mode"])
    for name in ("city", "age", "since"):
        _same(made[name], table[name].where(table[name].notna(), _mode(table[name])))
    grouped = _came_to(cases["fill mean by group"])
    for name in ("age", "spent"):
        own = table.groupby("city")[name].transform("mean")
        _same(grouped[name], table[name].fillna(own).fillna(table[name].mean()))


@pytest.mark.parametrize(
    ("way", "scaler"), [("standard", StandardScaler()), ("range", MinMaxScaler()), ("robust", RobustScaler())]
)
def test_scale(cases: dict[str, Case], way: str, scaler: Any) -> None:
    table, made = _table(cases[f"scale {way}"]), _came_to(cases[f"scale {way}"])
    for name in ("age", "spent"):
        _same(made[name], scaler.fit_transform(table[[name]].to_numpy())[:, 0])


def test_one_hot(cases: dict[str, Case]) -> None:
    table, made = _table(cases["one-hot"]), _came_to(cases["one-hot"])
    counts = table["city"].value_counts()
    top = sorted(counts.index, key=lambda city: (-counts[city], city))[:3]
    encoder = OneHotEncoder(categories=[top], handle_unknown="ignore", sparse_output=False)
    expected = encoder.fit_transform(table[["city"]].where(table["city"].notna(), "?"))
    places = list(table.columns).index("city")
    assert list(made.columns[places : places + 4]) == [f"city_{city.replace(' ', '_')}" for city in top] + [
        "city_other"
    ]
    for n in range(3):
        _same(made.iloc[:, places + n], expected[:, n])
    _same(made["city_other"], table["city"].notna() & ~table["city"].isin(top))


def test_ordinal_encode(cases: dict[str, Case]) -> None:
    table = _table(cases["ordinal given"])
    encoder = OrdinalEncoder(
        categories=[["Oslo", "Rome", "Lima"]], handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    expected = encoder.fit_transform(table[["city"]].where(table["city"].notna(), "?"))
    _same(_came_to(cases["ordinal given"])["city"], expected[:, 0])
    counts = table["city"].value_counts()
    order = sorted(counts.index, key=lambda city: (-counts[city], city.encode()))
    _same(_came_to(cases["ordinal frequency"])["city"], table["city"].map({city: n for n, city in enumerate(order)}))


def test_group_rare_and_frequency(cases: dict[str, Case]) -> None:
    table = _table(cases["group rare"])
    shares = table["city"].value_counts(normalize=True)
    kept = table["city"].map(lambda city: city if city is None or shares[city] >= 0.12 else "else")
    _same(_came_to(cases["group rare"])["city"], kept)
    made = _came_to(cases["frequency share"])
    _same(made["city"], table["city"].map(shares))
    _same(made["age"], table["age"].map(table["age"].value_counts(normalize=True)))


def test_target_encode(cases: dict[str, Case]) -> None:
    table = _table(cases["target class"])
    known = table["city"].notna()
    encoder = TargetEncoder(smooth=10.0, target_type="continuous").fit(
        table.loc[known, ["city"]], (table.loc[known, "churned"] == "yes").astype(float)
    )
    # scikit-learn counts a missing value among the values; here it gets the mean of all rows.
    yes = (table["churned"] == "yes").astype(float)
    groups = yes.groupby(table["city"]).agg(["sum", "count"])
    smoothed = (groups["sum"] + 10 * yes.mean()) / (groups["count"] + 10)
    _same(_came_to(cases["target class"])["city"], table["city"].map(smoothed).fillna(yes.mean()))
    theirs = dict(zip(encoder.categories_[0], encoder.encodings_[0], strict=True))
    shift = 10 * (yes.mean() - yes[known].mean())
    for city, value in theirs.items():
        assert abs(smoothed[city] - (value + shift / (groups["count"][city] + 10))) < _ALMOST

    spent = table["spent"]
    groups = spent.groupby(table["city"]).agg(["sum", "count"])
    groups = groups[groups["count"] > 0]
    smoothed = (groups["sum"] + 2.5 * spent.mean()) / (groups["count"] + 2.5)
    _same(_came_to(cases["target number"])["city"], table["city"].map(smoothed).fillna(spent.mean()))


def test_target_encode_sees_no_label_of_its_own_fold(cases: dict[str, Case]) -> None:
    table, made = _table(cases["target folds"]), _came_to(cases["target folds"])
    yes = (table["churned"] == "yes").astype(float)
    expected = pd.Series(np.nan, index=table.index)
    for fold in range(4):
        inside = pd.Series(table.index % 4 == fold, index=table.index)
        others = yes[~inside]
        groups = others.groupby(table["city"][~inside]).agg(["sum", "count"])
        smoothed = (groups["sum"] + 10 * others.mean()) / (groups["count"] + 10)
        expected[inside] = table["city"][inside].map(smoothed).fillna(others.mean())
    _same(made["city"], expected)


def test_clip_outliers(cases: dict[str, Case]) -> None:
    table = _table(cases["clip quantiles"])
    spent = table["spent"]
    _same(_came_to(cases["clip quantiles"])["spent"], spent.clip(spent.quantile(0.05), spent.quantile(0.9)))
    made = _came_to(cases["clip middle half"])
    for name in ("age", "spent"):
        low, high = table[name].quantile(0.25), table[name].quantile(0.75)
        far = 0.5 * (high - low)
        _same(made[name], table[name].where(table[name].between(low - far, high + far)))
    score = (spent - spent.mean()) / spent.std(ddof=0)
    kept = _came_to(cases["drop deviations"])
    assert list(kept.index) == list(table.index[~(score.abs() > 1)])


def test_bin(cases: dict[str, Case]) -> None:
    for case, name, bins, strategy in (("bin counts", "spent", 7, "quantile"), ("bin width", "age", 4, "uniform")):
        table, made = _table(cases[case]), _came_to(cases[case])
        there = table[name].notna()
        more = {"quantile_method": "linear"} if strategy == "quantile" else {}
        binner = KBinsDiscretizer(bins, encode="ordinal", strategy=strategy, subsample=None, **more)
        expected = table[name].copy()
        expected[there] = binner.fit_transform(table.loc[there, [name]].to_numpy())[:, 0]
        _same(made[name], expected)


def test_join(cases: dict[str, Case]) -> None:
    case = cases["join"]
    other = _frame(case["others"]["d1"]["columns"], case["others"]["d1"]["rows"])
    other = other[other["name"].notna()].drop_duplicates("name")
    table = _table(case)
    expected = table.merge(other, how="left", left_on="city", right_on="name")
    made = _came_to(case)
    assert list(made.index) == list(table.index)
    for name in ("people", "area"):
        _same(made[name], expected[name])
    learned = case["fits"][0]["learned"]
    matched = int(table["city"].isin(other["name"]).sum())
    assert (learned["matched"], learned["unmatched"]) == (matched, len(table) - matched)
    assert (learned["unused"], learned["repeated"]) == (1, 1)


def test_sort_sample_duplicates_and_forward_fill(cases: dict[str, Case]) -> None:
    table = _table(cases["sort"])
    keys = table.assign(bytes=table["city"].map(lambda v: v if v is None else v.encode()))
    expected = keys.sort_values(["bytes", "spent"], ascending=False, na_position="last", kind="stable")
    assert list(_came_to(cases["sort"]).index) == list(expected.index)

    drawn = list(_came_to(cases["sample"]).index)
    assert len(drawn) == 50 and drawn == sorted(set(drawn))

    last = table.drop_duplicates(["city", "plan"], keep="last")
    assert list(_came_to(cases["duplicates"]).index) == list(last.index)

    ordered = table[table["since"].notna()].sort_values("since", kind="stable")
    made = _came_to(cases["forward fill"])
    for name in ("spent", "plan"):
        filled = ordered.groupby("city", dropna=False)[name].ffill()
        _same(made[name], table[name].where(table["since"].isna(), filled.reindex(table.index)))


def test_aggregate(cases: dict[str, Case]) -> None:
    table, made = _table(cases["aggregate"]), _came_to(cases["aggregate"])
    groups = table.groupby("city", dropna=False, sort=False)
    _same(made["city"], groups.size().index)
    _same(made["rows"], groups.size())
    spent, age = groups["spent"], groups["age"]
    for take in ("count", "mean", "min", "max", "median"):
        _same(made[f"spent_{take}"], getattr(spent, take)())
    _same(made["spent_sum"], spent.sum(min_count=1))
    _same(made["spent_distinct"], spent.nunique())
    _same(made["age_sum"], age.sum(min_count=1))
    _same(made["age_mean"], age.mean())
    _same(made["age_first"], age.first())
    _same(made["age_most_frequent"], age.agg(_mode))


def test_trim_drop_missing_rename_and_select(cases: dict[str, Case]) -> None:
    table = _table(cases["trim"])
    plain = table["plan"].map(lambda v: v if v is None else " ".join(v.split()).lower())
    _same(_came_to(cases["trim"])["plan"], plain)
    assert list(_came_to(cases["drop missing"]).index) == list(table.dropna(subset=["age", "city"]).index)
    renamed = _came_to(cases["rename"])
    _same(renamed["spent"], table["age"])
    _same(renamed["age"], table["spent"])
    assert sorted(_came_to(cases["select"]).columns) == ["id", "plan"]
