"""The model as it lies in its archive: what comes in, what learns, what comes out.

Imports nothing of Trainyard; the weights are tensors only, never pickled code. All of it is one file, engine.py in the
archive, because predict.py loads that by its path alone: it has no package around it and no neighbours to import.
"""

# Types are checked where torch is not installed, and this folder of the same name is taken for it.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

_ROWS_AT_ONCE = 1024
#: A number so far from what was learned from says no more than “far”.
_FARTHEST = 10.0
#: Places in every table of embeddings: what was never seen (or is padding, in a text), what is empty (or an unknown word).
UNKNOWN, EMPTY, FIRST = 0, 1, 2
_WORD = re.compile(r"\w+")
_DAY = pd.Timedelta(days=1)
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
#: As in data/images/measure-image.ts: a file of a few bytes may say that it is larger than all memory.
_MOST_PIXELS = 25_000_000


class BadInput(ValueError):
    """A row that the model cannot read; the message says which, what was found and what to do."""


def encode(frame: pd.DataFrame, plan: dict[str, Any]) -> dict[str, np.ndarray]:
    """One array for each part of the network, one entry in it for each row."""
    if plan["image"] is not None:
        return {"image": images(frame, plan["image"])}
    arrays: dict[str, np.ndarray] = {}
    numbers: list[np.ndarray] = []
    categories: list[np.ndarray] = []
    for column in plan["columns"]:
        series, kind = frame[column["name"]], column["kind"]
        if kind == "number":
            numbers += _number(series.astype("float64").to_numpy(), column)
        elif kind == "date":
            parts = date_parts(series)
            for part in column["parts"]:
                numbers += _number(parts[part["name"]], part)
        elif kind == "category":
            places = {value: FIRST + place for place, value in enumerate(column["values"])}
            categories.append(np.array([_place(value, places) for value in series], dtype="int64"))
        else:
            arrays[f"text {column['name']}"] = _tokens(series, column)
    if numbers:
        arrays["numbers"] = np.stack(numbers, axis=1).astype("float32")
    if categories:
        arrays["categories"] = np.stack(categories, axis=1)
    return arrays


def _number(values: np.ndarray, column: dict[str, Any]) -> list[np.ndarray]:
    finite = np.isfinite(values)
    scaled = np.where(finite, (np.where(finite, values, 0.0) - column["mean"]) / column["deviation"], 0.0)
    made = [np.clip(scaled, -_FARTHEST, _FARTHEST)]
    return [*made, (~finite).astype("float64")] if column["missing"] else made


def date_parts(series: pd.Series) -> dict[str, np.ndarray]:
    day = series.dt
    parts = {
        "days": (series - pd.Timestamp("1970-01-01")) / _DAY,
        "year": day.year,
        "month": day.month,
        "day of month": day.day,
        "weekday": day.weekday,
        "hour": day.hour,
    }
    return {name: part.astype("float64").to_numpy() for name, part in parts.items()}


def _is_empty(value: Any) -> bool:
    return value is None or value != value


def _place(value: Any, places: dict[str, int]) -> int:
    return EMPTY if _is_empty(value) else places.get(str(value), UNKNOWN)


def words(value: Any) -> list[str]:
    return [] if _is_empty(value) else _WORD.findall(str(value).lower())


def _tokens(series: pd.Series, column: dict[str, Any]) -> np.ndarray:
    places = {word: FIRST + place for place, word in enumerate(column["words"])}
    length = column["length"]
    tokens = np.zeros((len(series), length), dtype="int32")
    for row, value in enumerate(series):
        found = [places.get(word, EMPTY) for word in words(value)[:length]]
        tokens[row, : len(found)] = found
    return tokens


def images(frame: pd.DataFrame, about: dict[str, Any], first: int = 0) -> np.ndarray:
    """Rows × channels × height × width; `first`: the number of the first row, to tell which one is broken."""
    shape = (len(frame), about["channels"], about["height"], about["width"])
    if about["column"] is None:
        pixels = frame[about["pixels"]].to_numpy("float32")
        return np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0).reshape(shape)
    made = np.zeros((len(frame), about["height"], about["width"], about["channels"]), dtype="uint8")
    for row, value in enumerate(frame[about["column"]]):
        image = decoded(value, about["column"], first + row)
        if image.size != (about["width"], about["height"]):
            raise BadInput(
                f"Column “{about['column']}”, row {first + row + 1}: the image has {image.width} × {image.height} pixels, and "
                f"{about['width']} × {about['height']} are needed. Make all images the same size."
            )
        made[row] = np.asarray(image.convert(about["mode"])).reshape(made.shape[1:])
    return np.ascontiguousarray(made.transpose(0, 3, 1, 2))


