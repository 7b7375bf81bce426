"""Lists for a sentence: a table may have hundreds of columns, and the first few say which one was meant."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 5


def few(texts: Iterable[str], most: int = _MOST) -> str:
    """`a, b, c and 1,204 more`."""
    texts = list(texts)
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def few_quoted(names: Iterable[str], most: int = _MOST) -> str:
    return few((f"“{name}”" for name in names), most)
