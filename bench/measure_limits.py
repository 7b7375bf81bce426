"""How far one engine goes beyond its time limit, over settings drawn at random.

Run in the engine's environment, with what to try as JSON on the command line:

    measure_limits.py <engine> '[{"settings": {…}, "seconds": 9, "task": "binary"}, …]'

Prints one line of JSON for each: when fitting was over, and when everything was.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "test" / "trainer-image" / "trainer"))
from trainer_bench import Process, Yard

_ROWS = 6000
_JUDGING = "Judging the winner"


def made_table(kind: str, data: object = None) -> pd.DataFrame:
    """Enough to do that a fit is cut off by its limit, and not over before; `data`: as pixels or texts, where asked for."""
    random = np.random.default_rng(0)
    if data in ("image", "text"):
        return _other_than_table(str(data), kind, random)
    values = random.normal(size=(_ROWS, 20))
    frame = pd.DataFrame(values, columns=[f"x{number}" for number in range(20)])
    frame["city"] = random.choice([f"city {number}" for number in range(30)], _ROWS)
    score = values[:, 0] + values[:, 1] * values[:, 2] + random.normal(size=_ROWS)
    return frame.assign(y=_label_of(score, kind))


def _label_of(score: np.ndarray, kind: str) -> np.ndarray:
    classes = {"binary": 2, "multiclass": 4}
    return score if kind == "regression" else pd.qcut(score, classes[kind], labels=False)


def _other_than_table(data: str, kind: str, random: np.random.Generator) -> pd.DataFrame:
    if data == "image":
        pixels = random.integers(0, 17, (_ROWS, 64))
        frame = pd.DataFrame(pixels, columns=[f"pixel{number}" for number in range(64)])
        return frame.assign(y=_label_of(pixels[:, :32].sum(axis=1) + random.normal(size=_ROWS), kind))
    words = np.array([f"word{number}" for number in range(200)])
    said = random.integers(0, len(words), (_ROWS, 12))
    frame = pd.DataFrame({"text": [" ".join(words[row]) for row in said]})
    return frame.assign(y=_label_of((said < 50).sum(axis=1) + random.normal(size=_ROWS), kind))


def hear_when(process: Process, began: float, heard: dict[str, float]) -> None:
    process.popen.wait()
    heard["ended"] = time.time() - began


def tried(engine: str, order: dict[str, Any]) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="trainyard-limits-") as folder:
        yard = Yard(Path(folder))
        kind = order["task"]
        table = made_table(kind, order["settings"].get("data"))
        yard.ask(table, "y", kind, engine=engine, settings=order["settings"], seconds=order["seconds"])
        began = time.time()
        heard: dict[str, float] = {}

        def watch(process: Process) -> None:
            waiting = threading.Thread(target=hear_when, args=(process, began, heard))
            waiting.start()
            while process.popen.poll() is None and "judging" not in heard:
                told = [event for event in process.events if event["type"] == "progress"]
                if any(str(event.get("text", event)).find(_JUDGING) >= 0 for event in told):
                    heard["judging"] = time.time() - began
                time.sleep(0.05)
            waiting.join()

        run = yard.train(while_running=watch)
        return {
            **order,
            "engine": engine,
            # Without a model there is nothing to judge: then it ends where its time does.
            "fitted": heard.get("judging", heard["ended"]),
            "ended": heard["ended"],
            "models": len(run.models),
            "code": run.code,
            # Some settings do not go together, which is said before anything is fitted.
            "refused": bool(run.of("failed")) and run.failure["type"] == "BadSettings",
            "problem": run.failure["message"] if run.of("failed") else None,
        }


def main(engine: str, orders: str) -> None:
    for order in json.loads(orders):
        print(json.dumps(tried(engine, order)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
