"""Says what happens: JSON lines to the runner's descriptor, or plain lines on stderr for a person at a terminal."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

from trainer.interval import Interval, ends_of, parts_of
from trainer.metrics import Metric

EVENTS_FD = "TRAINYARD_EVENTS_FD"


class Events:
    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    @classmethod
    def from_environment(cls) -> Events:
        fd = os.environ.get(EVENTS_FD)
        return cls(int(fd) if fd else None)

    def progress(self, sentence: str, fraction: float | None = None, seconds_left: float | None = None) -> None:
        fraction = None if fraction is None else min(1.0, max(0.0, fraction))
        left = None if seconds_left is None else round(max(0.0, seconds_left), 1)
        self.send({"type": "progress", "fraction": fraction, "secondsLeft": left, "sentence": sentence})

    def metric(
        self, name: str, step: float, value: float, unit: str | None = None, higher_is_better: bool | None = None
    ) -> None:
        event = {"type": "metric", "name": name, "step": step, "value": value, "unit": unit}
        self.send({**event, "higherIsBetter": higher_is_better})

    def checkpoint(self, label: str, name: str) -> None:
        """Told to others once the runner has uploaded it."""
        self.send({"type": "checkpoint", "label": label, "object": name})

    def leaderboard(self, row: dict[str, Any]) -> None:
        self.send({"type": "leaderboard", **row})

    def finished(self, why: str, sentence: str) -> None:
        """A word for the runner, which alone ends an attempt."""
        self.send({"type": "finished", "why": why, "sentence": sentence})

    def failed(self, type: str, message: str, exit_code: int) -> None:
        self.send({"type": "failed", "failure": {"type": type, "message": message}, "exitCode": exit_code})

    def send(self, event: dict[str, Any]) -> None:
        event = _finite(event)
        if self._fd is None:
            print(_plain(event), file=sys.stderr, flush=True)
            return
        line = (json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        except OSError as error:
            # Training goes on though nobody listens: the model is worth more than its story.
            print(f"An event could not be sent: {error}", file=sys.stderr)


def leaderboard_row(
    model: str,
    metric: Metric,
    validation: float,
    interval: Interval | None,
    *,
    fit_seconds: float | None = None,
    predict_ms_per_1000: float | None = None,
    baseline: bool = False,
    seconds_used: float | None = None,
    seconds_left: float | None = None,
) -> dict[str, Any]:
    half, low, high = parts_of(interval)
    return {
        "model": model,
        "metric": metric.name,
        "higherIsBetter": metric.higher_is_better,
        "validation": validation,
        "interval": half,
        "low": low,
        "high": high,
        "fitSeconds": fit_seconds,
        "predictMsPer1000": predict_ms_per_1000,
        "baseline": baseline,
        "secondsUsed": seconds_used,
        "secondsLeft": seconds_left,
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null, as the schema of events says."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


finite = _finite


def _plain(event: dict[str, Any]) -> str:
    kind = event["type"]
    if kind == "progress":
        share = "" if event["fraction"] is None else f" {100 * event['fraction']:.0f} %"
        left = "" if event["secondsLeft"] is None else f", about {event['secondsLeft']:.0f} s left"
        return f"»{share} {event['sentence']}{left}"
    if kind == "leaderboard":
        known = event.get("low"), event.get("high")
        ends = ends_of(event["validation"], event["interval"], *known, metric=event["metric"])
        interval = "" if ends is None else f", between {ends[0]:.4f} and {ends[1]:.4f}"
        seconds = "" if event["fitSeconds"] is None else f"{', fitted' if ends else ''} in {event['fitSeconds']:.1f} s"
        value = "–" if event["validation"] is None else f"{event['validation']:.4f}"
        return f"  {event['model']:<40} {event['metric']} {value}{interval}{seconds}"
    if kind == "metric":
        return f"  {event['name']} = {event['value']} at {event['step']:g}"
    if kind == "checkpoint":
        return f"  kept: {event['label']}"
    if kind == "finished":
        return f"✓ {event['sentence']}"
    if kind == "failed":
        return f"✕ {event['failure']['message']}"
    return json.dumps(event, ensure_ascii=False)
