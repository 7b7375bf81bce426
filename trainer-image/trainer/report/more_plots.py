"""Drawings with several lines or with intervals; made of the same parts as those in plots.py."""

from __future__ import annotations

from typing import Any

from trainer.report.plots import Scale, figure, frame_of, path_of, svg_of, text_at

#: Told apart by dashes as well as by colour, and named at their end.
_KINDS = ("line", "line two", "line three", "line four", "line five")
_LOW, _HIGH = 220, 28


def lines_plot(
    at: list[float],
    series: list[dict[str, Any]],
    label: str,
    x_title: str,
    y_title: str,
    *,
    ticks: list[str] | None = None,
    wide: bool = False,
) -> str:
    """Each of `series`: name, values, and where known low and high. A value may be missing."""
    width = 620 if wide else 430
    known = [
        v for one in series for name in ("values", "low", "high") for v in one.get(name) or [] if v is not None
    ]  # fmt: skip
    named = [one for one in series if one["name"]]
    # A date at the end is longer than a number.
    room = 130 if named and wide else 40 if ticks else 20
    x = Scale(min(at), max(at), 62, width - room)
    y = Scale(min(known), max(known), _LOW, _HIGH, rounded=True)
    body = frame_of(x, y, x_title, y_title, x_ticks=None if ticks is None else list(zip(at, ticks, strict=True)))
    ends: list[float] = []
    for number, one in enumerate(series):
        kind = _KINDS[number % len(_KINDS)]
        if one.get("low"):
            there = [f"{x(a):.1f} {y(b):.1f}" for a, b in zip(at, one["high"], strict=True)]
            back = [f"{x(a):.1f} {y(b):.1f}" for a, b in zip(at, one["low"], strict=True)]
            body.append(f'<path class="band" d="M{"L".join([*there, *reversed(back)])}Z"/>')
        points = [f"{x(a):.1f} {y(b):.1f}" for a, b in zip(at, one["values"], strict=True) if b is not None]
        body.append(f'<path class="{kind}" d="M{"L".join(points)}"/>')
        if one["name"] and wide:
            last = next(v for v in reversed(one["values"]) if v is not None)
            ends.append(_apart(y(last) + 4, ends))
            body.append(text_at(width - room + 6, ends[-1], _short(str(one["name"])), "start", f"end {kind}"))
    return svg_of(width, 262, label, body)


def overlaid_plot(
    points: list[list[float]],
    behind: list[list[list[float]]],
    label: str,
    x_title: str,
    y_title: str,
    *,
    diagonal: bool = False,
) -> str:
    """One line in a square of shares, with others faint behind it."""
    x, y = Scale(0, 1, 62, 410), Scale(0, 1, _LOW, _HIGH)
    body = frame_of(x, y, x_title, y_title)
    if diagonal:
        body.append(f'<path class="guess" d="M{x(0):.1f} {y(0):.1f}L{x(1):.1f} {y(1):.1f}"/>')
    body.extend(f'<path class="faint" d="{path_of(line, x, y)}"/>' for line in behind)
    body.append(f'<path class="line" d="{path_of(points, x, y)}"/>')
    return svg_of(430, 262, label, body)


def _apart(height: float, taken: list[float]) -> float:
    """The nearest height at which a name is not written over another."""
    steps = sorted(range(-20, 21), key=abs)
    return next((height + s * 6 for s in steps if all(abs(height + s * 6 - other) >= 12 for other in taken)), height)


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def calibration_plot(bins: list[dict[str, Any]], label: str) -> str:
    x, y = Scale(0, 1, 62, 410), Scale(0, 1, _LOW, _HIGH)
    body = frame_of(x, y, "said", "so it was")
    body.append(f'<path class="guess" d="M{x(0):.1f} {y(0):.1f}L{x(1):.1f} {y(1):.1f}"/>')
    most = max(one["count"] for one in bins)
    for one in bins:
        across = x(one["mean"])
        radius = 2.5 + 4.5 * (one["count"] / most) ** 0.5
        body.append(f'<path class="whisker" d="M{across:.1f} {y(one["low"]):.1f}V{y(one["high"]):.1f}"/>')
        body.append(f'<circle class="point" cx="{across:.1f}" cy="{y(one["share"]):.1f}" r="{radius:.1f}"/>')
    return svg_of(430, 262, label, body)


def errors_plot(groups: list[dict[str, float]], label: str) -> str:
    """The middle of the errors and eight in ten of them, by what was predicted."""
    middles = [(group["from"] + group["to"]) / 2 for group in groups]
    x = Scale(groups[0]["from"], groups[-1]["to"], 62, 410)
    low, high = min(group["low"] for group in groups), max(group["high"] for group in groups)
    y = Scale(min(0.0, low), max(0.0, high), _LOW, _HIGH, rounded=True)
    body = frame_of(x, y, "predicted", "actual − predicted")
    body.append(f'<path class="guess" d="M{x.start:.1f} {y(0):.1f}H{x.end:.1f}"/>')
    for middle, group in zip(middles, groups, strict=True):
        body.append(f'<path class="whisker" d="M{x(middle):.1f} {y(group["low"]):.1f}V{y(group["high"]):.1f}"/>')
        body.append(f'<circle class="point" cx="{x(middle):.1f}" cy="{y(group["median"]):.1f}" r="4"/>')
    return svg_of(430, 262, label, body)


def categories_plot(names: list[str], line: dict[str, Any], label: str) -> str:
    """A point for each category with its interval: averages have no bar that begins at nothing."""
    low, high = min(line["low"]), max(line["high"])
    bottom = len(names) * 26 + 8
    x = Scale(low, high, 140, 400, rounded=True)
    body: list[str] = []
    for value, words in x.ticks():
        body.append(f'<path class="grid" d="M{x(value):.1f} 4V{bottom}"/>')
        body.append(text_at(x(value), bottom + 16, words, "middle"))
    for number, name in enumerate(names):
        top = number * 26 + 20
        body.append(text_at(132, top + 4, _short(name), "end", "name"))
        body.append(f'<path class="whisker" d="M{x(line["low"][number]):.1f} {top}H{x(line["high"][number]):.1f}"/>')
        body.append(f'<circle class="point" cx="{x(line["mean"][number]):.1f}" cy="{top}" r="4.5"/>')
    return svg_of(430, bottom + 24, label, body)


def said_number(value: object) -> str:
    """A cell of a table that may be anything."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return figure(value) if isinstance(value, (int, float)) else str(value)
