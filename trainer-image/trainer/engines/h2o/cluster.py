"""What is asked of H2O: rows in, jobs begun and watched, predictions out."""

# Types are checked where h2o is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h2o  # pyright: ignore[reportMissingImports]
import pandas as pd

from trainer.engines.h2o.machine import JavaMachine
from trainer.engines.h2o.portable import ROW, write_rows

_LOOK_SECONDS = 0.25
_ENDED = ("DONE", "FAILED", "CANCELLED")
#: “GBM_1_AutoML_1_20261121_82521 [GBM def_5]”
_UNDER_WAY = re.compile(r"(\S+) \[(\w+) (\w+)\]")


class Cluster:
    def __init__(self, machine: JavaMachine, folder: Path) -> None:
        self.machine = machine
        self._folder = folder
        self._number = 0

    def take_in(self, ready: pd.DataFrame, enums: set[str], name: str | None = None) -> str:
        """The rows as a frame of H2O, each column with the type that we say; gives back its key."""
        self._number += 1
        key = name or f"rows_{self._number}"
        path = self._folder / f"{key}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(ready, path)
        types = {column: "enum" if column in enums else "numeric" for column in [*ready.columns, ROW]}
        try:
            h2o.import_file(str(path.resolve()), destination_frame=key, header=1, sep=",", col_types=types)
        finally:
            path.unlink(missing_ok=True)
        return key

    def levels(self, key: str, column: str) -> list[str]:
        return h2o.get_frame(key)[column].levels()[0]

    def read(self, key: str, *, texts: bool) -> pd.DataFrame:
        """`texts`: the first column holds names of classes, which are nothing but text."""
        said = self.machine.ask("GET /3/DownloadDataset", data={"frame_id": key, "hex_string": False})
        return pd.read_csv(io.StringIO(said), dtype={0: str} if texts else None)

    def predict(self, model: str, key: str, *, texts: bool) -> pd.DataFrame:
        told = self.machine.ask(f"POST /3/Predictions/models/{model}/frames/{key}")
        answered = told["predictions_frame"]["name"]
        try:
            return self.read(answered, texts=texts)
        finally:
            self.forget(answered)

    def forget(self, key: str) -> None:
        self.machine.ask(f"DELETE /3/DKV/{key}")

    def model(self, name: str) -> dict[str, Any]:
        return self.machine.ask(f"GET /3/Models/{name}")["models"][0]

    def begin_automl(self, order: dict[str, Any]) -> str:
        return self.machine.ask("POST /99/AutoMLBuilder", json=order)["job"]["key"]["name"]

    def begin_model(self, family: str, parameters: dict[str, Any]) -> str:
        return self.machine.ask(f"POST /99/ModelBuilders/{family}", data=parameters)["job"]["key"]["name"]

    def automl_models(self, project: str, label: str) -> list[str]:
        told = self.machine.ask(f"GET /99/AutoML/{project}@@{label}")
        return [model["name"] for model in told["leaderboard"]["models"]]

    def watch(self, job: str, look: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Until the job is over; `look` is called with what is known of it each time, and once more at the end."""
        while True:
            told = self.machine.ask(f"GET /3/Jobs/{job}")["jobs"][0]
            look(told)
            if told["status"] in _ENDED:
                return told
            time.sleep(_LOOK_SECONDS)

    def cancel(self, job: str, seconds: float) -> None:
        """Asks for it and waits a little, so that what comes next has the processors to itself."""
        with self.machine.patience(seconds):
            self.machine.ask(f"POST /3/Jobs/{job}/cancel")
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if self.machine.ask(f"GET /3/Jobs/{job}")["jobs"][0]["status"] in _ENDED:
                    return
                time.sleep(_LOOK_SECONDS)


def under_way(told: dict[str, Any]) -> tuple[str, str, str] | None:
    """The model that a job of AutoML is fitting: its name, its family, its step."""
    found = _UNDER_WAY.search(told.get("progress_msg") or "")
    return None if found is None else (found[1], found[2], found[3])
