from __future__ import annotations

import time

from runner_bench import Bench, eventually

from runner.spool import decode


def test_a_restarted_runner_goes_on_counting_behind_a_torn_record(bench: Bench) -> None:
    process = bench.start("wait")
    bench.until_logged("waiting")
    process.kill()
    process.wait()
    before = bench.events()
    with bench.segments()[-1].open("ab") as segment:
        segment.write(b'0badc0de {"seq": 99, "type": "lo')
    (bench.work / "out" / "half.zip").write_text("of the first training")
    bench.wish(stop=False)
    process = bench.start_again()
    eventually(lambda: bench.log("out").count("waiting") == 2, "the second training")
    bench.wish(stop=True)
    bench.finish(process)
    events = bench.events()
    assert events[: len(before)] == before
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len(bench.of("hello")) == 2
    assert any("torn bytes were cut off" in line for line in bench.log("machine"))
    assert (events[-1]["why"], events[-1]["hasResult"]) == ("stop_asked", True)
    assert not (bench.bucket / "attempts/1/out/half.zip").exists()
    assert all(decode(line) for line in bench.segments()[-1].read_bytes().splitlines(keepends=True))


def test_an_ended_training_is_told_of_and_not_repeated(bench: Bench) -> None:
    events = bench.run("model", report={"why": "time_up"})
    segment = bench.segments()[-1]
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-1]))  # as if the runner had died right before its last word
    bench.finish(bench.start_again())
    assert len([line for line in bench.log("out") if line.startswith("I am")]) == 1
    again = bench.events()[-1]
    assert {**again, "seq": 0, "atMs": 0} == {**events[-1], "seq": 0, "atMs": 0}


def test_after_its_last_word_nothing_more_is_said(bench: Bench) -> None:
    events = bench.run("model")
    (bench.bucket / "attempts/1/spool/000000000001.jsonl").unlink()
    bench.finish(bench.start_again())
    assert bench.events() == events
    assert (bench.bucket / "attempts/1/spool/000000000001.jsonl").exists()


def test_two_runners_never_work_in_one_folder(bench: Bench) -> None:
    first = bench.start("wait")
    bench.until_logged("waiting")
    second = bench.start_again()
    time.sleep(0.5)
    assert second.poll() is None
    assert len(bench.marked()) == 1
    bench.wish(stop=True)
    bench.finish(first)
    bench.finish(second)
    assert [event["type"] for event in bench.events()].count("finished") == 1
    assert len(bench.of("hello")) == 1
