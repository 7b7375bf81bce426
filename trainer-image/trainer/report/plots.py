"""Drawings for the report, as SVG text: no script, colours from the page's tokens, meaning also in words."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from math import ceil, floor, log10
from typing import Any

from trainer.interval import ends_of

_MOST_CLASSES = 12
_MOST_BARS = 20
_WIDE = 620


def figure(value: float | None, digits: int = 4) -> str:
    """A number for a person: about four digits that matter."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.{digits}g}"


def score(value: float | None) -> str:
    """A score in a column of scores: as many places as its neighbours."""
    if value is None or abs(value) < 0.001 or abs(value) >= 10_000:
        return figure(value)
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"


def held_out_between(report: dict[str, Any], words: Callable[[float | None], str]) -> str:
    """“between 0.9621 and 0.9954”, of the score on held-out rows; empty where nobody knows."""
    best = report["best"]
    known = best.get("testLow"), best.get("testHigh")
    ends = ends_of(best["test"], best["testInterval"], *known, metric=report["metric"]["name"])
    return "" if ends is None else f"between {words(ends[0])} and {words(ends[1])}"


def svg_of(width: int, height: int, label: str, body: list[str]) -> str:
    inner = "".join(body)
    drawn = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{inner}</svg>'
    # Squeezed onto a phone, the words of a wide one could not be read.
    return f'<div class="scroll" tabindex="0">{drawn}</div>' if width >= _WIDE else drawn


def text_at(x: float, y: float, words: str, anchor: str = "start", kind: str = "tick") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


class Scale:
    """From values to places in a drawing, with round numbers beside it."""

    def __init__(
        self, low: float, high: float, start: float, end: float, *, rounded: bool = False, whole: bool = False
    ) -> None:
        self.start, self.end = start, end
        # A line that never moved has one height: its own, in the middle.
        self.flat = high <= low
        if self.flat:
            half = abs(low) * 0.1 or 1.0
            self.low, self.high, self.step = low - half, low + half, 0.0
            return
        step = _round_step((high - low) / 5)
        self.step = max(1.0, step) if whole else step
        if rounded:
            low, high = floor(low / self.step + 1e-9) * self.step, ceil(high / self.step - 1e-9) * self.step
        self.low, self.high = low, high

    def ticks(self) -> list[tuple[float, str]]:
        """Three to six round values with as many places as their distance has."""
        if self.flat:
            middle = (self.low + self.high) / 2
            return [(middle, figure(middle))]
        first, last = ceil(self.low / self.step - 1e-9), floor(self.high / self.step + 1e-9)
        places = max(0, -floor(log10(self.step) + 1e-9))
        if round(self.step * 10**places, 6) % 1:
            places += 1
        return [(number * self.step, f"{number * self.step:,.{places}f}") for number in range(first, last + 1)]

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * 0.999)


def frame_of(
    x: Scale, y: Scale, x_title: str, y_title: str, *, x_ticks: list[tuple[float, str]] | None = None
) -> list[str]:
    body: list[str] = []
    for value, words in y.ticks():
        body.append(f'<path class="grid" d="M{x.start:.1f} {y(value):.1f}H{x.end:.1f}"/>')
        body.append(text_at(x.start - 6, y(value) + 4, words, "end"))
    body.extend(text_at(x(value), y.start + 16, words, "middle") for value, words in x_ticks or x.ticks())
    body.append(text_at((x.start + x.end) / 2, y.start + 34, x_title, "middle", "axis"))
    body.append(text_at(x.start - 50, y.end - 10, y_title, "start", "axis"))
    return body


