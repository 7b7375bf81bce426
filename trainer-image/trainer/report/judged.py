"""What the winner says of the held-out rows: asked once, for the report and for whoever wants to look at each row."""

from __future__ import annotations

import time
from dataclasses import dataclass

from trainer.fitting import Fitted
from trainer.inputs import Inputs
from trainer.output import Output


@dataclass(frozen=True)
class Judged:
    output: Output
    seconds: float
    seconds_per_row: float


def judge(fitted: Fitted, inputs: Inputs) -> Judged:
    began = time.perf_counter()
    output = fitted.predict(inputs.test_frame)
    seconds = time.perf_counter() - began
    return Judged(output, seconds, seconds / max(1, len(inputs.test_frame)))
