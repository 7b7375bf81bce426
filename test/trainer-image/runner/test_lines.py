from __future__ import annotations

import random

import pytest

from runner.lines import LineCutter


def cut(*chunks: bytes, limit: int = 64) -> list[str]:
    cutter = LineCutter(limit)
    return [line for chunk in chunks for line in cutter.feed(chunk)] + cutter.end()


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"1%\r2%\r3%\nx", ["3%", "x"]),
        (b"1%\r2%\r", ["2%"]),
        (b"\r1%\r2%", ["2%"]),
        (b"\r\r\r\n", [""]),
        (b"ab\r\r\nc", ["ab", "c"]),
        ("é\n".encode(), ["é"]),
        (b"\x00\xff\n", ["\ufffd\ufffd"]),
        (b"y" * 70 + b"\nz\n", ["y" * 64 + " … [cut here: 6 more bytes]", "z"]),
        (b"y" * 70 + b"\r" + b"z\n", ["z"]),
        (b"y" * 63 + "é".encode() + b"\n", ["y" * 63 + " … [cut here: 1 more bytes]"]),
        (b"", []),
        (b"\r", []),
    ],
)
def test_cuts_the_same_lines_wherever_the_pipe_breaks_them(printed: bytes, lines: list[str]) -> None:
    assert cut(printed) == lines
    assert cut(*(printed[index : index + 1] for index in range(len(printed)))) == lines
    dice = random.Random(0)
    for _ in range(20):
        at = sorted(dice.randrange(len(printed) + 1) for _ in range(3))
        assert cut(printed[: at[0]], printed[at[0] : at[1]], printed[at[1] : at[2]], printed[at[2] :]) == lines