def path_of(points: list[list[float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in points)


def line_plot(
    points: list[list[float]],
    label: str,
    x_title: str,
    y_title: str,
    *,
    unit_square: bool = False,
    diagonal: bool = False,
    width: int = 430,
) -> str:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    right = width - 20
    x = Scale(0, 1, 62, right) if unit_square else Scale(min(0.0, *xs), max(xs), 62, right)
    y = Scale(0, 1, 220, 28) if unit_square else Scale(min(ys), max(ys), 220, 28, rounded=True)
    body = frame_of(x, y, x_title, y_title)
    if diagonal:
        body.append(f'<path class="guess" d="M{x(0):.1f} {y(0):.1f}L{x(1):.1f} {y(1):.1f}"/>')
    body.append(f'<path class="line" d="{path_of(points, x, y)}"/>')
    return svg_of(width, 262, label, body)


def step_plot(points: list[list[float]], label: str, x_title: str, y_title: str) -> str:
    stepped: list[list[float]] = []
    for number, (across, up) in enumerate(points):
        if number:
            stepped.append([across, points[number - 1][1]])
        stepped.append([across, up])
    # It has the page's whole width: drawn as wide as the bars, its words are as large as theirs.
    return line_plot(stepped, label, x_title, y_title, width=_WIDE)


def scatter(points: list[list[float]], label: str) -> str:
    values = [value for point in points for value in point]
    x, y = Scale(min(values), max(values), 62, 410), Scale(min(values), max(values), 220, 28)
    body = frame_of(x, y, "predicted", "actual")
    body.append(f'<path class="guess" d="M{x(x.low):.1f} {y(y.low):.1f}L{x(x.high):.1f} {y(y.high):.1f}"/>')
    body.extend(f'<circle class="dot" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b in points)
    return svg_of(430, 262, label, body)


def histogram(edges: list[float], counts: list[int], label: str, x_title: str) -> str:
    x, y = Scale(edges[0], edges[-1], 62, 410), Scale(0, max(counts), 220, 28, rounded=True, whole=True)
    body = frame_of(x, y, x_title, "rows")
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        width, top = max(1.0, x(right) - x(left) - 1), y(count)
        body.append(f'<rect class="bar" x="{x(left):.1f}" y="{top:.1f}" width="{width:.1f}" height="{220 - top:.1f}"/>')
    return svg_of(430, 262, label, body)


def bars(rows: list[dict[str, Any]], label: str) -> str:
    shown = rows[:_MOST_BARS]
    low = min(0.0, *(row["mean"] - (row["interval"] or 0) for row in shown))
    high = max(0.0, *(row["mean"] + (row["interval"] or 0) for row in shown))
    x = Scale(low, high, 190, 540)
    places = _places(max(abs(row["mean"]) for row in shown))
    body = [f'<path class="grid" d="M{x(0):.1f} 4V{len(shown) * 24 + 4}"/>']
    for number, row in enumerate(shown):
        top, mean, spread = number * 24 + 6, row["mean"], row["interval"] or 0.0
        left, right = sorted((x(0), x(mean)))
        name = row["column"] if len(row["column"]) <= 28 else row["column"][:27] + "…"
        body.append(text_at(182, top + 13, name, "end", "name"))
        body.append(
            f'<rect class="bar" x="{left:.1f}" y="{top}" width="{max(0.5, right - left):.1f}" height="16" rx="2"/>'
        )
        if spread:
            body.append(f'<path class="whisker" d="M{x(mean - spread):.1f} {top + 8}H{x(mean + spread):.1f}"/>')
        body.append(text_at(548, top + 13, f"{round(mean, places) + 0.0:,.{places}f}"))
    return svg_of(_WIDE, len(shown) * 24 + 10, label, body)


def _places(largest: float) -> int:
    """As many places for all as the largest needs: numbers below each other are compared by their length first."""
    if largest >= 10_000 or largest == 0:
        return 0
    return 2 if largest >= 10 else max(4, 2 - floor(log10(largest)))


def confusion_table(labels: list[str], matrix: list[list[int]]) -> str:
    """A table and not a drawing, so that it can be read aloud and copied. Too many classes: the commonest ones."""
    order = sorted(range(len(labels)), key=lambda i: -sum(matrix[i]))[:_MOST_CLASSES]
    order = sorted(order) if len(order) == len(labels) else order
    heads = "".join(f'<th scope="col" class="num">{escape(labels[i])}</th>' for i in order)
    body = ""
    for i in order:
        whole = max(1, sum(matrix[i]))
        cells = "".join(
            f'<td class="num{" hit" if i == j else ""}" style="--share:{100 * matrix[i][j] / whole:.0f}%">{matrix[i][j]:,}</td>'
            for j in order
        )
        body += f'<tr><th scope="row">{escape(labels[i])}</th>{cells}</tr>'
    rest = "" if len(order) == len(labels) else f"<p>The {len(order)} commonest of {len(labels)} classes are shown.</p>"
    return (
        f'<div class="scroll" tabindex="0"><table class="confusion"><thead><tr><th>actual ↓ predicted →</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{rest}"
    )
