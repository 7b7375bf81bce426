"""Each kind that needs its row only against pandas doing the same by itself, at the values where the two could part."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta

Case = dict[str, Any]
Cells = list[Any]

_YES = {"true": True, "false": False}
_READ: dict[str, Callable[[str], Any]] = {"BIGINT": int, "DOUBLE": float, "BOOLEAN": _YES.__getitem__}


def _read(texts: Iterable[str | None], kind: str) -> Cells:
    read = _READ.get(kind, str)
    return [None if text is None else read(text) for text in texts]


class _Table:
    """Columns of the input as pandas has them; whole numbers as Python's, which have no end."""

    def __init__(self, case: Case) -> None:
        names = list(case["table"]["columns"])
        columns = zip(*case["table"]["rows"], strict=True)
        self.cells = {
            name: _read(texts, case["table"]["columns"][name]) for name, texts in zip(names, columns, strict=True)
        }
        self.n = pd.Series(self.cells["n"], dtype=object)
        self.wide = pd.Series([np.nan if v is None else float(v) for v in self.n])
        self.x = pd.Series([np.nan if v is None else v for v in self.cells["x"]], dtype="float64")
        self.word = pd.Series(self.cells["word"], dtype="string")
        # Nanoseconds, the usual unit of pandas, reach from 1677 to 2262 only.
        self.d = pd.Series(np.array(self.cells["d"], dtype="datetime64[us]"))
        self.t = pd.Series(np.array(self.cells["t"], dtype="datetime64[us]"))


@pytest.fixture
def table(cases: dict[str, Case]) -> _Table:
    return _Table(cases["select keep"])


def _made(case: Case, column: str) -> Cells:
    """A column of every row, of those too that a step left out."""
    place = [each["name"] for each in case["columns"]].index(column)
    return _read((row[place + 2] for row in case["rows"]), case["columns"][place]["type"])


def _left_out(case: Case) -> list[int]:
    return [int(row[0]) for row in case["rows"] if row[1] is not None]


def _same(found: Cells, expected: Iterable[Any], *, rel: float = 0.0, tiny: float = 0.0) -> None:
    """Cell by cell and to the last bit, unless a reckoning may differ in the last ones."""
    told = [None if each is pd.NA else each for each in expected]
    assert len(found) == len(told)
    for row, (one, other) in enumerate(zip(found, told, strict=True)):
        if isinstance(one, float) and other is not None:
            is_nan = math.isnan(one) and math.isnan(other)
            assert is_nan or math.isclose(one, other, rel_tol=rel, abs_tol=tiny), f"row {row}: {one!r}, not {other!r}"
        else:
            assert one == other, f"row {row}: {one!r}, not {other!r}"


def _finite(values: Any) -> Cells:
    """As formulas and logarithms have it: NaN and infinity are no numbers, but missing."""
    return [float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype="float64")]


def _each(values: Iterable[Any], make: Callable[[Any], Any]) -> Cells:
    return [None if v is None or v is pd.NA else make(v) for v in values]


def _half_up(x: pd.Series, digits: int) -> np.ndarray:
    """Halves go away from zero, as people round; numpy and Python take the even neighbour."""
    factor = 10.0**digits
    rounded = np.copysign(np.floor(np.abs(x.to_numpy()) * factor + 0.5) / factor, x.to_numpy())
    # A number too large for that has no digits behind the point.
    return np.where(np.isfinite(rounded), rounded, x)


def test_arithmetic(cases: dict[str, Case], table: _Table) -> None:
    case, n, x = cases["formula arithmetic"], table.wide, table.x
    with np.errstate(all="ignore"):
        _same(_made(case, "sum"), _finite(n + x))
        _same(_made(case, "product"), _finite(x * 2 - 1))
        # pandas has 1 / inf as 0; here what is no number gives none, whatever is done with it.
        _same(_made(case, "quotient"), _finite(1 / x.where(np.isfinite(x))))
        # The sign is that of the first number, as in C and SQL; % of pandas has that of the second.
        _same(_made(case, "rest"), _finite(np.fmod(n, 4)))
        _same(_made(case, "power"), _finite(np.power(x, 3)), rel=1e-15)
        _same(_made(case, "root"), _finite(np.sqrt(x)))
        _same(_made(case, "log"), _finite(np.log(n)), rel=1e-15)
        # pandas has exp(-inf) as 0.
        _same(_made(case, "exp"), _finite(np.exp(x.where(np.isfinite(x)))), rel=1e-15)
        _same(_made(case, "abs"), _finite(x.abs()))
        _same(_made(case, "floor"), _finite(np.floor(x)))
        _same(_made(case, "ceil"), _finite(np.ceil(x)))
        _same(_made(case, "rounded"), _finite(_half_up(x, 1)))
        _same(_made(case, "tens"), _finite(_half_up(x * 10, -1)))
    plain = pd.Series(table.cells["amount"]).where(lambda s: s != "١٢")
    # pandas reads digits of other scripts as Python does, and NaN as a number.
    _same(_made(case, "read"), _finite(pd.to_numeric(plain, errors="coerce")))


