"""Decides, on the training rows, what each column is to H2O, under names that no parser can take for anything else."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd

from trainer.column_looks import parts_that_vary, reads_as_text
from trainer.contract import Column
from trainer.engines.h2o.portable import OTHER
from trainer.portable.predict import family

#: Beyond, the most frequent ones have names and the rest is one: a column of ids must not fill the memory.
MOST_LEVELS = 1000
_MOST_CATEGORIES = 40
_MOST_WORDS = 100
#: A word in more rows than this tells nothing, nor one in fewer.
_MOST_OFTEN, _LEAST_OFTEN = 0.9, 0.01
_WORD = re.compile(r"\w+")
#: Begins with a letter: neither a number, a date nor a missing value to any reader of CSV.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _.\-]*[A-Za-z0-9_])?")
#: Not “#7”: to H2O such a line is a remark.
_OURS = re.compile(rf"level \d+|{OTHER}")
_NOT_PLAIN = {"na", "nan", "null", "none", "inf", "infinity", "true", "false", "n-a"}


def make_plan(frame: pd.DataFrame, columns: list[Column], taken: set[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The plan, and the names of the columns that were left out because they say the same in every row."""
    plan: list[dict[str, Any]] = []
    dropped: list[str] = []
    for number, column in enumerate(columns):
        series = frame[column.name]
        if series.nunique(dropna=False) < 2:
            dropped.append(column.name)
            continue
        to = column.name if is_plain(column.name) and column.name not in taken else f"column_{number}"
        while to in taken:
            to += "_"
        taken.add(to)
        plan.append({"name": column.name, "to": to, **_kind_of(series, column)})
    return plan, dropped


def is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _NOT_PLAIN


def class_tokens(names: list[str]) -> list[str]:
    """What classes are called in H2O: by their names, where these are plain words."""
    said = [f"class {name}" for name in names]
    plain = all(is_plain(token) for token in said)
    return names if all(map(is_plain, names)) else said if plain else [f"class {code}" for code in range(len(names))]


def enums_of(plan: list[dict[str, Any]]) -> set[str]:
    return {column["to"] for column in plan if column["kind"] in ("category", "boolean")}


def _kind_of(series: pd.Series, column: Column) -> dict[str, Any]:
    kind = family(column.sql_type)
    if kind in ("number", "boolean"):
        return {"kind": kind}
    if kind == "date":
        return {"kind": "date", "parts": parts_that_vary(series)}
    counts = Counter(str(value) for value in series if value is not None and value == value)
    if len(counts) > _MOST_CATEGORIES and reads_as_text(series):
        return {"kind": "text", "words": _telling_words(series)}
    levels = sorted(level for level, _ in counts.most_common(MOST_LEVELS))
    tokens = [
        level if is_plain(level) and not _OURS.fullmatch(level) else f"level {place}"
        for place, level in enumerate(levels)
    ]
    return {
        "kind": "category",
        "levels": levels,
        "tokens": tokens,
        # A level that was never seen is like the rare ones where there are such, else like a missing one.
        "other": OTHER if len(counts) > MOST_LEVELS else None,
    }


def _telling_words(series: pd.Series) -> list[str]:
    rows: Counter[str] = Counter()
    for value in series.dropna():
        rows.update(set(_WORD.findall(str(value).lower())))
    least, most = max(2, _LEAST_OFTEN * len(series)), _MOST_OFTEN * len(series)
    telling = [(word, count) for word, count in rows.items() if least <= count <= most]
    return [word for word, _ in sorted(telling, key=lambda pair: (-pair[1], pair[0]))[:_MOST_WORDS]]
