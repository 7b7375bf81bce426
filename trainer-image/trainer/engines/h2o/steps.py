"""What AutoML is asked to try (it has its own mind about the order); what was finished before is not tried again."""

from __future__ import annotations

from typing import Any

_FIRST = (
    ("GLM", "def_1"),
    ("GBM", "def_5"),
    ("XGBoost", "def_2"),
    ("GBM", "def_2"),
    ("XGBoost", "def_1"),
    ("GBM", "def_3"),
    ("GBM", "def_4"),
    ("XGBoost", "def_3"),
    ("GBM", "def_1"),
    ("GBM", "grid_1"),
    ("XGBoost", "grid_1"),
)
_FURTHER = (("DeepLearning", "def_1"), ("DeepLearning", "grid_1"))
#: The default network and some of a grid: more is for who asks for more time on a model that is chosen.
MOST_NETWORKS = 4


def first_plan(excluded: set[str], done: set[str]) -> list[dict[str, Any]]:
    return _plan(_FIRST, excluded, done)


def further_plan(excluded: set[str], done: set[str]) -> list[dict[str, Any]]:
    return _plan(_FURTHER, excluded, done)


def _plan(steps: tuple[tuple[str, str], ...], excluded: set[str], done: set[str]) -> list[dict[str, Any]]:
    """A grid goes on by drawing further models, so it is never done; a default model is, once it is there."""
    return [
        {"name": family, "steps": [{"id": step}]}
        for family, step in steps
        if family not in excluded and (step.startswith("grid") or f"{family} {step}" not in done)
    ]
