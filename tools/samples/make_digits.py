"""Writes trainer-image/samples/digits.npz from scikit-learn's own set of digits; the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

SAMPLE = Path(__file__).parents[2] / "trainer-image" / "samples" / "digits.npz"
#: Scikit-learn's shades go from 0 to 16.
SHADES = 16


def arrays() -> dict[str, np.ndarray]:
    digits = load_digits()
    shades = np.asarray(digits["images"]) * (255 / SHADES)
    return {"x": np.round(shades).astype("uint8"), "y": np.asarray(digits["target"]).astype("int64")}


if __name__ == "__main__":
    np.savez_compressed(SAMPLE, **arrays())
