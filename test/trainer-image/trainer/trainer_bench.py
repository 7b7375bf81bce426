"""Runs the trainer as the runner does: its own process, a work folder, events on a descriptor."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

TRAINER_IMAGE = Path(__file__).parents[3] / "trainer-image"
_LONGEST_RUN_SECONDS = 170


@dataclass
class Run:
    code: int
    out: Path
    events: list[dict[str, Any]]
    log: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads((self.out / "report.json").read_text("utf-8"))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def failure(self) -> dict[str, str]:
        return self.of("failed")[-1]["failure"]

    @property
    def models(self) -> list[str]:
        return [event["model"] for event in self.of("leaderboard") if not event["baseline"]]


@dataclass
class Yard:
    """A work folder as the runner lays it out."""

    work: Path
    spec: dict[str, Any] = field(default_factory=dict)
    #: Seen by the trainer before all else: a `sitecustomize` there is run in each of its processes.
    ahead: Path | None = None

    def put(self, frame: pd.DataFrame, name: str = "data") -> list[dict[str, str]]:
        path = self.work / "input" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect()
        connection.register("frame", frame)
        connection.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT parquet)")
        described = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        return [{"name": row[0], "sqlType": row[1]} for row in described]

    def ask(self, frame: pd.DataFrame, label: str | list[str], kind: str, **changes: Any) -> Yard:
        """Writes the data and a spec; `changes` go by dotted names with _ for the dot of one level: split_seed=1."""
        labels = [label] if isinstance(label, str) else label
        columns = [{**column, "role": "label" if column["name"] in labels else "feature"} for column in self.put(frame)]
        self.spec = {
            "kind": "train",
            "jobId": "00000000-0000-4000-8000-000000000001",
            "engine": changes.pop("engine", "sklearn"),
            "settings": changes.pop("settings", {}),
            "task": {
                "kind": kind,
                "labels": labels,
                "metric": changes.pop("metric", None),
                "positiveClass": None,
            },
            "columns": columns,
            "split": {
                "holdoutFraction": 0.2,
                "folds": 0,
                "seed": 0,
                **changes.pop("split", {}),
            },
            "data": "input/data.parquet",
            "startFrom": changes.pop("start_from", None),
            "limits": {"trainingSeconds": changes.pop("seconds", 60)},
        }
        assert not changes, changes
        return self

    def train(self, out: str = "out", while_running: Callable[[Process], None] | None = None) -> Run:
        (self.work / "spec.json").write_text(json.dumps(self.spec), "utf-8")
        return self.run("train", "spec.json", out, while_running)

    def predict(self, frame: pd.DataFrame, model: str = "out/model.zip", engine: str = "sklearn") -> Run:
        self.put(frame, "rows")
        spec = {
            "kind": "predict",
            "predictionId": "p",
            "engine": engine,
            "model": model,
            "data": "input/rows.parquet",
        }
        (self.work / "predict.json").write_text(json.dumps(spec), "utf-8")
        return self.run("predict", "predict.json", "predicted", None)

    def run(
        self,
        verb: str,
        spec: str,
        out: str,
        while_running: Callable[[Process], None] | None,
    ) -> Run:
        process = Process(self.work, [verb, "--spec", spec, "--out", out], self.ahead)
        try:
            if while_running is not None:
                while_running(process)
            return process.ended(self.work / out)
        finally:
            process.end()


class Process:
    def __init__(self, work: Path, arguments: list[str], ahead: Path | None = None) -> None:
        reading, writing = os.pipe()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, filter(None, (ahead, TRAINER_IMAGE)))),
            "TRAINYARD_EVENTS_FD": str(writing),
        }
        with (work / "trainer.log").open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-u", "-m", "trainer", *arguments],
                cwd=work,
                env=environment,
                pass_fds=(writing,),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(writing)
        self.log = work / "trainer.log"
        self.events: list[dict[str, Any]] = []
        self._heard = threading.Condition()
        self._listener = threading.Thread(target=self._listen, args=(reading,), daemon=True)
        self._listener.start()

    def _listen(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                with self._heard:
                    self.events.append(json.loads(line))
                    self._heard.notify_all()
        with self._heard:
            self._heard.notify_all()

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 90) -> dict[str, Any]:
        with self._heard:
            found = self._heard.wait_for(
                lambda: any(map(wanted, self.events)) or self.popen.poll() is not None,
                seconds,
            )
            assert found, f"not heard in {seconds} s: {self.events[-3:]}"
            matching = [event for event in self.events if wanted(event)]
        assert matching, f"the trainer ended before: {self.log.read_text('utf-8')[-2000:]}"
        return matching[0]

    def wait_for_models(self, count: int) -> None:
        def is_nth(event: dict[str, Any]) -> bool:
            found = [e for e in self.events if e["type"] == "leaderboard" and not e["baseline"]]
            return len(found) >= count and event is found[count - 1]

        self.wait_for(is_nth)

    def workers(self) -> list[int]:
        """The process that fits, child of the one that was started."""
        children = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text("ascii")
        return [int(number) for number in children.split()]

    def kill_workers(self) -> None:
        for worker in self.workers():
            with contextlib.suppress(ProcessLookupError):  # it has come to its end just now
                os.kill(worker, signal.SIGKILL)

    def ended(self, out: Path) -> Run:
        code = self.popen.wait(_LONGEST_RUN_SECONDS)
        self._listener.join(10)
        return Run(code, out, self.events, self.log.read_text("utf-8", errors="replace"))

    def end(self) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
