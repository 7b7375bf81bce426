from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner import spool as spool_module
from runner.spool import Spool, decode, encode


def troubled(error: OSError) -> None:
    raise AssertionError(error)


def log(text: str) -> spool_module.Event:
    return {"atMs": 1, "type": "log", "stream": "out", "text": text}


def numbers(folder: Path) -> list[int]:
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines(keepends=True)]
    return [event["seq"] if (event := decode(line)) else -1 for line in lines]


def test_writes_records_as_the_contract_says(tmp_path: Path) -> None:
    Spool(tmp_path, troubled).append([log("a “b”")])
    expected = '{"seq":1,"atMs":1,"type":"log","stream":"out","text":"a “b”"}'.encode()
    assert (tmp_path / "000000000001.jsonl").read_bytes() == b"db5996bf " + expected + b"\n"


def test_begins_a_new_segment_named_by_its_first_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1_000)
    spool = Spool(tmp_path, troubled)
    spool.append([log("x" * 100) for _ in range(20)])
    paths = sorted(tmp_path.glob("*.jsonl"))
    assert len(paths) > 2
    for path in paths:
        first = decode(path.read_bytes().splitlines(keepends=True)[0])
        assert first
        assert int(path.stem) == first["seq"]
        assert path.stat().st_size <= 1_000
    assert numbers(tmp_path) == list(range(1, 21))
    again = Spool(tmp_path, troubled)
    again.append([log("more")])
    assert numbers(tmp_path) == list(range(1, 22))


@pytest.mark.parametrize("torn", [b"12", b'00000000 {"seq": 4}\n', b"\0" * 50, encode({"seq": 4})[:-1]])
def test_cuts_off_a_torn_tail(tmp_path: Path, torn: bytes) -> None:
    Spool(tmp_path, troubled).append([log("a"), log("b"), log("c")])
    with (tmp_path / "000000000001.jsonl").open("ab") as file:
        file.write(torn)
    spool = Spool(tmp_path, troubled)
    assert spool.recovered.torn_bytes == len(torn)
    spool.append([log("d")])
    assert numbers(tmp_path) == [1, 2, 3, 4]


def test_knows_the_number_of_a_segment_that_holds_nothing_whole(tmp_path: Path) -> None:
    (tmp_path / "000000000041.jsonl").write_bytes(b"torn")
    spool = Spool(tmp_path, troubled)
    spool.append([log("a")])
    assert numbers(tmp_path) == [41]


def test_uses_no_number_again_that_was_acknowledged(tmp_path: Path) -> None:
    Spool(tmp_path, troubled).append([log("a")])
    (tmp_path / "ack").write_text("7\n")
    assert Spool(tmp_path, troubled).next_seq == 8


def test_finds_the_last_word_of_an_attempt(tmp_path: Path) -> None:
    Spool(tmp_path, troubled).append([log("a"), {"atMs": 2, "type": "failed", "exitCode": 1}])
    terminal = Spool(tmp_path, troubled).recovered.terminal
    assert terminal
    assert terminal["type"] == "failed"


def test_the_last_word_is_on_the_disk_before_anybody_acts_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, troubled)
    spool.append([log("a")])
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append(os.fstat(fd).st_ino))
    spool.sync()
    assert flushed == [(tmp_path / "000000000001.jsonl").stat().st_ino, tmp_path.stat().st_ino]


def test_writes_half_a_character_that_json_let_through(tmp_path: Path) -> None:
    Spool(tmp_path, troubled).append([log("\ud800")])
    assert numbers(tmp_path) == [1]


def test_finds_any_changed_byte() -> None:
    record = encode({"seq": 1, "atMs": 1, "type": "log", "stream": "out", "text": "abc"})
    for index in range(len(record) - 1):
        changed = bytearray(record)
        changed[index] ^= 1
        event = decode(bytes(changed))
        assert event is None, (index, bytes(changed))
