"""What the loss of a machine cost: drawn among a training's models, and held against what had been safe."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lost_machine import drawing, kill, moved, newest_checkpoint, train_until_lost
from trainer_bench import Process, Run, Yard

#: Reading a table, writing a model and telling of it, on a machine where others work too.
_BETWEEN_STEPS_SECONDS = 2.0


@dataclass
class Lost:
    """What one machine had done when it was lost, and what of it was safe."""

    run: Run
    #: Models in the order in which they were told, and those that are in the newest checkpoint.
    told: list[str]
    kept: list[str]
    label: str | None
    #: Since the newest checkpoint was made, or since the engine began.
    seconds: float
    #: The machine after it.
    other: Yard = field(repr=False)


def lose_machine(asked: Yard, other: Path, models: int, most_seconds: float) -> Lost:
    """Kills it up to `most_seconds` after one of the first `models` models (or the baseline) was told, all of it at once."""
    draw = drawing()
    began = lost_at = 0.0

    def lose(process: Process) -> None:
        nonlocal began, lost_at
        after, later = draw.randrange(models), draw.uniform(0, most_seconds)
        process.wait_for(lambda event: event["type"] == "leaderboard")
        began = time.time()
        if after:
            process.wait_for_models(after)
        print(f"to be lost {later:.2f} s after model {after} was told")
        kill(process, later)
        lost_at = time.time()

    run = train_until_lost(asked, lose)
    newest = newest_checkpoint(asked.work)
    told: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    if newest is not None:
        told = json.loads((newest / "checkpoint.json").read_text("utf-8"))
        rows = json.loads((newest / "board.json").read_text("utf-8"))["rows"]
    kept = [row["model"] for row in rows if not row["baseline"]]
    safe_at = told["atMs"] / 1000 if told else began
    lost = Lost(run, run.models, kept, told.get("label"), lost_at - safe_at, moved(asked, other))
    print(
        f"told {lost.told}, safe {lost.kept or 'nothing'}: {lost.seconds:.2f} s of work lost, "
        f"{len(lost.told) - len(lost.kept)} models"
    )
    return lost


def check_bounded(lost: Lost, after: Run) -> None:
    """At most one model that was told is gone, and no more time than one model took, here or there."""
    gone = [model for model in lost.told if model not in lost.kept]
    assert len(gone) <= 1 and gone == lost.told[len(lost.told) - len(gone) :], f"lost: {gone}"
    bound = max(_longest_step(lost.run), _longest_step(after)) + _BETWEEN_STEPS_SECONDS
    print(f"lost {lost.seconds:.2f} s, bound {bound:.2f} s")
    assert lost.seconds <= bound


def check_taken_up(lost: Lost, after: Run) -> None:
    """What was safe is there with the scores that it had, and none of it was fitted again."""
    resumed = after.report["resumed"]
    assert (resumed and resumed["label"]) == lost.label
    assert not (set(after.models) | set(_begun(after))) & set(lost.kept)
    scores = {row["model"]: row["validation"] for row in after.report["leaderboard"]}
    before = {row["model"]: row["validation"] for row in lost.run.of("leaderboard")}
    assert {name: scores[name] for name in lost.kept} == {name: before[name] for name in lost.kept}


def _begun(run: Run) -> list[str]:
    sentences = [event["sentence"] for event in run.of("progress")]
    return [words[1].rstrip(",") for words in map(str.split, sentences) if words[0] == "Fitting"]


def _longest_step(run: Run) -> float:
    """From what was told to what was told next, by the job's own clock, which goes on over attempts."""
    moments = [event["secondsUsed"] for event in run.of("leaderboard")]
    return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)
