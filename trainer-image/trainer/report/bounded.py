"""Keeps `report.json` small enough for a row of a database and a page, whatever the data was like."""

from __future__ import annotations

import json
from typing import Any

MOST_BYTES = 900_000
_MOST_COLUMNS = 200
_MOST_MODELS = 300
_MOST_STEPS = 500
#: What goes first when lists of a sane length are still too much, as with names of thousands of letters.
_FIRST_TO_GO = (
    "worst",
    "dependence",
    "leakage",
    "residuals",
    "importance",
    "history",
    "curvesEach",
    "confusion",
    "perClass",
    "perLabel",
    "leaderboard",
)


def bounded(report: dict[str, Any]) -> dict[str, Any]:
    """Long lists are cut at their less telling end; what had to go is named in `budget.leftOut`."""
    report = {**report, "importance": report["importance"][:_MOST_COLUMNS], "history": _thinned(report["history"])}
    if len(report["leaderboard"]) > _MOST_MODELS:
        # The baseline is the last of them, and the yardstick of all.
        report["leaderboard"] = [*report["leaderboard"][: _MOST_MODELS - 1], report["leaderboard"][-1]]
    for name in _FIRST_TO_GO:
        if len(json.dumps(report, ensure_ascii=False).encode()) <= MOST_BYTES:
            break
        if name not in report:
            continue
        report[name] = [] if isinstance(report[name], list) else None
        report["budget"]["leftOut"].append({"part": name, "reason": "the report would have become too large"})
    return report


def _thinned(history: list[list[float]]) -> list[list[float]]:
    every = -(-len(history) // _MOST_STEPS)
    return history if every <= 1 else [*history[:-1:every], history[-1]]
