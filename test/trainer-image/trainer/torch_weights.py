"""What a network has learned, to be compared bit for bit."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from trainer_bench import Run


def learned(run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Every weight, and the curves without their times."""
    import torch  # pyright: ignore[reportMissingImports]

    with zipfile.ZipFile(run.out / "model.zip") as archive:
        weights = torch.load(io.BytesIO(archive.read("model/weights.pt")), weights_only=True)
        curves = json.loads(archive.read("model/kept.json"))["curves"]
    return weights, [{name: value for name, value in point.items() if name != "seconds"} for point in curves]


def check_same(run: Run, undisturbed: Run) -> None:
    """The same weights by the same way, and so the same scores."""
    import torch  # pyright: ignore[reportMissingImports]

    weights, curves = learned(run)
    expected, expected_curves = learned(undisturbed)
    assert curves == expected_curves and weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert run.report["best"] == undisturbed.report["best"]


def seconds_of(run: Run) -> float:
    """How long its epochs took together."""
    return sum(event["value"] for event in run.of("metric") if event["name"] == "epoch_seconds")
