"""A machine may vanish at any second, disk and all: the next one comes to the very same weights."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest
from lost_machine import lose_after, lose_within, lost_and_moved
from tables import mixed_table
from torch_weights import check_same, learned, seconds_of
from trainer_bench import Run, Yard
from whole_set import share_explained

pytestmark = pytest.mark.torch
#: Steps enough that an epoch takes longer than the shortest time between checkpoints, on a quick machine, too.
SETTINGS = {"epochs": 6, "patience": 0, "dropout": 0.3, "batch_size": 1, "checkpoint_minutes": 0.01}


def table() -> pd.DataFrame:
    return mixed_table(1500).drop(columns="spend")


def asked(yard: Yard, schedule: str = "cosine", optimizer: str = "adamw") -> Yard:
    settings = {**SETTINGS, "schedule": schedule, "optimizer": optimizer}
    return yard.ask(table(), "churned", "binary", engine="torch", settings=settings, seconds=3000)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = asked(Yard(tmp_path_factory.mktemp("undisturbed"))).train()
    assert run.code == 0, run.log
    return run


@pytest.mark.parametrize("moment", ["epoch 3, step", "at any instant", "at another"])
def test_goes_on_to_the_same_weights_bit_for_bit(
    moment: str, undisturbed: Run, yard: Yard, tmp_path_factory: pytest.TempPathFactory
):
    """While a step is made, a file written, a checkpoint half there: whatever it is that happens just then."""
    lose = lose_after(moment) if moment.startswith("epoch") else lose_within(0.8 * seconds_of(undisturbed))
    other = lost_and_moved(asked(yard), lose, tmp_path_factory.mktemp("other"))
    kept = json.loads((other.work / "resume" / "checkpoint.json").read_text("utf-8"))["label"]
    run = other.train()
    assert run.code == 0, run.log
    check_same(run, undisturbed)
    # Work was taken over, not done again: only what came after the checkpoint was gone through.
    again = [event["step"] for event in run.events if event.get("name") == "train_loss"]
    under_way = int(kept.split()[1].rstrip(",")) + (0 if "step" in kept else 1)
    assert again == list(range(under_way, SETTINGS["epochs"] + 1))
    assert share_explained(other, table(), "churned", "torch") > 0.5


def test_another_seed_gives_other_weights(undisturbed: Run, yard: Yard, here: Callable[[Yard], Run]):
    """What is compared above does depend on chance."""
    import torch  # pyright: ignore[reportMissingImports]

    other = asked(yard)
    other.spec["settings"] |= {"seed": 1, "epochs": 1}
    run = here(other)
    assert run.code == 0
    weights, _ = learned(run)
    expected, _ = learned(undisturbed)
    assert not any(torch.equal(weights[name], expected[name]) for name in expected if name.endswith("weight"))
