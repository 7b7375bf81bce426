"""A machine may vanish at any second, disk and all: the next one comes to the very same weights."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import mixed_table
from trainer_bench import Process, Run, Yard

pytestmark = pytest.mark.torch
#: Steps enough that an epoch takes longer than the shortest time between checkpoints, on a quick machine, too.
SETTINGS = {"epochs": 6, "patience": 0, "dropout": 0.3, "batch_size": 1, "checkpoint_minutes": 0.01}
#: Written down so that a moment that goes wrong can be tried again.
MOMENTS = random.Random(20)


def newest_checkpoint(work: Path) -> Path:
    return max((path for path in (work / "checkpoints").iterdir() if path.name.isdigit()), key=lambda p: int(p.name))


def learned(run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Every weight, and the curves without their times."""
    import torch  # pyright: ignore[reportMissingImports]

    with zipfile.ZipFile(run.out / "model.zip") as archive:
        weights = torch.load(io.BytesIO(archive.read("model/weights.pt")), weights_only=True)
        curves = json.loads(archive.read("model/kept.json"))["curves"]
    return weights, [{name: value for name, value in point.items() if name != "seconds"} for point in curves]


def asked(yard: Yard, schedule: str = "cosine", optimizer: str = "adamw") -> Yard:
    settings = {**SETTINGS, "schedule": schedule, "optimizer": optimizer}
    frame = mixed_table(1500).drop(columns="spend")
    return yard.ask(frame, "churned", "binary", engine="torch", settings=settings, seconds=3000)


def lost_after(wanted: Callable[[dict[str, Any]], bool], seconds: float = 0.0) -> Callable[[Process], None]:
    def lose(process: Process) -> None:
        process.wait_for(wanted)
        time.sleep(seconds)
        for worker in process.workers():
            os.kill(worker, signal.SIGKILL)
        process.popen.kill()

    return lose


def elsewhere(yard: Yard, folder: Path) -> Yard:
    """Another machine: only what the runner would have uploaded is on it."""
    other = Yard(folder, yard.spec)
    shutil.copytree(yard.work / "input", other.work / "input")
    shutil.copytree(newest_checkpoint(yard.work), other.work / "resume")
    shutil.rmtree(yard.work)
    return other


def in_an_epoch(_: float) -> Callable[[Process], None]:
    return lost_after(lambda event: event["type"] == "checkpoint" and "epoch 3, step" in event["label"])


def at_any_instant(epoch_seconds: float) -> Callable[[Process], None]:
    """While a step is made, a file written, a checkpoint half there: whatever it is that happens just then."""
    epoch, later = MOMENTS.randint(1, 4), MOMENTS.random() * epoch_seconds
    return lost_after(lambda event: event.get("name") == "train_loss" and event["step"] == epoch, later)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = asked(Yard(tmp_path_factory.mktemp("undisturbed"))).train()
    assert run.code == 0, run.log
    return run


@pytest.mark.parametrize(
    "moment", [in_an_epoch, at_any_instant, at_any_instant], ids=["in an epoch", "first", "second"]
)
def test_goes_on_to_the_same_weights_bit_for_bit(
    moment: Callable[[float], Callable[[Process], None]],
    undisturbed: Run,
    yard: Yard,
    tmp_path_factory: pytest.TempPathFactory,
):
    import torch  # pyright: ignore[reportMissingImports]

    seconds = [event["value"] for event in undisturbed.of("metric") if event["name"] == "epoch_seconds"]
    lost = asked(yard).train(while_running=moment(min(seconds)))
    assert lost.code == -signal.SIGKILL
    kept = json.loads((newest_checkpoint(yard.work) / "checkpoint.json").read_text("utf-8"))["label"]
    other = elsewhere(yard, tmp_path_factory.mktemp("other"))
    run = other.train()
    assert run.code == 0, run.log
    weights, curves = learned(run)
    expected, expected_curves = learned(undisturbed)
    assert curves == expected_curves
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert run.report["best"] == undisturbed.report["best"]
    # Work was taken over, not done again: only what came after the checkpoint was gone through.
    again = [event["step"] for event in run.events if event.get("name") == "train_loss"]
    under_way = int(kept.split()[1].rstrip(",")) + (0 if "step" in kept else 1)
    assert again == list(range(under_way, SETTINGS["epochs"] + 1))


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
