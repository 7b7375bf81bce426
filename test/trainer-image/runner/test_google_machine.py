"""A whole machine on Google Cloud, from its metadata to its own removal, started by the real entry script."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google_server import Fault, GoogleServer
from runner_bench import ENTRY, HERE, eventually, now_ms

from runner.processes import list_processes
from runner.spool import Event, decode


class Machine:
    def __init__(self, folder: Path, google: GoogleServer) -> None:
        self.folder = folder
        self.google = google
        self.work = folder / "work"
        self.told = {
            "TRAINYARD_HOLDER_KIND": "job",
            "TRAINYARD_HOLDER_ID": "5d9e2f2c-0000-4000-8000-000000000001",
            "TRAINYARD_ATTEMPT": "1",
            "TRAINYARD_MACHINE": "ty-m",
            "TRAINYARD_CLOUD": "gcp",
            "TRAINYARD_GCP_PROJECT": "yard",
            "TRAINYARD_GCP_ZONE": "zone-a",
            "TRAINYARD_ENDPOINT": google.endpoint,
            "TRAINYARD_BUCKET": "gs://job-bucket",
            "TRAINYARD_SIGNALS": "pubsub://yard/job-topic",
            "TRAINYARD_WORK": str(self.work),
            "TRAINYARD_PYTHON": sys.executable,
            "TRAINYARD_TRAINER_FOLDER": str(HERE / "fake" / "trainer"),
            "TRAINYARD_DEADLINE_AT_MS": str(now_ms() + 600_000),
            "TRAINYARD_ENDS_AT_MS": str(now_ms() + 900_000),
            "TRAINYARD_HEARTBEAT_SECONDS": "0.2",
            "TRAINYARD_GRACE_SECONDS": "20",
        }
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "GCE_METADATA_HOST": google.host,
            "TRAINYARD_METADATA_SECONDS": "3",
        }
        self.console = folder / "console"
        self.process: subprocess.Popen[bytes] | None = None

    def boot(self, act: str = "model", *, entry: Path = ENTRY, **settings: Any) -> None:
        spec = {"kind": "train", "settings": {"act": act, **settings}}
        self.google.world.put("input/spec.json", json.dumps(spec).encode())
        self.google.world.attributes.setdefault("trainyard-environment", json.dumps(self.told))
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                [str(entry)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def wait(self, seconds: float = 20.0) -> int:
        assert self.process
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on:\n{self.said()}") from None

    def said(self) -> str:
        return self.console.read_text("utf-8", "replace")

    def events(self) -> list[Event]:
        """What has come over the topic, each once."""
        found = {event["seq"]: event for line in self.google.world.records() if (event := decode(line))}
        return [found[seq] for seq in sorted(found)]

    def log(self, stream: str) -> list[str]:
        return [event["text"] for event in self.events() if event["type"] == "log" and event["stream"] == stream]

    def until_logged(self, text: str, stream: str = "out") -> None:
        eventually(lambda: any(text in line for line in self.log(stream)), f"{text!r} in the log of {stream}")

    def is_removed(self) -> bool:
        return "ty-m" not in self.google.world.instances

    def clear_away(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        eventually(lambda: not [one for one in list_processes("ty-m") if one.marked], "all gone")


@pytest.fixture
def machine(tmp_path: Path, google: GoogleServer) -> Iterator[Machine]:
    machine = Machine(tmp_path, google)
    yield machine
    machine.clear_away()


def test_trains_tells_of_it_hands_in_and_removes_itself(machine: Machine) -> None:
    machine.boot("model")
    assert machine.wait() == 0, machine.said()
    events = machine.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"], events[-1]["hasResult"]) == ("hello", "finished", True)
    objects = machine.google.world.objects
    assert set(json.loads(objects["attempts/1/done.json"].data)["files"]) == {
        "model.zip",
        "manifest.json",
        "deep/more.txt",
    }
    assert objects["attempts/1/out/model.zip"].data == b"a model"
    spool = objects["attempts/1/spool/000000000001.jsonl"].data
    assert b"".join(machine.google.world.records()) == spool
    assert machine.is_removed()
    for step in ("asking the metadata server", "this is machine ty-m", "starting the runner", "is being removed"):
        assert step in machine.said()


def test_goes_though_nobody_listens_and_its_topic_is_gone(
    machine: Machine,
) -> None:
    """The events are in the bucket; a topic that was removed first must not keep a machine alive."""
    machine.google.world.faults = [Fault(":publish", times=9999, status=404)]
    quiet = machine.folder / "quick" / "runner"
    shutil.copytree(ENTRY.parent / "runner", quiet, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ENTRY, quiet.parent / "entry.sh")
    house = quiet / "google" / "house.py"
    house.write_text(house.read_text().replace("_QUIET_SECONDS = 60.0", "_QUIET_SECONDS = 1.0"))
    machine.boot("model", entry=quiet.parent / "entry.sh")
    assert machine.wait() == 0
    assert machine.is_removed()
    assert "could not be sent" in machine.said()
    spool = machine.google.world.objects["attempts/1/spool/000000000001.jsonl"].data
    assert (decode(spool.splitlines(keepends=True)[-1]) or {})["type"] == "finished"


def test_a_machine_that_is_removed_already_is_no_trouble(machine: Machine) -> None:
    machine.google.world.instances.clear()
    machine.boot("model")
    assert machine.wait() == 0
    assert "removed already" in machine.said()


def test_removes_itself_after_a_failure_too(machine: Machine) -> None:
    machine.boot("refuse", failure={"type": "BadLabel", "message": "One value only."}, code=65)
    assert machine.wait() == 0
    assert machine.events()[-1]["failure"]["type"] == "BadLabel"
    assert machine.is_removed()


def test_says_when_it_could_not_be_removed(machine: Machine) -> None:
    machine.google.world.faults = [Fault("DELETE /compute", times=99, status=403)]
    machine.told["TRAINYARD_ENDS_AT_MS"] = str(now_ms() + 7_200_000)
    machine.boot("model")
    assert machine.wait() == 0
    assert "could not be removed" in machine.said()
    assert "powered off" in machine.said()


def test_stays_on_until_its_own_end_where_that_is_near_and_it_may_not_be_removed(machine: Machine) -> None:
    """Off, it would have no end any more, and its disk would stay."""
    machine.google.world.faults = [Fault("DELETE /compute", times=99, status=403)]
    machine.boot("model")
    eventually(lambda: "stays on until then" in machine.said(), "it says so")
    assert machine.process is not None
    assert machine.process.poll() is None
    machine.process.send_signal(signal.SIGTERM)
    machine.process.wait(20)


def leave(machine: Machine) -> str:
    command = [sys.executable, "-S", "-m", "runner.google.leave"]
    environment = {**machine.environment, "PYTHONPATH": str(ENTRY.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return f"{done.returncode}: {done.stdout}{done.stderr}"


def test_removes_itself_when_its_runner_has_given_up_whatever_it_was_told(machine: Machine) -> None:
    machine.google.world.attributes["trainyard-environment"] = json.dumps(
        {"TRAINYARD_ENDPOINT": machine.google.endpoint, "TRAINYARD_MACHINE": "nonsense"}
    )
    assert leave(machine).startswith("0: ")
    assert machine.is_removed()


def test_is_left_to_be_powered_off_where_it_has_given_up_and_may_not_be_removed(machine: Machine) -> None:
    machine.google.world.faults = [Fault("DELETE /compute", times=99, status=403)]
    machine.told["TRAINYARD_ENDS_AT_MS"] = str(now_ms() + 7_200_000)
    machine.google.world.attributes["trainyard-environment"] = json.dumps(machine.told)
    said = leave(machine)
    assert said.startswith("1: ")
    assert "powered off" in said


def test_stops_when_the_bucket_says_so(machine: Machine) -> None:
    machine.boot("wait")
    machine.until_logged("waiting")
    machine.google.world.put("control/attempt-1.json", b'{"stop": true}')
    assert machine.wait() == 0
    assert machine.events()[-1]["why"] == "stop_asked"


def test_a_trainer_does_not_wait_for_events_to_be_sent(machine: Machine) -> None:
    machine.google.world.faults = [Fault(":publish", times=9999, status=503)]
    machine.boot("lines", count=5_000)
    eventually(lambda: "attempts/1/done.json" in machine.google.world.objects, "it has trained and handed in")
    assert machine.google.world.messages == []
    machine.google.world.faults = []
    assert machine.wait() == 0
    events = machine.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len(machine.log("out")) == len(machine.log("err")) == 5_000
    assert events[-1]["type"] == "finished"


@pytest.mark.parametrize(
    ("notice", "says"),
    [
        ({"preempted": "TRUE"}, "takes this machine back"),
        ({"maintenance": "TERMINATE_ON_HOST_MAINTENANCE"}, "maintenance"),
    ],
)
def test_a_notice_ends_the_attempt_with_its_checkpoint_and_not_the_job(
    machine: Machine, notice: dict[str, str], says: str
) -> None:
    machine.boot("checkpoint", checkpoints=[{"models/a": "first"}])
    eventually(lambda: [event for event in machine.events() if event["type"] == "checkpoint"], "a checkpoint")
    machine.google.world.set_notice(**notice)
    assert machine.wait() == 0
    last = machine.events()[-1]
    assert (last["type"], last["failure"]["type"]) == ("failed", "MachinePreempted")
    assert says in last["failure"]["message"]
    assert machine.is_removed()
    assert "attempts/1/done.json" not in machine.google.world.objects
    latest = json.loads(machine.google.world.objects["checkpoints/latest.json"].data)
    assert (latest["label"], list(latest["files"])) == ("epoch 1", ["models/a"])


def test_goes_on_on_the_next_machine_from_the_checkpoint(machine: Machine) -> None:
    machine.boot("checkpoint", checkpoints=[{"models/a": "first"}])
    eventually(lambda: [event for event in machine.events() if event["type"] == "checkpoint"], "a checkpoint")
    machine.clear_away()  # without a word
    shutil.rmtree(machine.work)
    machine.google.world.messages.clear()
    machine.told["TRAINYARD_ATTEMPT"] = "2"
    machine.google.world.attributes.clear()
    machine.boot("checkpoint", checkpoints=[])
    machine.until_logged("found")
    assert json.loads(next(line for line in machine.log("out") if line.startswith("found"))[6:]) == {
        "models/a": "first"
    }
    assert any("goes on from “epoch 1” of attempt 1" in line for line in machine.log("machine"))


def test_a_migration_is_no_notice(machine: Machine) -> None:
    machine.boot("wait")
    machine.until_logged("waiting")
    machine.google.world.set_notice(maintenance="MIGRATE_ON_HOST_MAINTENANCE")
    eventually(lambda: machine.google.world.times("maintenance-event") >= 2, "it was heard of")
    machine.google.world.put("control/attempt-1.json", b'{"stop": true}')
    assert machine.wait() == 0
    assert machine.events()[-1]["type"] == "finished"


def test_a_shutdown_by_google_is_asked_about_and_taken_for_the_notice_that_it_is(machine: Machine) -> None:
    machine.boot("wait")
    machine.until_logged("waiting")
    with machine.google.world.lock:
        machine.google.world.preempted = "TRUE"  # whoever waits has not been told yet
        assert machine.process
        machine.process.send_signal(signal.SIGTERM)
    assert machine.wait() == 0
    assert machine.events()[-1]["failure"]["type"] == "MachinePreempted"


def test_a_shutdown_by_anybody_else_ends_it_at_once_and_without_a_last_word(machine: Machine) -> None:
    machine.boot("wait")
    machine.until_logged("waiting")
    assert machine.process
    machine.process.send_signal(signal.SIGTERM)
    assert machine.wait() == -signal.SIGTERM
    assert [event for event in machine.events() if event["type"] in ("finished", "failed")] == []
    assert not machine.is_removed()


def test_a_runner_that_dies_and_is_started_again_loses_no_event(machine: Machine) -> None:
    machine.boot("wait")
    machine.until_logged("waiting")
    assert machine.process
    machine.process.kill()
    machine.process.wait()
    machine.boot("wait")
    eventually(lambda: machine.log("out").count("waiting") == 2, "the second training")
    machine.google.world.put("control/attempt-1.json", b'{"stop": true}')
    assert machine.wait() == 0
    events = machine.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert machine.is_removed()


def test_its_own_end_removes_a_machine_that_nobody_ended(machine: Machine) -> None:
    machine.told["TRAINYARD_ENDS_AT_MS"] = str(now_ms() - 8_000)
    machine.boot("wait")
    assert machine.wait() == 124
    assert machine.is_removed()


class TestEntry:
    def test_waits_for_a_metadata_server_that_is_slow(self, machine: Machine) -> None:
        machine.google.world.faults = [Fault("trainyard-environment", times=2, status=503)]
        machine.boot("model")
        assert machine.wait() == 0
        assert "asking again" in machine.said()

    def test_gives_up_on_one_that_is_not_there(self, machine: Machine) -> None:
        machine.environment["GCE_METADATA_HOST"] = "127.0.0.1:9"
        machine.boot("model")
        assert machine.wait() == 78
        assert "127.0.0.1:9 does not answer" in machine.said()

    @pytest.mark.parametrize(
        ("told", "says"),
        [
            ("[]", "is not an object"),
            ("{", "is not JSON"),
            ('{"TRAINYARD_ATTEMPT": 1}', "TRAINYARD_ATTEMPT"),
            ("{}", "nobody told this machine its name"),
        ],
    )
    def test_refuses_metadata_that_make_no_sense(self, machine: Machine, told: str, says: str) -> None:
        machine.google.world.attributes["trainyard-environment"] = told
        machine.boot("model")
        assert machine.wait() == 78
        assert says in machine.said()

    def test_takes_nothing_but_what_is_trainyards_and_runs_nothing_that_it_holds(self, machine: Machine) -> None:
        trap = machine.folder / "trap"
        machine.told |= {
            "PATH": "/nowhere",
            "TRAINYARD_X;touch": "1",
            "TRAINYARD_NOTE": f"$(touch {trap}) `touch {trap}` '; touch {trap}; '\n\" second line",
        }
        machine.boot("tell_environment")
        assert machine.wait() == 0, machine.said()
        assert not trap.exists()
        assert "'PATH' in the metadata is left aside" in machine.said()

    def test_refuses_an_image_with_another_trainer_and_says_how_to_make_the_right_one(self, machine: Machine) -> None:
        image = machine.folder / "image"
        shutil.copytree(ENTRY.parent / "runner", image / "trainer-image" / "runner")
        shutil.copy(ENTRY, image / "trainer-image" / "entry.sh")
        (image / "trainer-hash").write_text("aaaaaaaaaaaa\n")
        machine.told["TRAINYARD_TRAINER_HASH"] = "bbbbbbbbbbbb"
        machine.boot("model", entry=image / "trainer-image" / "entry.sh")
        assert machine.wait() == 78
        assert "carries the trainer aaaaaaaaaaaa, but Trainyard is at bbbbbbbbbbbb" in machine.said()
        assert "gcloud builds submit --project yard" in machine.said()
        assert "_TRAINER_HASH=bbbbbbbbbbbb" in machine.said()
        (image / "trainer-hash").write_text("bbbbbbbbbbbb\n")
        machine.boot("model", entry=image / "trainer-image" / "entry.sh")
        assert machine.wait() == 0
