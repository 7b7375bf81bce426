"""scikit-learn on a machine that vanishes at any second, disk and all: of every task the same model comes in the end."""

from __future__ import annotations

import pytest
from lost_work import check_bounded, check_taken_up, lose_machine
from tables import breast_cancer, diabetes, wine
from trainer_bench import Run, Yard
from whole_set import share_explained

#: Each of the five takes about a second, so that any moment may be the one.
SETTINGS = {"algorithm": "auto", "trees": 60}
TASKS = {
    "binary": (breast_cancer, "diagnosis"),
    "multiclass": (wine, "cultivar"),
    "regression": (diabetes, "progression"),
}


def held_out(run: Run) -> bytes:
    """Each held-out row with every digit of what was said of it."""
    return (run.out / "extras" / "held-out.csv").read_bytes()


@pytest.mark.parametrize("kind", TASKS)
def test_goes_on_to_the_same_model_wherever_it_was_lost(kind: str, tmp_path_factory: pytest.TempPathFactory):
    make, label = TASKS[kind]
    undisturbed = Yard(tmp_path_factory.mktemp("plain")).ask(make(), label, kind, settings=SETTINGS).train()
    assert undisturbed.code == 0, undisturbed.log

    asked = Yard(tmp_path_factory.mktemp("first")).ask(make(), label, kind, settings=SETTINGS, seconds=300)
    lost = lose_machine(asked, tmp_path_factory.mktemp("second"), models=5, most_seconds=1)
    run = lost.other.train()
    assert run.code == 0, run.log
    check_bounded(lost, run)
    check_taken_up(lost, run)

    assert {row["model"] for row in run.report["leaderboard"]} == {
        row["model"] for row in undisturbed.report["leaderboard"]
    }
    assert run.report["best"] == undisturbed.report["best"]
    assert held_out(run) == held_out(undisturbed)
    assert share_explained(lost.other, make(), label) > (0.2 if kind == "regression" else 0.9)
