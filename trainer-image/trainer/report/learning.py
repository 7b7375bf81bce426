"""How a model got better from epoch to epoch, where its engine tells."""

from __future__ import annotations

from typing import Any

import numpy as np

_POINTS = 200


def learning_curve(facts: dict[str, Any]) -> dict[str, Any] | None:
    """From `facts()["epochs"]`: a list with a dict of numbers for each epoch. Without one there is no curve."""
    epochs = facts.get("epochs")
    if not isinstance(epochs, list) or len(epochs) < 2 or not all(isinstance(row, dict) for row in epochs):
        return None
    if len(epochs) > _POINTS:
        epochs = [epochs[i] for i in np.unique(np.linspace(0, len(epochs) - 1, _POINTS).round().astype(int))]
    names = [name for name in epochs[0] if name not in ("epoch", "seconds") and _is_number(epochs[0][name])]
    series = [
        {"name": str(name), "values": [float(row[name]) if _is_number(row.get(name)) else None for row in epochs]}
        for name in names
    ]
    at = [float(row.get("epoch", number + 1)) for number, row in enumerate(epochs)]
    return {"unit": "epoch", "at": at, "series": series} if series else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
