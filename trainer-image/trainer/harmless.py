"""Texts as a spreadsheet may have them: the same rule as in data/harmless-text.ts, which writes the other tables."""

from __future__ import annotations

import re
from typing import Any

#: What a spreadsheet would run as a formula begins, behind blanks that it leaves out, with one of these.
_SIGNS = "[=+@\\-\uff1d\uff0b\uff0d\uff20]"
_BLANKS = "[\\x00 \\t\\n\\v\\f\\r\xa0\u200b\u3000\ufeff]*"
_LEADING = re.compile(f"(?:{_BLANKS}{_SIGNS}|[\\t\\r])")
#: A cell begins also in the middle of a text, for a spreadsheet that was set up for “;” or tabs.
_INSIDE = re.compile(f'([;\\t\\r\\n][\\x00 \\t\\n\\v\\f\\r\xa0\u200b\u3000\ufeff"]*)({_SIGNS})')
#: A plain number that is text is no formula, and stays as it is.
_PLAIN_NUMBER = re.compile(r" *[-+]?[0-9]+([.,][0-9]+)? *")


def harmless(value: Any) -> Any:
    if not isinstance(value, str) or _PLAIN_NUMBER.fullmatch(value):
        return value
    within = _INSIDE.sub(r"\1'\2", value)
    return f"'{within}" if _LEADING.match(value) else within
