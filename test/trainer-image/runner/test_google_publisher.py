"""The spool goes to the topic in order, whatever becomes of the network or of the runner."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from google_server import Fault, GoogleServer
from runner_bench import eventually
from test_google_storage import calls_to

from runner.google import publisher as publishing
from runner.google.publisher import Publisher
from runner.spool import Spool, acknowledged, decode


class Yard:
    def __init__(self, folder: Path, google: GoogleServer) -> None:
        self.folder = folder
        self.google = google
        self.spool = Spool(folder, lambda _error: None)
        self.said: list[str] = []

    def log(self, count: int, size: int = 20) -> None:
        self.spool.append([{"atMs": 1, "type": "log", "stream": "out", "text": "x" * size} for _ in range(count)])

    def publish(self) -> Publisher:
        url = f"{self.google.endpoint}/v1/projects/yard/topics/job-topic"
        return Publisher(self.folder, 1, url, calls_to(self.google, patience=0.5), self.said.append)

    def on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.spool.segments())

    def arrived(self) -> bytes:
        return b"".join(self.google.world.records())


@pytest.fixture
def yard(tmp_path: Path, google: GoogleServer) -> Yard:
    return Yard(tmp_path / "attempt-1", google)


def test_sends_the_very_bytes_of_the_spool_in_messages_that_say_what_they_hold(yard: Yard) -> None:
    yard.log(5)
    publisher = yard.publish()
    yard.log(40_000, 150)  # over a segment's end
    assert publisher.settle(40_005, 10)
    assert len(yard.spool.segments()) > 1
    assert yard.arrived() == yard.on_disk()
    last = 0
    for message in yard.google.world.messages:
        data = base64.b64decode(message["data"])
        seqs = [(decode(line) or {})["seq"] for line in data.splitlines(keepends=True)]
        assert message["attributes"] == {"attempt": "1", "first": str(last + 1), "last": str(seqs[-1])}
        assert message["orderingKey"] == "attempt-1"
        assert len(data) <= 256_000
        last = seqs[-1]
    assert acknowledged(yard.folder) == 40_005


def test_a_record_larger_than_a_message_goes_alone(yard: Yard) -> None:
    yard.log(1)
    yard.log(1, 300_000)
    yard.log(1)
    assert yard.publish().settle(3, 10)
    assert [message["attributes"]["first"] for message in yard.google.world.messages] == ["1", "2", "3"]


def test_waits_for_the_end_of_a_record_that_is_being_written(yard: Yard) -> None:
    yard.log(2)
    whole = yard.on_disk()
    segment = yard.spool.segments()[0]
    first = whole.splitlines(keepends=True)[0]
    segment.write_bytes(whole[: len(first) + 10])
    publisher = yard.publish()
    assert publisher.settle(1, 10)
    assert not publisher.settle(2, 0.5)
    with segment.open("ab") as file:
        file.write(whole[len(first) + 10 :])
    assert publisher.settle(2, 10)
    assert yard.arrived() == whole


def test_a_runner_that_is_started_again_goes_on_behind_what_the_server_took(yard: Yard) -> None:
    yard.log(10)
    assert yard.publish().settle(10, 10)
    again = Yard(yard.folder, yard.google)
    again.log(5)
    assert again.publish().settle(15, 10)
    records = yard.on_disk().splitlines(keepends=True)
    arrived = yard.google.world.records()  # what came last perhaps twice: the first one is still at it, in this process
    assert arrived[:10] == records[:10]
    assert set(arrived[10:]) == set(records[10:])


def test_gives_no_number_twice_when_the_disk_forgot_what_the_server_took(yard: Yard) -> None:
    yard.log(10)
    assert yard.publish().settle(10, 10)
    segment = yard.spool.segments()[0]
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:4]))
    again = Yard(yard.folder, yard.google)
    again.log(1)
    assert again.spool.next_seq == 12
    assert again.publish().settle(11, 10)
    assert (decode(yard.google.world.records()[-1]) or {})["seq"] == 11


@pytest.mark.parametrize("fault", [{"status": 503}, {"lost": True}, {"status": 403}, {"status": 404}])
def test_troubles_delay_events_and_lose_none(
    yard: Yard, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message whose answer got lost comes twice, which is fine: its records have their numbers."""
    monkeypatch.setattr(publishing, "_FIRST_PAUSE_SECONDS", 0.1)
    yard.google.world.faults = [Fault(":publish", times=4, **fault)]
    yard.log(10)
    publisher = yard.publish()
    assert publisher.settle(10, 10)
    assert sorted(set(yard.google.world.records())) == sorted(set(yard.on_disk().splitlines(keepends=True)))
    if fault != {"lost": True}:
        assert "Events cannot be sent" in yard.said[0]
        eventually(lambda: "Events are sent again" in yard.said[-1], "the end of the trouble")


def test_does_not_wait_for_ever_for_a_server_that_takes_nothing(yard: Yard) -> None:
    yard.google.world.faults = [Fault(":publish", times=999, status=403)]
    yard.log(1)
    assert not yard.publish().settle(1, 1.0)
