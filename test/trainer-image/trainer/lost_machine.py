"""A machine that is lost at a moment that is told or drawn at random, disk and all, and the next that takes its job up."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer_bench import Process, Run, Yard

#: Asked for to try a moment again: the number that a failed test has printed.
SEED = "TRAINYARD_TEST_SEED"
#: Reading a table, writing a model and telling of it, on a machine where others work too.
_BETWEEN_STEPS_SECONDS = 2.0
_MOST_TRIES = 3


@dataclass
class Lost:
    """What one machine had done when it was lost, and what of it was safe."""

    seed: int
    run: Run
    #: Models in the order in which they were told, and those that are in the newest checkpoint.
    told: list[str]
    kept: list[str]
    label: str | None
    #: Since the newest checkpoint was made, or since the engine began.
    seconds: float
    #: The machine after it: nothing is on it but what had been uploaded.
    other: Yard = field(repr=False)


def newest_checkpoint(work: Path) -> Path | None:
    numbered = [path for path in (work / "checkpoints").glob("[0-9]*") if path.name.isdigit()]
    return max(numbered, key=lambda path: int(path.name), default=None)


def kill(process: Process) -> None:
    for worker in process.workers():
        os.kill(worker, signal.SIGKILL)
    process.popen.kill()


def lose_after(label: str) -> Callable[[Process], None]:
    """Right after the checkpoint whose label begins so."""

    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint" and event["label"].startswith(label))
        kill(process)

    return lose


def lose_within(most_seconds: float) -> Callable[[Process], None]:
    """Up to so long after the first checkpoint."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    later = random.Random(seed).uniform(0, most_seconds)
    print(f"{SEED}={seed}: lost {later:.2f} s after the first checkpoint")

    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint")
        time.sleep(later)
        kill(process)

    return lose


def lost_and_moved(asked: Yard, lose: Callable[[Process], None], other: Path) -> Yard:
    """Trains until it is lost; then the machine after it, with the newest checkpoint and nothing else of the first."""
    lost = asked.train(while_running=lose)
    assert lost.code == -signal.SIGKILL, lost.log
    return _moved(asked, other)


def _moved(asked: Yard, other: Path) -> Yard:
    next_yard = Yard(other, asked.spec)
    shutil.copytree(asked.work / "input", next_yard.work / "input")
    newest = newest_checkpoint(asked.work)
    if newest is not None:
        shutil.copytree(newest, next_yard.work / "resume")
    shutil.rmtree(asked.work)
    return next_yard


def lose_machine(asked: Yard, other: Path, models: int, most_seconds: float) -> Lost:
    """Kills it up to `most_seconds` after one of the first `models` models (or the baseline) was told, all of it at once."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    draw = random.Random(seed)
    for _ in range(_MOST_TRIES):
        after, later = draw.randrange(models), draw.uniform(0, most_seconds)
        print(f"{SEED}={seed}: lost {later:.2f} s after model {after} was told")
        lost = _tried(asked, other, seed, after, later)
        if lost is not None:
            print(
                f"told {lost.told}, safe {lost.kept or 'nothing'}: {lost.seconds:.2f} s of work lost, "
                f"{len(lost.told) - len(lost.kept)} models"
            )
            return lost
    raise AssertionError(f"it was over before it could be lost, {_MOST_TRIES} times ({SEED}={seed})")


def _tried(asked: Yard, other: Path, seed: int, after: int, later: float) -> Lost | None:
    began = lost_at = 0.0

    def lose(process: Process) -> None:
        nonlocal began, lost_at
        process.wait_for(lambda event: event["type"] == "leaderboard")
        began = time.time()
        if after:
            process.wait_for_models(after)
        time.sleep(later)
        kill(process)
        lost_at = time.time()

    run = asked.train(while_running=lose)
    if run.code != -signal.SIGKILL:
        assert run.code == 0, run.log
        for made in ("out", "checkpoints"):
            shutil.rmtree(asked.work / made, ignore_errors=True)
        return None
    newest = newest_checkpoint(asked.work)
    told: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    if newest is not None:
        told = json.loads((newest / "checkpoint.json").read_text("utf-8"))
        rows = json.loads((newest / "board.json").read_text("utf-8"))["rows"]
    next_yard = _moved(asked, other)
    kept = [row["model"] for row in rows if not row["baseline"]]
    safe_at = told["atMs"] / 1000 if told else began
    return Lost(seed, run, run.models, kept, told.get("label"), lost_at - safe_at, next_yard)


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
