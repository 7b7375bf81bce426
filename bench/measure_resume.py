"""What the loss of a machine costs one engine: a trainer under the real runner, killed at random, its disk deleted.

Run in the engine's environment:

    measure_resume.py <engine> <times> <seed> <seconds>

First one training that nobody disturbs. Then, up to `times` times but for no longer than about `seconds`, the same one with
everything on its machine killed by SIGKILL at a moment drawn from that training's length, the work folder removed,
and a second machine that takes it up from the bucket. Prints one line of JSON for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[1] / "test" / "trainer-image"
sys.path[:0] = [str(_TESTS / "runner"), str(_TESTS / "trainer")]

import runner_bench  # noqa: E402
from measure_limits import made_table  # noqa: E402
from runner_bench import Bench, eventually, now_ms  # noqa: E402
from trainer_bench import TRAINER_IMAGE, Yard  # noqa: E402

#: Enough steps that a random moment falls between two of them, and each short enough to be waited for.
_SETTINGS: dict[str, dict[str, Any]] = {
    "sklearn": {"algorithm": "auto"},
    "autogluon": {"include": ["GBM", "RF", "XT"]},
    "h2o": {"max_models": 6, "exclude": ["DeepLearning", "StackedEnsemble"]},
    "torch": {"epochs": 12, "patience": 0, "batch_size": 8},
}
_ROWS = {"sklearn": 1500, "autogluon": 1500, "h2o": 3000, "torch": 6000}
_LONGEST_RUN_SECONDS = 900.0
_JUDGING = "Judging the winner"
#: What is done lies on the disk at once, but counts only when it is in the bucket: for that, and for a clock's ticks.
_UPLOAD_SECONDS = 2.0


class Job:
    """One job on one machine after the other; its bucket outlives them."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.bench = Bench(folder)
        self.bench.environment |= {
            "TRAINYARD_TRAINER_FOLDER": str(TRAINER_IMAGE / "trainer"),
            "TRAINYARD_DEADLINE_AT_MS": str(now_ms() + 1_800_000),
            "TRAINYARD_ENDS_AT_MS": str(now_ms() + 2_100_000),
        }
        yard = Yard(folder / "given")
        yard.work.mkdir()
        asked = yard.ask(made_table("binary").head(_ROWS[engine]), "y", "binary", engine=engine, settings=_SETTINGS[engine], seconds=1200)
        shutil.copytree(yard.work / "input", self.bench.bucket / "input", dirs_exist_ok=True)
        (self.bench.bucket / "input" / "spec.json").write_text(json.dumps(asked.spec))

    def start(self, attempt: int) -> subprocess.Popen[bytes]:
        self.bench.spool = self.bench.spool.with_name(f"attempt-{attempt}")
        return self.bench.start_again({"TRAINYARD_ATTEMPT": str(attempt)})

    def lose_machine(self, process: subprocess.Popen[bytes]) -> int:
        """Everybody on it at once, then its disk; when."""
        at_ms = now_ms()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        eventually(lambda: not self.bench.marked(), "all gone", 30)
        shutil.rmtree(self.bench.work)
        self.bench.work.mkdir()
        return at_ms

    def result(self, attempt: int) -> dict[str, Any]:
        ended = [event for event in self.bench.events() if event["type"] in ("finished", "failed")]
        if not ended or ended[-1]["type"] != "finished":
            raise RuntimeError(f"attempt {attempt} did not finish: {ended[-1:]}\n{self.bench.console()[-3000:]}")
        out = self.bench.bucket / "attempts" / str(attempt) / "out"
        report = json.loads((out / "report.json").read_text("utf-8"))
        # Each held-out row with every digit of its probabilities: what is the same here is the same model.
        said = hashlib.sha256((out / "extras" / "held-out.csv").read_bytes()).hexdigest()
        return {"report": report, "said": said}

    def newest_checkpoint(self) -> dict[str, Any] | None:
        """As the bucket has it: the label, when it was made, and which models it holds."""
        latest = self.bench.bucket / "checkpoints" / "latest.json"
        if not latest.exists():
            return None
        told = json.loads(latest.read_text("utf-8"))

        def read(name: str) -> dict[str, Any]:
            return json.loads((self.bench.bucket / "checkpoints" / "files" / told["files"][name]).read_text("utf-8"))

        board = read("board.json")["rows"] if "board.json" in told["files"] else []
        return {**read("checkpoint.json"), "models": {row["model"] for row in board if not row["baseline"]}}


def fit_span(job: Job) -> tuple[int, int]:
    """From when the data was read until the winner was judged."""
    events = job.bench.events()
    began = next(event["atMs"] for event in events if _begins(event))
    ended = next(e["atMs"] for e in events if e["type"] == "progress" and _JUDGING in e["sentence"])
    return began, ended


