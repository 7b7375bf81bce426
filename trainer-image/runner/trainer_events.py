"""Checks what the trainer sends against the shapes of domain/event.ts: a mistake there must not stop an attempt."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from runner.lines import without_nul
from runner.spool import Event

_LONGEST_TEXT = 4_000
#: Larger whole numbers are no longer exact in the JSON of the other side, and beyond a float they are infinite there.
_LARGEST_WHOLE = 2**53


class BadEvent(Exception):
    pass


Check = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadEvent("is not a text")
    value = without_nul(value)
    return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadEvent("is neither true nor false")
    return value


def _number_or_null(value: Any) -> float | int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadEvent("is not a number")
    if isinstance(value, int) and abs(value) <= _LARGEST_WHOLE:
        return value
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _number(value: Any) -> float | int:
    checked = _number_or_null(value)
    if checked is None:
        raise BadEvent("is not a finite number")
    return checked


def _or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


_Optional = tuple[Check, Any]
_REQUIRED = object()

_SHAPES: dict[str, dict[str, _Optional]] = {
    "metric": {
        "name": (_text, _REQUIRED),
        "step": (_number, _REQUIRED),
        "value": (_number_or_null, None),
        "unit": (_or_null(_text), None),
        "higherIsBetter": (_or_null(_flag), None),
    },
    "progress": {
        "fraction": (_number_or_null, None),
        "secondsLeft": (_number_or_null, None),
        "sentence": (_text, _REQUIRED),
    },
    "leaderboard": {
        "model": (_text, _REQUIRED),
        "metric": (_text, _REQUIRED),
        "higherIsBetter": (_flag, _REQUIRED),
        "validation": (_number_or_null, None),
        "interval": (_number_or_null, None),
        "low": (_number_or_null, None),
        "high": (_number_or_null, None),
        "fitSeconds": (_number_or_null, None),
        "predictMsPer1000": (_number_or_null, None),
        "baseline": (_flag, False),
        "secondsUsed": (_number_or_null, None),
        "secondsLeft": (_number_or_null, None),
    },
    "checkpoint": {"label": (_text, _REQUIRED), "object": (_text, _REQUIRED)},
    # The two that end an attempt: the runner keeps them until everything is uploaded.
    "finished": {"why": (_or_null(_text), None), "sentence": (_or_null(_text), None)},
    "failed": {"failure": (lambda value: _failure(value), _REQUIRED)},
}


def _failure(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadEvent("is not an object")
    return {"type": _text(value.get("type")), "message": _text(value.get("message"))}


def parse_trainer_event(line: bytes) -> Event:
    """The event with known fields only; BadEvent says what is wrong with it."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise BadEvent("it is not JSON") from None
    if not isinstance(raw, dict):
        raise BadEvent("it is not an object")
    kind = raw.get("type")
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise BadEvent(f"no trainer sends the type {str(kind)[:40]!r}")
    event: Event = {"type": kind}
    for field, (check, default) in shape.items():
        value = raw.get(field, default)
        if value is _REQUIRED:
            raise BadEvent(f"{kind} lacks {field}")
        try:
            event[field] = check(value)
        except BadEvent as bad:
            raise BadEvent(f"{field} of {kind} {bad}") from None
    return event
