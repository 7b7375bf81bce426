"""scikit-learn's digits as pictures of all three kinds: columns of pixels, PNG in grey, PNG in colours."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from sklearn import datasets


def pixels(rows: int = 900) -> pd.DataFrame:
    frame = datasets.load_digits(as_frame=True).frame.head(rows)
    return frame.rename(columns={"target": "digit"})


def pictures(rows: int = 900, colours: int = 1) -> pd.DataFrame:
    from PIL import Image  # pyright: ignore[reportMissingImports]

    digits = datasets.load_digits()
    made: list[bytes] = []
    for picture in digits.images[:rows]:
        grey = (picture * 15).astype("uint8")
        file = io.BytesIO()
        Image.fromarray(grey if colours == 1 else np.stack([grey] * 3, axis=2)).save(file, "PNG")
        made.append(file.getvalue())
    return pd.DataFrame({"image": made, "digit": [f"digit {label}" for label in digits.target[:rows]]})