def _cased(text: str, way: str) -> str:
    """Letter by letter: what Python makes two letters of (ß, İ) stays one, by Unicode's simple mapping."""
    simple = {("upper", "ß"): "ẞ", ("lower", "İ"): "i"}
    return "".join(simple.get((way, each)) or (each.upper() if way == "upper" else each.lower()) for each in text)


def test_text(cases: dict[str, Case], table: _Table) -> None:
    case, word = cases["formula text"], table.word
    _same(_made(case, "lower"), _each(word, lambda v: _cased(v, "lower")))
    _same(_made(case, "upper"), _each(word, lambda v: _cased(v, "upper")))
    _same(_made(case, "trim"), word.str.strip())
    # Letters are code points on both sides: an accent by itself counts.
    assert unicodedata.combining(table.cells["word"][-1][2])
    _same(_made(case, "length"), word.str.len())
    _same(_made(case, "left"), word.str[:2])
    _same(_made(case, "right"), word.str[-2:])
    # A text is never empty, but missing.
    _same(_made(case, "middle"), word.str[1:4].replace("", pd.NA))
    _same(_made(case, "replaced"), word.str.replace("-", " to ", regex=False))
    _same(_made(case, "has"), word.str.contains("-", regex=False))
    _same(_made(case, "starts"), word.str.startswith("a"))
    _same(_made(case, "ends"), word.str.endswith("-"))
    whole = table.n.map(lambda v: "" if v is None else str(v))
    numbers = table.x.map(lambda v: f"{v!r}".removesuffix(".0") if np.isfinite(v) else "")
    _same(_made(case, "joined"), word.fillna("") + "/" + whole + "/" + numbers)


def _whole(values: pd.Series) -> Cells:
    return [None if pd.isna(v) else int(v) for v in values]


def _days(values: pd.Series) -> Cells:
    return [None if pd.isna(v) else np.datetime_as_string(v, unit="D") for v in values.to_numpy()]


def _day_first(texts: Cells) -> pd.Series:
    return pd.to_datetime(pd.Series(texts).str.strip(), format="%d.%m.%Y", errors="coerce")


def test_dates(cases: dict[str, Case], table: _Table) -> None:
    case, d, t = cases["formula dates"], table.d, table.t
    _same(_made(case, "year"), _whole(d.dt.year))
    _same(_made(case, "month"), _whole(t.dt.month))
    _same(_made(case, "date"), _whole(d.dt.day))
    # pandas begins with 0 on Monday.
    _same(_made(case, "weekday"), _whole(d.dt.weekday + 1))
    _same(_made(case, "hour"), _whole(t.dt.hour))
    _same(_made(case, "days"), _whole((t.dt.floor("D") - d).dt.days))
    _same(_made(case, "read"), _days(_day_first(table.cells["day"])))
    _same(_made(case, "later"), [None if pd.isna(v) else bool(v > pd.Timestamp("1970-01-01")) for v in d])


def test_conditions(cases: dict[str, Case], table: _Table) -> None:
    case = cases["formula conditions"]
    finite = table.x.where(np.isfinite(table.x))
    grown = table.n.astype("Int64") >= 18
    # A condition that is missing is not met.
    _same(_made(case, "grown"), np.where(grown.fillna(value=False), 1, 0))
    _same(_made(case, "first"), _finite(finite.fillna(table.wide)))
    three = pd.concat([table.wide, finite, pd.Series(10.0, index=finite.index)], axis=1)
    _same(_made(case, "least"), _finite(three.min(axis=1)))
    _same(_made(case, "greatest"), _finite(three.max(axis=1)))
    _same(_made(case, "among"), _each(table.word, ["ß", "a-"].__contains__))
    # Three values of truth, as pandas has them in its own types.
    positive, high = table.n.astype("Int64") > 0, finite.astype("Float64") > 0
    _same(_made(case, "both"), positive & high)
    _same(_made(case, "either"), positive | high)
    _same(_made(case, "not"), ~high)
    _same(_made(case, "gone"), finite.isna())


