"""What the types of columns mean to a model. Standard library only."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL|NUMERIC)(\(.*\))?")


def family(sql_type: str) -> str:
    """`number`, `boolean`, `date`, `bytes` or `text`. The same as in portable/predict.py, which has to stand alone."""
    name = sql_type.upper()
    if name in ("BLOB", "BYTEA", "BINARY", "VARBINARY"):
        return "bytes"
    if name.startswith("BOOL"):
        return "boolean"
    if name.startswith(("DATE", "TIMESTAMP")) and "[" not in name:
        return "date"
    return "number" if _NUMBER.fullmatch(name) else "text"
