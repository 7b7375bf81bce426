"""How a model got better from epoch to epoch, where its engine tells."""

from __future__ import annotations

from typing import Any

import numpy as np

_POINTS = 200


def learned(fitted: Any, title: str) -> dict[str, Any] | str:
    """What an engine tells of it, drawn alike for all; else one sentence that says why there is nothing to draw."""
    tell = getattr(fitted, "learning", None)
    return (tell() if tell else learning_curve(fitted.facts())) or (
        f"{title} tells nothing of how a single model learned; how the best score grew from model to model is all there is."
    )


def evenly(count: int) -> np.ndarray:
    """Places of so many points as are drawn, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, _POINTS)).round().astype(int))


def learning_curve(facts: dict[str, Any]) -> dict[str, Any] | None:
    """From `facts()["epochs"]`: a list with a dict of numbers for each epoch. Without one there is no curve."""
    epochs = facts.get("epochs")
    if not isinstance(epochs, list) or len(epochs) < 2 or not all(isinstance(row, dict) for row in epochs):
        return None
    if len(epochs) > _POINTS:
        epochs = [epochs[i] for i in evenly(len(epochs))]
    names = [name for name in epochs[0] if name not in ("epoch", "seconds") and _is_number(epochs[0][name])]
    series = [
        {"name": str(name), "values": [float(row[name]) if _is_number(row.get(name)) else None for row in epochs]}
        for name in names
    ]
    at = [float(row.get("epoch", number + 1)) for number, row in enumerate(epochs)]
    return {"unit": "epoch", "at": at, "series": series} if series else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
