from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

OUT = Path("out")


def send(event: Any) -> None:
    send_raw(json.dumps(event).encode() + b"\n")


def send_raw(data: bytes) -> None:
    os.write(int(os.environ["TRAINYARD_EVENTS_FD"]), data)


def leave_model() -> None:
    (OUT / "deep").mkdir(parents=True, exist_ok=True)
    (OUT / "model.zip").write_bytes(b"a model")
    (OUT / "deep" / "more.txt").write_text("more")
    (OUT / "manifest.json").write_text("{}")


def on_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    leave_model()
    print("kept the best", flush=True)
    os._exit(143)


def wait_for_ever() -> NoReturn:
    while True:
        time.sleep(0.05)


def act_model(settings: dict[str, Any]) -> None:
    print(f"I am {sys.argv[1]} {sys.argv[2:]}")
    print("a warning", file=sys.stderr)
    send({"type": "metric", "name": "loss", "step": 1, "value": float("nan")})
    send({"type": "progress", "fraction": 0.5, "secondsLeft": None, "sentence": "half"})
    (Path("out") / "predictions.parquet").write_bytes(b"PAR1") if settings.get("predictions") else leave_model()
    if "report" in settings:
        (OUT / "report.json").write_text(json.dumps(settings["report"]))


def act_lines(settings: dict[str, Any]) -> None:
    for number in range(settings["count"]):
        sys.stdout.write(f"out {number}\n")
        sys.stderr.write(f"err {number}\n")
    leave_model()


def act_raw(settings: dict[str, Any]) -> None:
    sys.stdout.buffer.write(bytes.fromhex(settings["hex"]))
    leave_model()


def act_bad_events(_settings: dict[str, Any]) -> None:
    send_raw(b"not json\n")
    send({"type": "hello"})
    send({"type": "metric", "name": 7, "step": 1, "value": 1})
    send_raw(b'{"type": "metric", "name": "' + b"x" * 600_000 + b'", "step": 1}\n')
    send({"type": "metric", "name": "good", "step": 1, "value": 10**400})
    leave_model()


def act_wait(_settings: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, on_stop)
    print("waiting", flush=True)
    wait_for_ever()


def act_checkpoint(settings: dict[str, Any]) -> None:
    """Publishes what it is told to, says what it found of an earlier attempt, and waits."""
    signal.signal(signal.SIGTERM, on_stop)
    found = sorted(p.relative_to("resume").as_posix() for p in Path("resume").rglob("*") if p.is_file())
    print(f"found {json.dumps({name: (Path('resume') / name).read_text() for name in found})}", flush=True)
    for number, files in enumerate(settings["checkpoints"], 1):
        for name, text in files.items():
            path = Path("checkpoints") / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        send({"type": "checkpoint", "label": f"epoch {number}", "object": str(number)})
        time.sleep(settings.get("pause", 0.3))
    print("waiting", flush=True)
    wait_for_ever()


def act_deaf(settings: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if settings.get("result"):
        leave_model()
    print("waiting", flush=True)
    wait_for_ever()


def act_tell_deadline(_settings: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, on_stop)
    last = None
    while True:
        told = json.loads(Path("deadline.json").read_text())["deadlineAtMs"]
        if told != last:
            last = told
            print(f"deadline {told}", flush=True)
        time.sleep(0.05)


def act_refuse(settings: dict[str, Any]) -> NoReturn:
    if "failure" in settings:
        send({"type": "failed", "failure": settings["failure"], "exitCode": settings["code"]})
    print("the last words", file=sys.stderr)
    sys.exit(settings["code"])


def act_crash(_settings: dict[str, Any]) -> NoReturn:
    raise RuntimeError("it broke")


def act_die(settings: dict[str, Any]) -> None:
    os.kill(os.getpid(), settings["signal"])


def act_tell_environment(_settings: dict[str, Any]) -> None:
    leave_model()
    (OUT / "environment.json").write_text(json.dumps({"env": dict(os.environ), "cwd": str(Path.cwd())}))


def act_family(settings: dict[str, Any]) -> None:
    """A child, one in a session of its own, and one there that forgot its whole environment; all outlive their parent."""
    sleep = "import os, time; time.sleep(300)"
    forget = {"PATH": os.environ["PATH"]}
    family = [
        subprocess.Popen([sys.executable, "-c", sleep]),
        subprocess.Popen([sys.executable, "-c", sleep], start_new_session=True),
        subprocess.Popen([sys.executable, "-c", sleep], env=forget),
    ]
    orphan = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"
    pids = [child.pid for child in family]
    environments = [None, forget] if settings.get("ends") else [None]
    for env in environments:
        pids.append(int(subprocess.check_output([sys.executable, "-c", orphan, sleep], env=env)))
    Path("pids.json.new").write_text(json.dumps([os.getpid(), *pids]))
    Path("pids.json.new").rename("pids.json")
    if settings.get("ends"):
        leave_model()
        os._exit(0)
    wait_for_ever()


if __name__ == "__main__":
    spec = json.loads(Path(sys.argv[sys.argv.index("--spec") + 1]).read_text())
    globals()[f"act_{spec['settings']['act']}"](spec["settings"])