def look_at(value: Any, column: str, row: int) -> dict[str, Any]:
    """What kind of image it is, without reading all of it."""
    image = decoded(value, column, row, whole=False)
    grey = image.mode in ("1", "L", "I;16")
    return {
        "width": image.width,
        "height": image.height,
        "channels": 1 if grey else 3,
        "mode": "L" if grey else "RGB",
    }


def decoded(value: Any, column: str, row: int, whole: bool = True) -> Any:
    """Of bytes as they lie in Parquet, or of a file that is named, as in CSV."""
    from PIL import Image  # pyright: ignore[reportMissingImports]

    where = f"Column “{column}”, row {row + 1}"
    if _is_empty(value):
        raise BadInput(f"{where}: there is no image. Add it, or leave the row out.")
    try:
        data = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else Path(str(value)).read_bytes()
        # Only these: Pillow also reads kinds that run another program, or that hardly anybody has looked at.
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        size = image.width * image.height
        if whole and size <= _MOST_PIXELS:
            image.load()
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise BadInput(f"{where}: the image has far more pixels than are allowed. Make it smaller.") from error
    except Image.UnidentifiedImageError as error:
        raise BadInput(
            f"{where}: it is broken, or no image of a kind that is read ({', '.join(_FORMATS)}). "
            "Mend it, or leave the row out."
        ) from error
    except Exception as error:  # what a damaged file makes Pillow raise is of any kind
        raise BadInput(f"{where}: the image cannot be read: {error}. Mend it, or leave the row out.") from error
    if size > _MOST_PIXELS:
        raise BadInput(
            f"{where}: the image has {image.width} × {image.height} pixels, more than the {_MOST_PIXELS // 1_000_000} "
            "million allowed. Make it smaller."
        )
    return image


class Network(nn.Module):
    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__()
        about = plan["network"]
        self.parts = nn.ModuleDict()
        self._texts: list[str] = []
        if plan["image"] is not None:
            convolutions = LargeConvolutions if about["size"] == "large" else SmallConvolutions
            self.parts["image"] = convolutions(plan["image"])
            width = self.parts["image"].width
        else:
            width = self._add_columns(plan["columns"], about["size"])
        layers: list[nn.Module] = []
        for _ in range(about["hidden_layers"]):
            layers += [nn.Linear(width, about["hidden_units"]), nn.LayerNorm(about["hidden_units"]), nn.ReLU()]
            layers.append(nn.Dropout(about["dropout"]))
            width = about["hidden_units"]
        self.head = nn.Sequential(*layers, nn.Linear(width, plan["outputs"]))

    def _add_columns(self, columns: list[dict[str, Any]], size: str) -> int:
        width = 0
        sizes = [FIRST + len(column["values"]) for column in columns if column["kind"] == "category"]
        if sizes:
            self.parts["categories"] = Categories(sizes)
            width += self.parts["categories"].width
        for place, column in enumerate(column for column in columns if column["kind"] == "text"):
            self._texts.append(f"text {column['name']}")
            self.parts[f"text {place}"] = Text(FIRST + len(column["words"]), size == "large")
            width += self.parts[f"text {place}"].width
        for column in columns:
            singles = [column] if column["kind"] == "number" else column.get("parts", [])
            width += sum(2 if single["missing"] else 1 for single in singles)
        return width

    def forward(self, arrays: dict[str, torch.Tensor]) -> torch.Tensor:
        if "image" in arrays:
            return self.head(self.parts["image"](arrays["image"]))
        found = [arrays["numbers"]] if "numbers" in arrays else []
        if "categories" in arrays:
            found.append(self.parts["categories"](arrays["categories"]))
        found += [self.parts[f"text {place}"](arrays[name]) for place, name in enumerate(self._texts)]
        return self.head(torch.cat(found, dim=1))


class Categories(nn.Module):
    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        # The usual rule of thumb: wider for more values, but ever less so.
        widths = [min(50, round(1.6 * size**0.56)) for size in sizes]
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size, width in zip(sizes, widths, strict=True))
        self.width = sum(widths)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        return torch.cat([table(places[:, at]) for at, table in enumerate(self.tables)], dim=1)


