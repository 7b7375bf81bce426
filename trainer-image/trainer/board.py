"""The leaderboard as it fills: each finished model is told at once, and remembered if the process dies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.clock import Clock
from trainer.events import Events, finite, leaderboard_row
from trainer.files import write_text
from trainer.interval import Interval
from trainer.metrics import Metric


class Board:
    def __init__(self, metric: Metric, events: Events, clock: Clock, scratch: Path) -> None:
        self.metric = metric
        self.rows: list[dict[str, Any]] = []
        #: (seconds, best score so far), for the curve in the report.
        self.history: list[tuple[float, float]] = []
        self._events = events
        self._clock = clock
        self._file = scratch / "board.json"
        self._read()

    @property
    def best(self) -> dict[str, Any] | None:
        best: dict[str, Any] | None = None
        for row in self.rows:
            if row["baseline"] or row["validation"] is None:
                continue
            if best is None or self.metric.better(row["validation"], best["validation"]):
                best = row
        return best

    @property
    def models(self) -> list[str]:
        return [row["model"] for row in self.rows if not row["baseline"]]

    def add(
        self,
        model: str,
        validation: float,
        interval: Interval | None,
        *,
        fit_seconds: float | None = None,
        predict_ms_per_1000: float | None = None,
        baseline: bool = False,
    ) -> None:
        if any(row["model"] == model for row in self.rows):
            return
        row = leaderboard_row(
            model,
            self.metric,
            validation,
            interval,
            fit_seconds=fit_seconds,
            predict_ms_per_1000=predict_ms_per_1000,
            baseline=baseline,
            seconds_used=round(self._clock.used(), 2),
            seconds_left=round(self._clock.left(), 2),
        )
        self.rows.append(finite(row))
        self._events.leaderboard(row)
        if not baseline:
            self._improve(validation)
        self._write()

    def _improve(self, validation: float) -> None:
        best = self.history[-1][1] if self.history else float("nan")
        if validation == validation and self.metric.better(validation, best):
            best = validation
        if best != best:
            return
        step = round(self._clock.used(), 2)
        self.history.append((step, best))
        self._events.metric(f"best_{self.metric.name}", step, best, None, self.metric.higher_is_better)

    def sorted(self) -> list[dict[str, Any]]:
        """Best first, the baseline last."""
        sign = -1 if self.metric.higher_is_better else 1

        def place(row: dict[str, Any]) -> tuple[bool, bool, float]:
            unknown = row["validation"] is None
            return row["baseline"], unknown, 0 if unknown else sign * row["validation"]

        return sorted(self.rows, key=place)

    def _write(self) -> None:
        write_text(self._file, json.dumps({"rows": self.rows, "history": self.history}))

    def _read(self) -> None:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return
        self.rows = kept["rows"]
        self.history = [(step, value) for step, value in kept["history"]]
