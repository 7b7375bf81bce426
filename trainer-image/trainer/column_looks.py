"""What a column looks like on the training rows: which parts of its dates say something, and whether it is prose."""

from __future__ import annotations

import pandas as pd

_WORDS_IN_TEXT = 3.0
_LENGTH_OF_TEXT = 25


def parts_that_vary(series: pd.Series) -> list[str]:
    dates = series.dropna().dt
    found = {
        "year": dates.year.nunique(),
        "month": dates.month.nunique(),
        "day of month": dates.day.nunique(),
        "weekday": dates.weekday.nunique(),
        "hour": dates.hour.nunique(),
    }
    return ["days", *(part for part, distinct in found.items() if distinct > 1)]


def reads_as_text(series: pd.Series) -> bool:
    sample = series.dropna().head(2000).astype(str)
    words = sample.str.count(r"\S+").mean()
    return bool(words >= _WORDS_IN_TEXT and sample.str.len().mean() >= _LENGTH_OF_TEXT)
