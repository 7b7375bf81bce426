"""`python -m trainer describe|train|predict|seal`, by the contract in docs/trainer-contract.md, standard library only.

Prints numbered lines with the time of each, so that a test can say: every line is there exactly once, and how late.
"""

import hashlib
import json
import os
import signal
import sys
import time
import zipfile
from pathlib import Path
from types import FrameType

ENGINE = {
    "name": "counting",
    "title": "Counting",
    "summary": "Counts lines; for tests.",
    "tasks": ["binary", "multiclass", "regression"],
    "settings": [
        {"name": "lines", "title": "Lines", "help": "How many.", "type": "integer", "default": 50, "min": 1, "max": 1000000},
        {"name": "seconds", "title": "Seconds", "help": "Over how long.", "type": "number", "default": 5, "min": 0, "max": 86400},
        {"name": "lingers", "title": "Lingers", "help": "Seconds from a stop to the handing in.", "type": "number", "default": 0, "min": 0, "max": 600},
    ],
    "continues": False,
    "environment": {"downloadMegabytes": 0, "installSeconds": 1, "preparedAtStart": True},
}

stopping = False


def stop(_signal: int, _frame: FrameType | None) -> None:
    global stopping
    stopping = True


def say(**event: object) -> None:
    os.write(int(os.environ["TRAINYARD_EVENTS_FD"]), (json.dumps(event) + "\n").encode())


def train(spec: dict, out: Path) -> int:
    settings = spec["settings"]
    lines, seconds = int(settings.get("lines", 50)), float(settings.get("seconds", 5))
    began, deadline = time.monotonic(), time.time() + spec["limits"]["trainingSeconds"]
    for number in range(1, lines + 1):
        print(f"line {number} of {lines} at {time.time() * 1000:.3f}", flush=True)
        if number % 10 == 0:
            say(type="metric", name="score", step=number, value=number / lines)
            say(type="progress", fraction=number / lines, secondsLeft=None, sentence=f"Counted to {number} of {lines}.")
        wake = began + seconds * number / lines
        while not stopping and time.monotonic() < wake and time.time() < deadline:
            time.sleep(min(0.05, max(0.0, wake - time.monotonic())))
        if stopping or time.time() >= deadline:
            break
    if stopping:
        time.sleep(float(settings.get("lingers", 0)))
    hand_in(spec, out)
    return 143 if stopping else 0


def hand_in(spec: dict, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    report = {"version": 1, "engine": "counting", "task": spec["task"], "leaderboard": [], "warnings": [], "importance": [],
              "metric": {"name": "score", "title": "Score", "higherIsBetter": True},
              "best": {"model": "counted", "validation": 1.0, "interval": None, "test": 1.0, "testInterval": None},
              "scores": {"validation": {}, "test": {}}, "baseline": {"model": "none", "validation": 0, "test": 0, "sentence": ""},
              "confusion": None, "residuals": None, "curves": None, "rows": {"train": 1, "validation": 1, "test": 1},
              "seconds": {"load": 0, "fit": 0, "report": 0, "total": 0}, "seed": 0, "versions": {}, "why": "completed"}
    files = {"report.json": json.dumps(report), "report.html": "<p>counted</p>", "input-schema.json": json.dumps({"columns": spec["columns"], "label": spec["columns"][-1]})}
    manifest = json.dumps({"files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}})
    for name, text in {**files, "manifest.json": manifest}.items():
        (out / name).write_text(text)
    with zipfile.ZipFile(out / "model.zip", "w") as archive:
        for name in files:
            archive.write(out / name, name)


def seal(archive: Path, signature: Path) -> int:
    with zipfile.ZipFile(archive, "a") as opened:
        if "signature.json" not in opened.namelist():
            opened.write(signature, "signature.json")
    return 0


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, stop)
    verb, options = arguments[0], dict(zip(arguments[1::2], arguments[2::2], strict=True))
    if verb == "describe":
        print(json.dumps([ENGINE]))
        return 0
    if verb == "seal":
        return seal(Path(options["--archive"]), Path(options["--signature"]))
    return train(json.loads(Path(options["--spec"]).read_text()), Path(options["--out"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
