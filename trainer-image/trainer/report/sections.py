"""The parts of the page that look closer: hints, classes, probabilities, errors, and what a column does."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

from trainer.report.more_plots import calibration_plot, categories_plot, errors_plot, lines_plot, said_number
from trainer.report.plots import figure, score


def card(title: str, aside: str, body: str) -> str:
    note = f'<p class="muted">{escape(aside)}</p>' if aside else ""
    return f'<section class="card"><h2>{escape(title)}</h2>{note}{body}</section>'


def table(heads: list[tuple[str, bool]], rows: list[str]) -> str:
    """`heads` as (title, whether numbers are below it)."""
    head = "".join(f'<th scope="col"{" class=num" if number else ""}>{escape(title)}</th>' for title, number in heads)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def row_of(name: str, numbers: list[str], kind: str = "") -> str:
    cells = "".join(f"<td class=num>{escape(number)}</td>" for number in numbers)
    return f'<tr{f" class={kind}" if kind else ""}><th scope="row">{escape(name)}</th>{cells}</tr>'


def leakage(report: dict[str, Any]) -> str:
    hints = report.get("leakage")
    if not hints:
        return ""
    items = "".join(f"<li>{escape(hint['sentence'])}</li>" for hint in hints)
    return f'<section class="note warn"><h2>Too good to be true?</h2><ul>{items}</ul></section>'


def learning(report: dict[str, Any]) -> str:
    found = report.get("learning")
    if not found:
        return ""
    # Losses and shares have scales of their own: one drawing for each kind of figure.
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in found["series"]:
        if any(value is not None for value in one["values"]):
            kinds.setdefault(one["name"].split("_")[-1], []).append(one)
    drawn = "".join(
        lines_plot(found["at"], series, f"{kind} by {found['unit']}", found["unit"], kind, wide=True)
        for kind, series in kinds.items()
    )
    return card("How it learned", f"From {found['unit']} to {found['unit']}.", drawn)


def per_class(report: dict[str, Any]) -> str:
    found = report.get("perClass")
    if not found:
        return ""
    rows = [
        row_of(
            row["label"],
            [*(score(row[name]) for name in ("precision", "recall", "f1")), f"{row['support']:,}", f"{row['predicted']:,}"],
        )
        for row in found["rows"]
    ]  # fmt: skip
    heads = [("Class", False), *((title, True) for title in ("Precision", "Recall", "F1", "Rows", "Said"))]
    aside = "Precision: how often it is right when it says so. Recall: the share of the class that it finds."
    if found["leftOut"]:
        aside += f" The {len(found['rows'])} commonest classes; {found['leftOut']:,} more are left out."
    return card("Class by class", aside, table(heads, rows))


def per_label(report: dict[str, Any]) -> str:
    found = report.get("perLabel")
    if not found:
        return ""
    names = ("rocAuc", "logLoss", "precision", "recall", "f1")
    rows = [
        row_of(row["label"], [*(score(row[name]) for name in names), f"{row['support']:,}", f"{row['predicted']:,}"])
        for row in found
    ]
    titles = ("ROC AUC", "Log loss", "Precision", "Recall", "F1", "Rows", "Said")
    aside = (
        "Each label by itself, on held-out rows; “yes” is said from a probability of 0.5. Rows: how many have it. "
        "Precision: how often it is right when it says so. Recall: the share of these rows that it finds."
    )
    return card("Label by label", aside, table([("Label", False), *((title, True) for title in titles)], rows))


def thresholds(report: dict[str, Any]) -> str:
    found = report.get("thresholds")
    if not found:
        return ""
    best = max(found, key=lambda row: row["f1"] or 0)["threshold"]
    names = ("precision", "recall", "f1", "accuracy")
    rows = [
        row_of(f"{row['threshold']:.2f}", [f"{row['said']:,}", *(score(row[n]) for n in names)],
             "best" if row["threshold"] == best else "")
        for row in found
        if round(row["threshold"] * 100) % 10 == 0 or row["threshold"] in (0.05, 0.95, best)
    ]  # fmt: skip
    heads = [("From", False), *((title, True) for title in ("Said yes", "Precision", "Recall", "F1", "Accuracy"))]
    aside = (
        "What it would say if “yes” began at another probability. The best F1 is bold; chosen by these rows, it "
        "will be a little worse on new ones."
    )
    return card("Where “yes” begins", aside, table(heads, rows))


def calibration(report: dict[str, Any]) -> str:
    found = report.get("calibration")
    if not found or not found["bins"]:
        return ""
    what = f"“{found['of']}”" if found["of"] else "the class it names"
    aside = (
        f"When it gives {what} a probability, how often it is so. On the dashed line both are equal; larger points stand "
        f"for more rows, lines are 95 % intervals. Brier score {score(found['brier'])}, expected calibration error "
        f"{score(found['expectedError'])}; lower is better."
    )
    rows = [
        row_of(f"{one['from']:.0%} to {one['to']:.0%}", [f"{one['count']:,}", f"{one['mean']:.1%}", f"{one['share']:.1%}"])
        for one in found["bins"]
    ]  # fmt: skip
    counts = table([("Said", False), ("Rows", True), ("On average", True), ("So it was", True)], rows)
    drawn = calibration_plot(found["bins"], "How often it is so, by the probability that was given")
    return card(
        "Can its probabilities be believed", aside, drawn + f"<details><summary>As a table</summary>{counts}</details>"
    )


def errors(report: dict[str, Any]) -> str:
    found = report.get("residuals") or {}
    groups, quantiles = found.get("byPredicted"), found.get("quantiles")
    parts: list[str] = []
    if groups:
        drawn = errors_plot(groups, "Errors by what was predicted: their middle, and eight in ten of them")
        parts.append(
            card("Where it is off", "The middle of the errors and eight in ten of them, by what was predicted.", drawn)
        )
    if quantiles:
        rows = [row_of(f"{q['percent']} %", [figure(q["error"]), figure(q["size"])]) for q in quantiles]
        heads = [("Of the rows", False), ("Actual − predicted at most", True), ("Off by at most", True)]
        parts.append(card("Errors in quantiles", "Held-out rows, from the least to the most.", table(heads, rows)))
    return f'<div class="two">{"".join(parts)}</div>' if parts else ""


def dependence(report: dict[str, Any]) -> str:
    found = report.get("dependence")
    if not found:
        return ""
    drawn = "".join(f'<div class="part"><h3>{escape(one["column"])}</h3>{_dependence_of(one)}</div>' for one in found)
    aside = (
        "What it says on average if this column had the same value in every row and all others stayed. It tells what the "
        "model does, not what would happen. With 95 % intervals of how far the average moves."
    )
    return card("What a column does", aside, f'<div class="two">{drawn}</div>')


def _dependence_of(one: dict[str, Any]) -> str:
    series, label = one["series"], f"Average prediction by {one['column']}"
    of = "prediction" if series[0]["name"] is None else "probability"
    if one["kind"] == "category":
        names = [said_number(value) for value in one["values"]]
        if len(series) == 1:
            return categories_plot(names, series[0], label) + _of_class(series)
        heads = [("", False), *((line["name"], True) for line in series)]
        rows = [row_of(name, [score(line["mean"][i]) for line in series]) for i, name in enumerate(names)]
        return table(heads, rows)
    is_date = one["kind"] == "date"
    at = [float(date.fromisoformat(v).toordinal()) for v in one["values"]] if is_date else one["values"]
    ticks = None
    if is_date:
        ticks = [v[:7] if i in (0, len(at) - 1) else "" for i, v in enumerate(one["values"])]
    lines = [{**line, "values": line["mean"]} for line in series]
    return lines_plot(at, lines, label, one["column"][:40], of, ticks=ticks) + _of_class(series)


def _of_class(series: list[dict[str, Any]]) -> str:
    if series[0]["name"] is None:
        return ""
    kinds = ("", " two", " three", " four", " five")
    names = " ".join(
        f'<span class="key"><i class="swatch{kinds[i % 5]}"></i>{escape(line["name"])}</span>'
        for i, line in enumerate(series)
    )
    return f'<p class="muted">Probability of {names}</p>'


def worst(report: dict[str, Any]) -> str:
    found = report.get("worst")
    if not found or not found["rows"]:
        return ""
    is_number = report["task"] == "regression"
    last = "Off by" if is_number else "How sure"
    heads = [
        ("Actual", is_number),
        ("Predicted", is_number),
        (last, True),
        *((name, False) for name in found["columns"]),
    ]
    rows: list[str] = []
    for row in found["rows"]:
        kind = " class=num" if is_number else ""
        size = "–" if row["size"] is None else figure(row["size"]) if is_number else f"{row['size']:.0%}"
        values = "".join(_cell(said_number(value)) for value in row["values"])
        rows.append(
            f"<tr><td{kind}>{escape(said_number(row['truth']))}</td><td{kind}>{escape(said_number(row['predicted']))}</td>"
            f"<td class=num>{size}</td>{values}</tr>"
        )
    aside = (
        f"The {len(rows)} held-out rows that it missed most. These are rows of the data: mind who sees this page. "
        "Long texts are cut."
    )
    if found["columnsLeftOut"]:
        aside += (
            f" The {len(found['columns'])} columns that matter most; {found['columnsLeftOut']:,} more are left out."
        )
    return card("Worst errors", aside, table(heads, rows))


def _cell(words: str) -> str:
    return f"<td{' class=short' if len(words) <= 24 else ''}>{escape(words)}</td>"


def left_out(report: dict[str, Any]) -> str:
    missing = (report.get("budget") or {}).get("leftOut")
    if not missing:
        return ""
    items = "".join(f"<li>{escape(one['part'])}: {escape(one['reason'])}</li>" for one in missing)
    seconds = report["budget"]["seconds"]
    return card("What this report leaves out", f"It had {seconds:g} seconds for itself.", f"<ul>{items}</ul>")


#: As the pages call them.
_TYPES = {
    "BIGINT": "whole number", "DOUBLE": "number", "BOOLEAN": "yes/no", "VARCHAR": "text", "DATE": "date",
    "TIMESTAMP": "date and time", "BLOB": "image",
}  # fmt: skip


def data_words(report: dict[str, Any]) -> dict[str, str]:
    """Rows of “How it was made”."""
    found = report.get("data")
    if not found:
        return {}
    kinds = ", ".join(f"{_TYPES.get(kind, kind.lower())}: {count}" for kind, count in found["types"].items())
    ignored = f", {found['ignored']} ignored" if found["ignored"] else ""
    split = found["split"]
    folds = f", {split['folds']} folds" if split["folds"] else ""
    if split["groupColumn"]:
        how = f", whole groups of “{split['groupColumn']}”"
    else:
        how = f", the latest by “{split['timeColumn']}”" if split["timeColumn"] else ""
    words = {
        "Data": f"{found['rows']:,} rows, {found['columns']:,} columns to learn from ({kinds}){ignored}",
        "Split": f"{split['holdoutFraction']:.0%} held out{how}{folds}, by seed {split['seed']}",
    }
    if found["weightColumn"]:
        words["Rows weigh"] = f"as “{found['weightColumn']}” says"
    if found["sha256"]:
        words["SHA-256 of the data"] = found["sha256"]
    if report.get("resumed"):
        safe = report["resumed"]
        words["Gone on from"] = (
            f"“{safe['label']}”, safe after {safe['usedSeconds']:.0f} s of training; what an attempt that was lost had "
            "done after that, was done again"
        )
    if report.get("madeAt"):
        words["Made"] = report["madeAt"].replace("T", " ").replace("+00:00", " UTC")
    return words
