from __future__ import annotations

import resource
import sys
import time

import pytest
from runner_bench import Bench, eventually


def test_keeps_many_lines_exactly_once_and_in_order(bench: Bench) -> None:
    began = time.monotonic()
    bench.run("lines", count=50_000)
    assert bench.log("out") == [f"out {number}" for number in range(50_000)]
    assert bench.log("err") == [f"err {number}" for number in range(50_000)]
    assert time.monotonic() - began < 15  # a few seconds on a machine that has nothing else to do


def test_makes_odd_output_readable(bench: Bench) -> None:
    printed = b"\x00nul\n" + b"\xff\xfebad\n" + b"10%\r50%\r100%\ndone\r\n" + b"\n" + b"z" * 20_000 + b"\nlast"
    bench.run("raw", hex=printed.hex())
    nul, bad, bar, crlf, empty, long, last = bench.log("out")
    assert (nul, bad, bar, crlf, empty, last) == ("\ufffdnul", "\ufffd\ufffdbad", "100%", "done", "", "last")
    assert long == "z" * 16_384 + " … [cut here: 3,616 more bytes]"


def test_leaves_out_events_that_make_no_sense_and_says_so(bench: Bench) -> None:
    events = bench.run("bad_events")
    (metric,) = bench.of("metric")
    assert (metric["name"], metric["value"]) == ("good", None)
    said = [line for line in bench.log("machine") if "left out" in line]
    assert [line.split(": ")[1] for line in said] == [
        "it is not JSON.",
        "no trainer sends the type 'hello'.",
        "name of metric is not a text.",
        "it is too long.",
    ]
    assert events[-1]["type"] == "finished"


def test_cuts_a_log_at_its_cap_where_everybody_sees_it(bench: Bench) -> None:
    bench.run("lines", count=5_000, tells={"TRAINYARD_LOG_CAP_BYTES": "200000"})
    out, err, machine = (bench.log(stream) for stream in ("out", "err", "machine"))
    kept = len(out) + len(err)
    assert 1_000 < kept < 2_500
    assert out == [f"out {number}" for number in range(len(out))]
    assert [line for line in machine if "reached its cap of 200.0 KB" in line] != []
    assert any(f"left out {10_000 - kept:,} lines" in line for line in machine)
    assert sum(path.stat().st_size for path in bench.segments()) < 300_000
    assert bench.of("finished")[0]["hasResult"]


@pytest.mark.skipif(sys.platform != "linux", reason="fills the disk of another process by its limits")
def test_a_full_disk_holds_the_trainer_back_and_loses_nothing(bench: Bench) -> None:
    process = bench.start("lines", count=30_000)
    eventually(lambda: len(bench.segments()) > 0, "the first segment")
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    # A file may grow no further: to the one who writes it, this is a disk without room.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (500_000, hard))
    eventually(lambda: "the trainer waits" in bench.console(), "the complaint")
    full = sum(path.stat().st_size for path in bench.segments())
    time.sleep(0.5)
    assert sum(path.stat().st_size for path in bench.segments()) == full
    assert process.poll() is None
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    bench.finish(process)
    assert bench.log("out") == [f"out {number}" for number in range(30_000)]
    assert bench.log("err") == [f"err {number}" for number in range(30_000)]
    assert any("none is lost" in line for line in bench.log("machine"))