def _begins(event: dict[str, Any]) -> bool:
    """The baseline is told when the data has been read, just before the engine begins."""
    return event["type"] == "leaderboard" and event["baseline"]


def longest_step(events: list[dict[str, Any]], began: int | None = None) -> float:
    """The engine's own bound in seconds: the longest time between two checkpoints, the first one from the start."""
    moments = [*([] if began is None else [began]), *(event["atMs"] for event in events if event["type"] == "checkpoint")]
    return max((later - before for before, later in zip(moments, moments[1:], strict=False)), default=0) / 1000


def steps_told(engine: str, events: list[dict[str, Any]]) -> set[str]:
    """What was finished, as far as it was told: epochs, or models."""
    if engine == "torch":
        steps = (float(event["step"]) for event in events if event["type"] == "metric")
        return {f"epoch {step:.0f}" for step in steps if step.is_integer()}
    return {event["model"] for event in events if event["type"] == "leaderboard" and not event["baseline"]}


def steps_kept(engine: str, checkpoint: dict[str, Any] | None, told: set[str]) -> set[str]:
    if checkpoint is None:
        return set()
    if engine != "torch":
        return checkpoint["models"]
    reached = int(checkpoint["label"].split()[1].rstrip(","))
    whole = reached if "," not in checkpoint["label"] else reached - 1
    return {step for step in told if int(step.split()[1]) <= whole}


def undisturbed(folder: Path, engine: str) -> dict[str, Any]:
    job = Job(folder, engine)
    try:
        job.bench.finish(job.start(1), _LONGEST_RUN_SECONDS)
        began, ended = fit_span(job)
        found = job.result(1)
        events = job.bench.events()
        return {**found, "seconds": (ended - began) / 1000, "step": longest_step(events, began)}
    finally:
        job.bench.clear_away()


def disturbed(folder: Path, engine: str, share: float, plain: dict[str, Any]) -> dict[str, Any]:
    job = Job(folder, engine)
    try:
        process = job.start(1)
        began = eventually(
            lambda: next((e["atMs"] for e in job.bench.events() if _begins(e)), None), "the fit", _LONGEST_RUN_SECONDS
        )
        moment = began + share * plain["seconds"] * 1000
        while now_ms() < moment and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is not None:
            # The machine is less busy than it was for the undisturbed one.
            return {"engine": engine, "share": round(share, 3), "endedBefore": True}
        killed_at = job.lose_machine(process)
        events, checkpoint = job.bench.events(), job.newest_checkpoint()
        ended_before = any(event["type"] in ("finished", "failed") for event in events)
        told = steps_told(engine, events)
        kept = steps_kept(engine, checkpoint, told)
        # It may have been made before the machine was up, where the clocks of processes differ by a tick.
        lost = max(0.0, (killed_at - (began if checkpoint is None else checkpoint["atMs"])) / 1000)
        second = job.start(2)
        job.bench.finish(second, _LONGEST_RUN_SECONDS)
        found = job.result(2)
        # On a busy machine a step takes longer than it did undisturbed: the bound is what a step took here, too.
        bound = max(plain["step"], longest_step(events, began), longest_step(job.bench.events()))
        best, before = found["report"]["best"], plain["report"]["best"]
        return {
            "engine": engine,
            "share": round(share, 3),
            "killedAfter": round((killed_at - began) / 1000, 2),
            "from": None if checkpoint is None else checkpoint["label"],
            "takenUp": (found["report"]["resumed"] or {}).get("label"),
            "endedBefore": ended_before,
            "lostSeconds": round(lost, 2),
            "boundSeconds": round(bound + _UPLOAD_SECONDS, 2),
            "lostSteps": sorted(told - kept),
            "metric": found["report"]["metric"]["name"],
            "score": best["test"],
            "undisturbed": before["test"],
            "interval": before["testInterval"] or 0.0,
            "same": found["said"] == plain["said"],
        }
    finally:
        job.bench.clear_away()


def main(engine: str, times: str, seed: str, seconds: str) -> None:
    draw = random.Random(f"{seed} {engine}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trainyard-resume-") as place:
        plain = undisturbed(fresh(Path(place) / "plain"), engine)
        told = {"engine": engine, "plain": True, "seconds": plain["seconds"], "step": plain["step"]}
        print(json.dumps(told), flush=True)
        for number in range(int(times)):
            if number and time.monotonic() - began > float(seconds):
                break
            share = draw.uniform(0.1, 0.9)
            print(json.dumps(disturbed(fresh(Path(place) / str(number)), engine, share, plain)), flush=True)


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    assert runner_bench.ENTRY.is_file()
    main(*sys.argv[1:])