def _german(texts: Cells) -> Cells:
    """Thousands stand in threes; pandas' own `thousands` takes a point at any place."""
    plain = pd.Series(texts).str.strip()
    is_number = plain.str.fullmatch(r"[-+]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]*)?(?:e[0-9]+)?", na=False)
    english = plain.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    # By Python: pandas' own reading is not exact to the last bit.
    return [float(v) if is_one else None for v, is_one in zip(english, is_number, strict=True)]


def test_change_type_to_numbers(cases: dict[str, Case], table: _Table) -> None:
    amounts = table.cells["amount"]
    numbers = _german(amounts)
    _same(_made(cases["change number"], "amount"), numbers)
    whole = cases["change whole number"]
    # 1e3 is no whole number as people write one, and the largest one is 2^63 − 1.
    expected = [
        None if v is None or v % 1 != 0 or v >= 2**63 or "e" in text else int(v)
        for v, text in zip(numbers, amounts, strict=True)
    ]
    _same(_made(whole, "amount"), expected)
    unread = [row for row, (was, now) in enumerate(zip(amounts, expected, strict=True)) if was is not None is now]
    assert _left_out(whole) == unread
    from_number = [int(v) if np.isfinite(v) and v % 1 == 0 and abs(v) < 2**63 else None for v in table.x]
    _same(_made(cases["change whole from number"], "x"), from_number)


def test_change_type_to_dates_truth_and_text(cases: dict[str, Case], table: _Table) -> None:
    days = _day_first(table.cells["day"])
    _same(_made(cases["change date"], "day"), _days(days))
    unread = pd.Series(table.cells["day"]).notna() & days.isna()
    assert _left_out(cases["change date"]) == list(np.flatnonzero(unread))

    seconds = _each(table.n, lambda v: datetime(1970, 1, 1) + timedelta(seconds=v) if abs(v) < 1e11 else None)
    _same(_made(cases["change seconds"], "n"), _each(seconds, str))

    meaning = {**dict.fromkeys(("ja", "да", "1"), True), **dict.fromkeys(("nein", "нет", "0"), False)}
    flags = pd.Series(table.cells["flag"]).str.strip().str.lower()
    _same(_made(cases["change yes/no"], "flag"), _each(flags, meaning.get))

    text = cases["change text"]
    _same(_made(text, "n"), _each(table.n, str))
    # As people write them: whole ones without a point.
    _same(_made(text, "x"), _each(table.cells["x"], lambda v: f"{v!r}".removesuffix(".0")))
    _same(_made(text, "d"), table.cells["d"])
    _same(_made(text, "t"), table.cells["t"])


def test_replace_values(cases: dict[str, Case], table: _Table) -> None:
    whole = cases["replace whole"]
    # All at once: what one replacement puts in is not replaced by the next.
    _same(_made(whole, "word"), table.word.replace({"ß": "a-", "a-": pd.NA}))
    _same(_made(whole, "x"), _each(table.cells["x"], lambda v: 7.5 if v == 0 else v))
    _same(_made(whole, "d"), pd.Series(table.cells["d"], dtype=object).replace("1969-12-31", "2024-02-29"))
    # Parts go one after the other: what the second puts in is replaced by the third.
    parts = table.word
    for part, by in (("-", ""), ("a", "ä"), ("ä", "東")):
        parts = parts.str.replace(part, by, regex=False)
    _same(_made(cases["replace parts"], "word"), parts.replace("", pd.NA))


@pytest.mark.parametrize("how", ["ln", "log10", "log1p", "sqrt", "square", "power 3", "power -0.5"])
def test_log_power(cases: dict[str, Case], table: _Table, how: str) -> None:
    functions: dict[str, Callable[[Any], Any]] = {
        "ln": np.log,
        "log10": np.log10,
        "log1p": np.log1p,
        "sqrt": np.sqrt,
        "square": np.square,
        "power 3": lambda v: np.power(v, 3.0),
        "power -0.5": lambda v: np.power(v, -0.5),
    }
    fails = np.zeros(len(table.x), dtype=bool)
    for name, values in (("n", table.wide), ("x", table.x)):
        with np.errstate(all="ignore"):
            expected = _finite(functions[how](values))
        # log1p is ln(1 + x) here: near zero as good as 1 + x can be written.
        _same(_made(cases[how], name), expected, rel=1e-14, tiny=1e-15)
        fails |= [was is not None is now for was, now in zip(table.cells[name], expected, strict=True)]
    assert _left_out(cases[how]) == (list(np.flatnonzero(fails)) if how == "power -0.5" else [])