class Text(nn.Module):
    """Words become vectors; their mean and their largest values stand for the text. The large one looks at neighbours too."""

    def __init__(self, vocabulary: int, large: bool) -> None:
        super().__init__()
        vector = 128 if large else 64
        self.table = nn.Embedding(vocabulary, vector, padding_idx=UNKNOWN)
        self.neighbours = nn.Conv1d(vector, vector, 3, padding=1) if large else None
        self.width = 2 * vector

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        there = (tokens != UNKNOWN).unsqueeze(2)
        vectors = self.table(tokens)
        mean = vectors.sum(dim=1) / there.sum(dim=1).clamp(min=1)
        if self.neighbours is not None:
            vectors = torch.relu(self.neighbours(vectors.transpose(1, 2))).transpose(1, 2)
        largest = vectors.masked_fill(~there, -1e4).amax(dim=1)
        return torch.cat([mean, torch.where(there.any(dim=1), largest, torch.zeros_like(largest))], dim=1)


class SmallConvolutions(nn.Module):
    def __init__(self, about: dict[str, Any]) -> None:
        super().__init__()
        self._mean, self._deviation = about["mean"], about["deviation"]
        self.layers = nn.Sequential(
            nn.Conv2d(about["channels"], 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            *_halved(about),
            nn.Flatten(),
        )
        self.width = 64 * _after(about["width"]) * _after(about["height"])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layers((image.float() - self._mean) / self._deviation)


class LargeConvolutions(nn.Module):
    """Blocks that add to what comes in, twice narrower each time; the mean over the picture comes out."""

    def __init__(self, about: dict[str, Any]) -> None:
        super().__init__()
        self._mean, self._deviation = about["mean"], about["deviation"]
        self.first = nn.Conv2d(about["channels"], 64, 3, padding=1)
        self.blocks = nn.ModuleList([Block(64, 64, 1), Block(64, 128, 2), Block(128, 256, 2)])
        self.width = 256

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        found = self.first((image.float() - self._mean) / self._deviation)
        for block in self.blocks:
            found = block(found)
        return found.mean(dim=(2, 3))


class Block(nn.Module):
    def __init__(self, narrow: int, wide: int, stride: int) -> None:
        super().__init__()
        self.straight = nn.Conv2d(narrow, wide, 1, stride) if stride > 1 or narrow != wide else nn.Identity()
        self.layers = nn.Sequential(
            nn.Conv2d(narrow, wide, 3, stride, padding=1),
            nn.GroupNorm(8, wide),
            nn.ReLU(),
            nn.Conv2d(wide, wide, 3, padding=1),
            nn.GroupNorm(8, wide),
        )

    def forward(self, found: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.straight(found) + self.layers(found))


def _halved(about: dict[str, Any]) -> list[nn.Module]:
    step = (2 if about["height"] > 1 else 1, 2 if about["width"] > 1 else 1)
    return [nn.MaxPool2d(step)]


def _after(side: int) -> int:
    return side // 2 if side > 1 else 1


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def outputs(network: Network, arrays: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """What the last layer says, row for row."""
    network.eval()
    where = next(network.parameters()).device
    parts: list[np.ndarray] = []
    with torch.inference_mode():
        for start in range(0, rows, _ROWS_AT_ONCE):
            some = {name: torch.from_numpy(a[start : start + _ROWS_AT_ONCE]).to(where) for name, a in arrays.items()}
            parts.append(network(some).double().cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 1))


def answers(raw: np.ndarray, plan: dict[str, Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """Values, or codes of classes with one column of probabilities for each class; of several labels, one for each."""
    if plan["task"] == "multilabel":
        # As a hyperbolic tangent it needs no number too large for the computer.
        probabilities = (1 + np.tanh(raw / 2)) / 2
        return (probabilities >= 0.5).astype("int64"), probabilities
    if plan["classes"] is None:
        return raw[:, 0] * plan["target"]["deviation"] + plan["target"]["mean"], None
    shares = np.exp(raw - raw.max(axis=1, keepdims=True))
    probabilities = shares / shares.sum(axis=1, keepdims=True)
    return probabilities.argmax(axis=1), probabilities


class Model:
    #: What is raised for data that cannot be read; predict.py tells it as it is.
    refuses_with = BadInput

    def __init__(self, folder: Path) -> None:
        self._plan = json.loads((folder / "plan.json").read_text("utf-8"))
        self._network = Network(self._plan)
        self._network.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
        self._network.to(device())

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        return answers(outputs(self._network, encode(frame, self._plan), len(frame)), self._plan)
