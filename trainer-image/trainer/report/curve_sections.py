"""The part of the page that draws the curves of several classes or labels."""

from __future__ import annotations

from html import escape
from typing import Any

from trainer.few import few_quoted
from trainer.report.more_plots import overlaid_plot
from trainer.report.plots import score
from trainer.report.sections import card, row_of, table

_SQUARES = {
    "roc": ("false alarms", "found", "ROC curve"),
    "pr": ("found", "right when said", "precision by recall"),
}


def curves_each(report: dict[str, Any]) -> str:
    found = report.get("curvesEach")
    if not found:
        return ""
    many = "classes" if found["of"] == "class" else "labels"
    drawn = [row for row in found["rows"] if row.get("roc")]
    macro = found["macro"]
    faint = "" if len(drawn) < 2 else f"; the faint lines are {len(drawn)} {many} by themselves"
    roc = overlaid_plot(
        macro["roc"], [row["roc"] for row in drawn], f"ROC curve, average of {macro['of']} {many}",
        *_SQUARES["roc"][:2], diagonal=True,
    )  # fmt: skip
    pr = overlaid_plot(
        macro["pr"], [row["pr"] for row in drawn], f"Precision by recall, average of {macro['of']} {many}",
        *_SQUARES["pr"][:2],
    )  # fmt: skip
    against = "each against the rest" if found["of"] == "class" else "each by itself"
    pair = (
        '<div class="two">'
        + card("ROC curves", f"The average of {macro['of']} {many}, {against}{faint}. Dashed: guessing.", roc)
        + card(
            "Precision and recall", f"How often it is right when it says yes, by the share that it finds{faint}.", pr
        )
        + "</div>"
    )
    return pair + card(f"Curve by curve, {against}", _aside(found, many), _figures(found) + _small(drawn))


def _aside(found: dict[str, Any], many: str) -> str:
    said = "On held-out rows, the commonest first."
    undrawn = [row["name"] for row in found["rows"] if not row.get("roc")]
    if undrawn:
        said += f" The {len(found['rows']) - len(undrawn)} commonest {many} are drawn."
    if found["leftOut"]:
        said += f" {found['leftOut']:,} more {many} are left out."
    if found["alike"]:
        said += f" Alike in all held-out rows, so without a curve: {few_quoted(found['alike'], 10)}."
    return said


def _figures(found: dict[str, Any]) -> str:
    macro = found["macro"]
    rows = [row_of("Average", [score(macro["rocAuc"]), score(macro["averagePrecision"]), ""], "best")]
    rows += [
        row_of(row["name"], [score(row["rocAuc"]), score(row["averagePrecision"]), f"{row['rows']:,}"])
        for row in found["rows"]
    ]
    title = "Class" if found["of"] == "class" else "Label"
    return table([(title, False), ("ROC AUC", True), ("Average precision", True), ("Rows", True)], rows)


def _small(drawn: list[dict[str, Any]]) -> str:
    parts = "".join(
        f'<div class="part"><h3>{escape(row["name"])}</h3><div class="two">'
        + "".join(
            overlaid_plot(row[kind], [], f"{row['name']}: {title}", across, up, diagonal=kind == "roc")
            for kind, (across, up, title) in _SQUARES.items()
        )
        + "</div></div>"
        for row in drawn
    )
    return f"<details><summary>Each drawn by itself</summary>{parts}</details>"