def test_split_text(cases: dict[str, Case], table: _Table) -> None:
    for name, parts in (("split", 3), ("split or drop", 2)):
        split = table.word.str.split("-", n=parts - 1, expand=True)
        for n in range(parts):
            _same(_made(cases[name], f"word_{n + 1}"), split[n].str.strip().replace("", pd.NA))
    assert _left_out(cases["split"]) == []
    few = table.word.str.count("-") < 1
    assert _left_out(cases["split or drop"]) == list(np.flatnonzero(few.fillna(value=False)))
    assert "word" not in [column["name"] for column in cases["split or drop"]["columns"]]


def test_extract_and_combine_text(cases: dict[str, Case], table: _Table) -> None:
    case = cases["extract"]
    _same(_made(case, "first"), table.word.str[:2])
    _same(_made(case, "last"), table.word.str[-2:])
    _same(_made(case, "behind"), table.word.str.extract("-(.)")[0])
    _same(_made(case, "digits"), pd.Series(table.cells["day"], dtype="string").str.extract("([0-9]{4})")[0])
    # What is missing is passed over; NaN is a number here, and not missing as it is to pandas.
    numbers = _each(table.cells["x"], lambda v: f"{v!r}".removesuffix(".0"))
    rows = zip(table.cells["word"], table.cells["n"], numbers, table.cells["d"], strict=True)
    joined = [" · ".join(str(each) for each in row if each is not None) or None for row in rows]
    _same(_made(cases["combine"], "all"), joined)


@pytest.mark.parametrize(("case", "column"), [("parts of days", "d"), ("parts of times", "t")])
def test_date_parts(cases: dict[str, Case], table: _Table, case: str, column: str) -> None:
    dates = getattr(table, column)
    there = dates.dropna()
    weeks = pd.Series([v.isocalendar().week for v in there], index=there.index).reindex(dates.index)
    parts = {
        "year": dates.dt.year,
        "quarter": dates.dt.quarter,
        "month": dates.dt.month,
        "week": weeks,
        "day": dates.dt.day,
        "weekday": dates.dt.weekday + 1,
        "dayofyear": dates.dt.dayofyear,
    }
    if column == "t":
        parts["hour"] = dates.dt.hour
    for part, expected in parts.items():
        _same(_made(cases[case], f"{column}_{part}"), _whole(expected))
    weekend = [None if pd.isna(v) else bool(v >= 5) for v in dates.dt.weekday]
    _same(_made(cases[case], f"{column}_weekend"), weekend)
    names = [each["name"] for each in cases[case]["columns"]]
    assert [name for name in names if name.startswith(f"{column}_")] == [
        f"{column}_{part}"
        for part in ("year", "quarter", "month", "week", "day", "weekday", "dayofyear", "weekend", "hour")
        if part != "hour" or column == "t"
    ]


_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}


def _between(start: datetime, end: datetime, unit: str) -> int:
    """Whole units. Months are those that can be added to the earlier date, as dateutil does, without passing the later.

    dateutil itself goes back from the later one where that comes first, which is not the same after a 29th of February.
    """
    if end < start:
        return -_between(end, start, unit)
    if unit in _SECONDS:
        return (end - start) // timedelta(seconds=_SECONDS[unit])
    apart = relativedelta(end, start)
    return apart.years * 12 + apart.months if unit == "months" else apart.years


@pytest.mark.parametrize("unit", ["years", "months", *_SECONDS])
def test_date_difference(cases: dict[str, Case], table: _Table, unit: str) -> None:
    def dates(name: str) -> Cells:
        return _each(table.cells[name], datetime.fromisoformat)

    rows = zip(dates("d"), dates("t"), strict=True)
    expected = [None if d is None or t is None else _between(d, t, unit) for d, t in rows]
    _same(_made(cases["differences"], unit), expected)
    day = datetime(1970, 1, 1)
    _same(_made(cases["differences"], f"{unit}_to_1970"), _each(dates("t"), lambda t: _between(t, day, unit)))


