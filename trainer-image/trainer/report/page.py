"""The report as one page that needs nothing else: no script, no request, light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from trainer.interval import ends_of
from trainer.metrics import METRICS
from trainer.report import sections as closer
from trainer.report.curve_sections import curves_each
from trainer.report.plots import (
    bars,
    confusion_table,
    figure,
    held_out_between,
    histogram,
    line_plot,
    scatter,
    score,
    step_plot,
)
from trainer.report.sections import card as _card

_WHY = {
    "completed": "It ran to its end.",
    "stop_asked": "It was stopped when asked; this is the best until then.",
    "time_up": "The time was up; this is the best until then.",
}

#: A trainer knows no prices. Who keeps the model writes the cost between the marks (activities/report-cost.ts).
_ROOM_FOR_COST = "<dt>Cost</dt><dd><!--trainyard:cost-->Not counted: this page did not go through Trainyard.<!--/trainyard:cost--></dd>"


def make_page(report: dict[str, Any], history: list[list[float]], facts: dict[str, Any]) -> str:
    label, best = report["label"], report["best"]["model"]
    sections = [
        f'<header><h1>{escape(label)}, predicted by {escape(best)}</h1><p class="muted">{_subtitle(report)}</p></header>',
        f'<p class="note"><b>{escape(report["baseline"]["sentence"])}</b> {_WHY[report["why"]]}</p>',
        closer.leakage(report),
        _warnings(report["warnings"]),
        f'<div class="two">{_scores(report)}{_facts(report, facts)}</div>',
        _preparation(report),
        _leaderboard(report),
        _history(report, history),
        closer.learning(report),
        _confusion(report),
        closer.per_class(report),
        closer.per_label(report),
        _curves(report),
        curves_each(report),
        _pair(closer.calibration(report), closer.thresholds(report)),
        _residuals(report),
        closer.errors(report),
        _importance(report),
        closer.dependence(report),
        closer.worst(report),
        closer.left_out(report),
    ]
    style = (Path(__file__).parent / "style.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(label)} · report</title><style>{style}</style></head>"
        f"<body><main>{''.join(sections)}</main></body></html>\n"
    )


def _subtitle(report: dict[str, Any]) -> str:
    what = {"binary": "one of two classes", "multiclass": "one of several classes", "regression": "a number",
            "multilabel": "several columns of yes or no"}  # fmt: skip
    return f"Predicts {what[report['task']]} · chosen by {escape(report['metric']['title'])} · {escape(report['engineTitle'])}"


def _warnings(warnings: list[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in warnings)
    return f'<section class="note warn"><h2>To know</h2><ul>{items}</ul></section>'


def _pair(*cards: str) -> str:
    there = [card for card in cards if card]
    return f'<div class="two">{"".join(there)}</div>' if len(there) > 1 else "".join(there)


def _direction(higher: bool) -> str:
    return "higher is better" if higher else "lower is better"


def _scores(report: dict[str, Any]) -> str:
    validation, test = report["scores"]["validation"], report["scores"]["test"]
    rows, between = "", held_out_between(report, score)
    for name, value in test.items():
        metric = METRICS[name]
        chosen = name == report["metric"]["name"]
        extra = f", {between}" if chosen and between else ""
        rows += (
            f'<tr{" class=best" if chosen else ""}><td>{escape(metric.title)} <span class="muted">'
            f'{_direction(metric.higher_is_better)}</span></td><td class="num">{score(validation.get(name))}</td>'
            f'<td class="num">{score(value)}{extra}</td></tr>'
        )
    table = (
        '<div class="scroll" tabindex="0"><table><thead><tr><th>Score</th><th class="num">Validation</th>'
        f'<th class="num">Held-out rows</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    held = report["rows"]["test"]
    aside = f"Chosen on validation, then judged once on {held:,} rows that no model had seen."
    if between:
        aside += " Other such rows would give a score between these two, with 95 % confidence."
    gain = report["baseline"].get("difference")
    if gain:
        aside += (
            f" Against no model, {report['metric']['title']} is better by {figure(gain['value'])} (95 % interval "
            f"{figure(gain['low'], 3)} to {figure(gain['high'], 3)}, both judged on the same draws of rows)."
        )
    return _card("How good it is", aside, table)


def _facts(report: dict[str, Any], facts: dict[str, Any]) -> str:
    rows, seconds = report["rows"], report["seconds"]
    items = {
        "Rows": f"{rows['train']:,} learned from, {rows['validation']:,} validated on, {rows['test']:,} held out",
        **({"Validated": report["validated"]} if report.get("validated") else {}),
        "Seconds": ", ".join(f"{name} {value:.1f}" for name, value in seconds.items()),
        **closer.data_words(report),
        "Seed": str(report["seed"]),
        **{name: str(value) for name, value in facts.items()},
        "Versions": ", ".join(f"{name} {version}" for name, version in report["versions"].items()),
    }
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in items.items())
    return _card("How it was made", "", f"<dl>{body}{_ROOM_FOR_COST}</dl>")


def _preparation(report: dict[str, Any]) -> str:
    recipe = report["recipe"]
    if recipe is None:
        return ""
    steps = ""
    for step in recipe["steps"]:
        notes = [step["learned"]] if step["learned"] else []
        if step["learnedFromAllRows"]:
            notes.append("learned from all rows, the held-out ones too, because a later step makes other rows of them")
        if step["leftOut"]:
            notes.append(f"{step['leftOut']:,} rows left out")
        said = f'<br><span class="muted">{escape("; ".join(notes))}</span>' if notes else ""
        steps += f'<li value="{step["place"]}">{escape(step["sentence"])}{said}</li>'
    aside = (
        f"By version {recipe['version']} of the recipe “{recipe['name']}”, learned from training rows only where "
        f"nothing else is said: {recipe['rowsIn']:,} rows came in, {recipe['rowsOut']:,} were left."
    )
    return _card("How the data was prepared", aside, f"<ol>{steps}</ol>")


def _interval(row: dict[str, Any]) -> str:
    ends = ends_of(row["validation"], row["interval"], row.get("low"), row.get("high"), metric=row["metric"])
    return "–" if ends is None else f"{score(ends[0])} to {score(ends[1])}"


def _leaderboard(report: dict[str, Any]) -> str:
    rows = ""
    for row in report["leaderboard"]:
        kind = " class=base" if row["baseline"] else " class=best" if row["model"] == report["best"]["model"] else ""
        seconds = "–" if row["fitSeconds"] is None else f"{row['fitSeconds']:.1f} s"
        speed = "–" if row["predictMsPer1000"] is None else f"{figure(row['predictMsPer1000'], 3)} ms"
        rows += (
            f"<tr{kind}><td>{escape(row['model'])}</td><td class=num>{score(row['validation'])}</td>"
            f"<td class=num>{_interval(row)}</td><td class=num>{seconds}</td><td class=num>{speed}</td></tr>"
        )
    metric = report["metric"]
    head = "<th>Model</th>" + "".join(
        f'<th class="num">{title}</th>' for title in ("Validation", "95 % interval", "Fit", "1,000 rows in")
    )
    table = f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return _card("Leaderboard", f"{metric['title']}, {_direction(metric['higherIsBetter'])}", table)


def _history(report: dict[str, Any], history: list[list[float]]) -> str:
    if len(history) < 2:
        return ""
    metric = report["metric"]["title"]
    label = (
        f"Best {metric} goes from {figure(history[0][1])} to {figure(history[-1][1])} in {history[-1][0]:.0f} seconds"
    )
    return _card("Best score so far", "by seconds of training", step_plot(history, label, "seconds", metric))


def _confusion(report: dict[str, Any]) -> str:
    found = report["confusion"]
    if found is None:
        return ""
    counted = sum(row[i] for i, row in enumerate(found["matrix"]))
    right = found.get("right", counted)
    whole = sum(sum(row) for row in found["matrix"])
    said = f"{right:,} of {whole:,} held-out rows are predicted right. A row is what is true, a column what was said."
    return _card("What is taken for what", said, confusion_table(found["labels"], found["matrix"]))


def _curves(report: dict[str, Any]) -> str:
    found = report["curves"]
    if not found:
        return ""
    roc = line_plot(
        found["roc"], "ROC curve on held-out rows", "false alarms", "found", unit_square=True, diagonal=True
    )
    pr = line_plot(found["pr"], "Precision by recall on held-out rows", "found", "right when said", unit_square=True)
    return (
        f'<div class="two">{_card("ROC curve", "The further above the dashed line of guessing, the better.", roc)}'
        f"{_card('Precision and recall', 'How often it is right when it says yes, by the share that it finds.', pr)}</div>"
    )


def _residuals(report: dict[str, Any]) -> str:
    found = report["residuals"]
    if found is None:
        return ""
    spread = found["histogram"]
    dots = scatter(found["points"], "Actual by predicted values; on the dashed line they are equal")
    bins = histogram(spread["edges"], spread["counts"], "How many rows are off by how much", "actual − predicted")
    return (
        f'<div class="two">{_card("Predicted and actual", "Held-out rows; on the dashed line both are equal.", dots)}'
        f"{_card('How far off', 'Held-out rows by their difference.', bins)}</div>"
    )


def _importance(report: dict[str, Any]) -> str:
    found = report["importance"]
    if not found:
        return ""
    metric = report["metric"]["title"]
    said = f"How much worse {metric} gets on held-out rows when a column is shuffled; the line is the 95 % interval."
    top = ", ".join(row["column"] for row in found[:3])
    return _card("What matters", said, bars(found, f"Most important columns: {top}"))
