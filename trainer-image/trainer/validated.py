"""How a model's validation score came about, in one sentence: every engine says by it what it did, not what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from trainer.fitting import Order


def how_validated(
    order: Order,
    *,
    parts: int,
    rows: int,
    score: Literal["together", "mean"] = "together",
    learned: Literal["without", "folds", "all"],
) -> str:
    """`parts`: how many judged in turn; `rows`: all of those that judged; `learned`: whether the model handed in is
    one that did not learn from these, those of the folds together, or one that learned from all in the end.

    `score`: over the rows of all parts together, or the mean of the scores of each.
    """
    split = order.spec.split
    if split.time is not None:
        which = (
            f"by the latest part by “{split.time}”"
            if parts == 1
            else f"by {parts} parts by “{split.time}”, one after the other"
        )
        seen = (
            "by what was learned from the rows before it"
            if parts == 1
            else "each by what was learned from those before"
        )
    else:
        whole = f" of whole groups of “{split.group}”" if split.group is not None else ""
        which = f"by one part{whole or ', drawn by chance'}" if parts == 1 else f"by {parts} folds{whole}"
        seen = "by what was learned from the others" if parts == 1 else "each by what was learned from the others"
    total = (
        "" if parts == 1 else ("; the score is over all of them" if score == "together" else "; the score is the mean")
    )
    end = {
        "without": "the model handed in has not learned from these rows",
        "folds": "the model handed in is those of the folds together",
        "all": "the model handed in has then learned from all rows",
    }[learned]
    return f"{which[:1].upper()}{which[1:]} ({rows:,} rows), {seen}{total}; {end}."


def warn_of_parts(order: Order, title: str, parts: int) -> None:
    """Where folds were asked for in the order of time, and the latest part alone judged."""
    asked = order.spec.split.folds
    if order.ordered and asked > 1 and parts == 1:
        order.warn(
            f"{asked} folds were asked for. In the order of time {title} is validated by the latest of them alone."
        )