def test_bin_values(cases: dict[str, Case], table: _Table) -> None:
    edges = [-2.5, 0, 18, 35]
    # pandas leaves NaN and infinity out of every range. Here they are above all edges, as in the engine's order, so
    # that a value that is there is always in a range.
    above = [len(edges)]
    for name, values in (("n", table.wide), ("x", table.x)):
        cut = pd.cut(values, [-np.inf, *edges, np.inf], right=False, labels=False)
        told = [None if was is None else v for was, v in zip(table.cells[name], _whole(cut), strict=True)]
        high = [was is not None and not was < np.inf for was in table.cells[name]]
        _same(
            _made(cases["bin at edges"], name),
            [above[0] if is_high else v for is_high, v in zip(high, told, strict=True)],
        )
    words = pd.cut(
        table.wide,
        [-np.inf, 0, 18.5, np.inf],
        right=False,
        labels=["below 0", "0 to below 18.5", "18.5 or more"],
    )
    _same(_made(cases["bin words"], "n"), [None if pd.isna(v) else v for v in words])


def _kept_nan(cells: Cells, make: Callable[[float], Any]) -> Cells:
    """NaN is above every number in the engine's order; pandas passes it over."""
    return _each(cells, lambda v: make(np.inf if v != v else v))


def test_clip_values(cases: dict[str, Case], table: _Table) -> None:
    bounds = cases["clip to bounds"]
    _same(_made(bounds, "x"), _kept_nan(table.cells["x"], lambda v: float(np.clip(v, -2.5, 18.5))))
    # Whole numbers stay whole and inside the bounds.
    _same(_made(bounds, "n"), _each(table.n, lambda v: int(np.clip(v, -2, 18))))
    missing = cases["clip to missing"]
    _same(_made(missing, "n"), _each(table.n, lambda v: v if v >= 0 else None))
    _same(_made(missing, "x"), _each(table.cells["x"], lambda v: None if v < 0 else v))
    above = (table.wide > 25) | pd.Series([v is not None and (v > 25 or v != v) for v in table.cells["x"]])
    assert _left_out(cases["clip rows"]) == list(np.flatnonzero(above))


def test_round(cases: dict[str, Case], table: _Table) -> None:
    def nearest(v: int) -> int:
        tens = (abs(v) + 5) // 10 * 10 * (1 if v >= 0 else -1)
        # Near the largest number there is none to round to.
        return tens if -(2**63) <= tens < 2**63 else v

    def made(values: Any) -> Cells:
        # What has no digits to round stays as it is.
        kept = np.where(np.isfinite(values), values, table.x)
        return [None if was is None else float(v) for was, v in zip(table.cells["x"], kept, strict=True)]

    with np.errstate(all="ignore"):
        _same(_made(cases["round nearest"], "n"), table.n)
        _same(_made(cases["round nearest"], "x"), made(_half_up(table.x, 1)))
        _same(_made(cases["round tens"], "n"), _each(table.n, nearest))
        _same(_made(cases["round tens"], "x"), made(_half_up(table.x, -1)))
        down = _each(table.n, lambda v: v // 10 * 10 if v // 10 * 10 >= -(2**63) else v)
        _same(_made(cases["round down"], "n"), down)
        _same(_made(cases["round down"], "x"), made(np.floor(table.x / 10) * 10))
        _same(_made(cases["round up"], "n"), table.n)
        _same(_made(cases["round up"], "x"), made(np.ceil(table.x * 10) / 10))


def test_filter_rows(cases: dict[str, Case], table: _Table) -> None:
    n = table.n.astype("Int64")
    flags = pd.Series(table.cells["flag"], dtype=object)
    # What is missing is not above 0, and it is something else than any value.
    kept = (n > 0).fillna(value=False) & ~(table.x == 0.125) & ~(flags == "ДА")
    assert _left_out(cases["filter all"]) == list(np.flatnonzero(~kept))
    has = table.word.str.contains("-", regex=False).fillna(value=False)
    old = table.d < pd.Timestamp("1970-01-01")
    assert _left_out(cases["filter any"]) == list(np.flatnonzero(has | n.isin([0, 35]) | old))
    assert _left_out(cases["filter missing"]) == list(np.flatnonzero(flags.isna()))
    finite = table.x.where(np.isfinite(table.x)).astype("Float64")
    decided = ((finite > 0) | (n < 0)).fillna(value=False)
    assert _left_out(cases["filter formula"]) == list(np.flatnonzero(~decided))


def test_select_columns(cases: dict[str, Case], table: _Table) -> None:
    for way, expected in (("keep", ["n", "t"]), ("drop", ["x", "word", "amount", "day", "flag", "d"])):
        case = cases[f"select {way}"]
        assert [column["name"] for column in case["columns"]] == expected
        for name in expected:
            _same(_made(case, name), table.cells[name])
