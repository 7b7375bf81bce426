from __future__ import annotations

import copy
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from tables import diabetes, iris, mixed_table
from trainer_bench import Run, Yard

from trainer.events import Events, leaderboard_row
from trainer.metrics import METRICS
from trainer.report.page import make_page
from trainer.report.plots import bars, figure, histogram, step_plot

Here = Callable[[Yard], Run]
EVIL = "<img src=x onerror=alert(1)>\"'&"
VOID = {"meta", "path", "circle", "rect", "br"}


class Tags(HTMLParser):
    """Collects tags and attributes, and fails on one that is closed wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert not tags._open
    return tags


@pytest.mark.parametrize(
    ("frame", "label", "kind", "titles"),
    [
        (
            mixed_table().drop(columns="spend"),
            "churned",
            "binary",
            ["ROC curve", "What is taken for what", "What matters"],
        ),
        (iris(), "species", "multiclass", ["What is taken for what", "What matters"]),
        (
            diabetes(),
            "progression",
            "regression",
            ["Predicted and actual", "How far off", "What matters"],
        ),
    ],
)
def test_is_one_page_that_needs_nothing_else(
    frame: Any, label: str, kind: str, titles: list[str], yard: Yard, here: Here
):
    run = here(yard.ask(frame, label, kind, settings={"algorithm": "extra_trees", "trees": 20}))
    assert run.code == 0
    page = (run.out / "report.html").read_text("utf-8")
    tags = read(page)
    assert "script" not in tags.tags and "link" not in tags.tags and "img" not in tags.tags
    names = {name for name, _ in tags.attributes}
    assert not names & {"src", "href"} and not [name for name in names if name.startswith("on")]
    assert "url(" not in page and "@import" not in page and "light-dark(" in page
    for title in [*titles, "Leaderboard", "How good it is", "How it was made"]:
        assert f"<h2>{title}</h2>" in page
    assert page.count('role="img"') == page.count("<svg") and 'aria-label=""' not in page
    assert len(page) < 200_000


def test_what_people_wrote_stays_text(yard: Yard, here: Here):
    frame = iris().rename(columns={"petal width (cm)": EVIL}).replace({"species": {"setosa": EVIL}})
    frame = frame.rename(columns={"species": "species" + EVIL})
    run = here(
        yard.ask(
            frame,
            "species" + EVIL,
            "multiclass",
            settings={"algorithm": "extra_trees", "trees": 20},
        )
    )
    assert run.code == 0
    page = (run.out / "report.html").read_text("utf-8")
    assert "img" not in read(page).tags and "onerror" in page
    readme_safe = make_page(run.report, [], {EVIL: EVIL})
    assert "img" not in read(readme_safe).tags


def test_leaves_one_room_for_the_cost_that_no_name_can_forge(yard: Yard, here: Here):
    mark = "<!--trainyard:cost-->"
    frame = iris().rename(columns={"petal width (cm)": mark, "species": f"species{mark}"})
    run = here(yard.ask(frame, f"species{mark}", "multiclass", settings={"algorithm": "linear"}))
    assert run.code == 0
    page = (run.out / "report.html").read_text("utf-8")
    assert page.count(mark) == 1 and page.count("<!--/trainyard:cost-->") == 1
    assert f"<dt>Cost</dt><dd>{mark}Not counted" in page


def test_tells_intervals_by_their_ends_and_of_an_older_trainer_by_what_it_kept(yard: Yard, here: Here):
    run = here(yard.ask(iris(), "species", "multiclass", settings={"algorithm": "linear"}))
    report = copy.deepcopy(run.report)
    report["best"] |= {"test": 0.04, "testInterval": 0.03, "testLow": 0.02, "testHigh": 0.09}
    report["scores"]["test"][report["metric"]["name"]] = 0.04
    report["leaderboard"][0] |= {"validation": 0.07, "interval": 0.02, "low": 0.061, "high": 0.101}
    page = make_page(report, [], {})
    assert "0.0400, between 0.0200 and 0.0900</td>" in page and ">0.0610 to 0.1010</td>" in page
    assert "±" not in page and "with 95 % confidence" in page
    for row in (report["best"], report["leaderboard"][0]):
        for name in ("low", "high", "testLow", "testHigh"):
            row.pop(name, None)
    page = make_page(report, [], {})
    assert "0.0400, between 0.0100 and 0.0700</td>" in page and ">0.0500 to 0.0900</td>" in page


def test_a_leaderboard_row_is_told_to_a_terminal_by_the_ends_of_its_interval(capsys: pytest.CaptureFixture[str]):
    row = leaderboard_row("Forest", METRICS["roc_auc"], 0.981, (0.962, 0.995), fit_seconds=1.2)
    assert (row["interval"], row["low"], row["high"]) == (pytest.approx(0.0165), 0.962, 0.995)
    Events(None).leaderboard(row)
    Events(None).leaderboard(leaderboard_row("Forest", METRICS["r2"], 0.02, 0.03))
    told = [line.split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        "roc_auc 0.9810, between 0.9620 and 0.9950, fitted in 1.2 s",
        "r2 0.0200, between -0.0100 and 0.0500",
    ]


def test_says_what_is_unknown_with_a_dash(yard: Yard, here: Here):
    run = here(yard.ask(iris(), "species", "multiclass", settings={"algorithm": "linear"}))
    report = copy.deepcopy(run.report)
    report["best"] |= {"testInterval": None, "testLow": None, "testHigh": None}
    report["scores"]["validation"] = {}
    report["importance"] = []
    page = make_page(report, [], {})
    read(page)
    assert ">–</td>" in page and "What matters" not in page


def ticks(drawn: str) -> list[str]:
    return re.findall(r'class="tick">([^<]*)<', drawn)


@pytest.mark.parametrize(
    ("scores", "up"),
    [
        ([0.9912, 0.9914], ["0.99120", "0.99125", "0.99130", "0.99135", "0.99140"]),
        ([38.3865, 38.3865], ["38.39"]),
        ([0.0, 0.0], ["0"]),
        ([0.00001, 0.00003], ["0.000010", "0.000015", "0.000020", "0.000025", "0.000030"]),
        ([12_340.0, 12_990.0], ["12,200", "12,400", "12,600", "12,800", "13,000"]),
    ],
)
def test_says_each_height_of_a_curve_once_in_round_numbers(scores: list[float], up: list[str]):
    said = ticks(step_plot([[0.5, scores[0]], [17.3, scores[1]]], "best", "seconds", "score"))
    assert said == [*up, "0", "5", "10", "15"]


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ([610.281, 86.6, 0.1149, -0.001], ["610.28", "86.60", "0.11", "0.00"]),
        ([0.2, 0.00004], ["0.2000", "0.0000"]),
        ([0.00031, 0.00002], ["0.000310", "0.000020"]),
        ([0.0, 0.0], ["0", "0"]),
    ],
)
def test_says_importance_with_one_precision(means: list[float], said: list[str]):
    assert ticks(bars([{"column": f"c{i}", "mean": m, "interval": None} for i, m in enumerate(means)], "bars")) == said


def test_counts_rows_in_whole_numbers():
    assert ticks(histogram([-1.0, 0.0, 1.0], [1, 2], "errors", "error"))[:3] == ["0", "1", "2"]


def test_all_numbers_of_a_drawing_are_numbers():
    rows = [{"column": f"c{i}", "mean": m, "interval": None} for i, m in enumerate([0.5, 0.0, -0.1])]
    drawn = bars(rows, "bars")
    assert "nan" not in drawn and "inf" not in drawn
    assert all(float(width) > 0 for width in re.findall(r'width="([-\d.]+)"', drawn))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (0.94123, "0.9412"),
        (12345.6, "12,346"),
        (0.0, "0"),
        (-3.14159, "-3.142"),
    ],
)
def test_writes_numbers_as_people_read_them(value: float | None, said: str):
    assert figure(value) == said
