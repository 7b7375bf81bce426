"""Which rows a model learns from and which it is judged by; the same seed gives the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def _divided_by(values: np.ndarray, classes: bool) -> tuple[np.ndarray, bool]:
    """Several labels, a column for each: every row goes by the rarest that it has, so that each part has some of all."""
    if values.ndim == 1:
        return values, classes
    from_rarest = np.argsort(values.sum(axis=0), kind="stable")
    has = values[:, from_rarest] == 1
    return np.where(has.any(axis=1), 1 + has.argmax(axis=1), 0), True


def holdout(values: np.ndarray, fraction: float, seed: int, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out, each sorted. Every class that can is in both."""
    values, classes = _divided_by(values, classes)
    random = np.random.default_rng(seed)
    out: list[np.ndarray] = []
    groups = [np.flatnonzero(values == code) for code in np.unique(values)] if classes else [np.arange(len(values))]
    owed = 0.0
    for rows in groups:
        owed += len(rows) * fraction
        # What rounding leaves over goes to the next class, so that many small classes still add up to the fraction.
        taken = min(max(round(owed), 1), len(rows) - 1)
        owed -= taken
        out.append(random.permutation(rows)[:taken])
    held = np.sort(np.concatenate(out))
    return np.setdiff1d(np.arange(len(values)), held, assume_unique=True), held


def folds(values: np.ndarray, count: int, seed: int, classes: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`count` pairs of rows to fit and rows to judge; each class is dealt out evenly.

    A class's only row is always fitted and never judged: without it there would be nothing to know the class by.
    """
    values, classes = _divided_by(values, classes)
    random = np.random.default_rng(seed + 1)
    fold_of = np.empty(len(values), dtype="int64")
    groups = [np.flatnonzero(values == code) for code in np.unique(values)] if classes else [np.arange(len(values))]
    next_fold = 0
    for rows in groups:
        if classes and len(rows) == 1:
            fold_of[rows] = -1
            continue
        shuffled = random.permutation(rows)
        fold_of[shuffled] = (next_fold + np.arange(len(rows))) % count
        next_fold = (next_fold + len(rows)) % count
    for fold in range(count):
        judged = fold_of == fold
        yield np.flatnonzero(~judged), np.flatnonzero(judged)


#: Folds that rows are divided into by group or time where nobody asked for a number.
_OWN_FOLDS = 5


def held_groups(sizes: np.ndarray, fraction: float) -> np.ndarray:
    """Which groups, in the order in which they were drawn, are held out: the same rule as in data/recipe/assign-by-key.ts.

    They are taken in that order, without those larger than the whole share, for as long as they fit; then the one of all
    others that comes nearest to what is still missing, where it comes nearer than leaving it so. One group stays.
    """
    share = max(1, int(sizes.sum() * fraction + 0.5))
    fits = sizes <= share
    held = fits & (np.cumsum(np.where(fits, sizes, 0)) <= share)
    missing = share - int(sizes[held].sum())
    others = np.flatnonzero(~held)
    off = np.abs(sizes[others] - missing)
    if len(others) > 1 and (not held.any() or off.min() < missing):
        held[others[off.argmin()]] = True
    return held


def grouped_folds(groups: np.ndarray, fraction: float, count: int, seed: int) -> np.ndarray:
    """The fold of each row, −1 for what is held out: whole groups (numbers from 0), drawn by the seed."""
    sizes = np.bincount(groups)
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    is_held = held_groups(sizes[drawn], fraction)
    kept = np.where(is_held, 0, sizes[drawn])
    left = kept.sum()
    middle = np.cumsum(kept) - kept / 2
    count = min(count or _OWN_FOLDS, int((~is_held).sum()))
    fold = np.where(is_held, -1, np.clip((middle * count / max(1, left)).astype("int64"), 0, count - 1))
    of_group = np.empty(len(sizes), dtype="int64")
    of_group[drawn] = fold
    return of_group[groups]


def timed_folds(times: np.ndarray, fraction: float, count: int) -> np.ndarray:
    """The same by time (numbers in its order): the latest are held out, the folds before them in its order.

    Rows of the same time are in the same part.
    """
    _, places = np.unique(times, return_inverse=True)
    sizes = np.bincount(places)
    middle = np.cumsum(sizes) - sizes / 2
    train = (1 - fraction) * len(times)
    is_held = middle >= train
    is_held[-1], is_held[0] = True, False
    left = sizes[~is_held].sum()
    count = min(count or _OWN_FOLDS, int((~is_held).sum()))
    fold = np.where(is_held, -1, np.clip((middle * count / left).astype("int64"), 0, count - 1))
    return fold[places]


def given_folds(
    values: np.ndarray, fold_of: np.ndarray, classes: bool, ordered: bool = False
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same from folds that were given: a pair for each fold. Fewer than two when they say too little to go by.

    A class that is in one fold only is always fitted and never judged, as above. `ordered`: each fold is judged by what
    was learned from those before it only.
    """
    if ordered:
        names = np.unique(fold_of)
        return [(np.flatnonzero(fold_of < name), np.flatnonzero(fold_of == name)) for name in names[1:]]
    values, classes = _divided_by(values, classes)
    judged_in = fold_of.copy()
    for code in np.unique(values) if classes else []:
        rows = np.flatnonzero(values == code)
        if len(np.unique(fold_of[rows])) == 1:
            judged_in[rows] = -1
    pairs = [(np.flatnonzero(judged_in != fold), np.flatnonzero(judged_in == fold)) for fold in np.unique(judged_in)]
    return [pair for fold, pair in zip(np.unique(judged_in), pairs, strict=True) if fold >= 0 and len(pair[0])]
