"""Builds the pipeline that learns: fills gaps, codes categories and texts, then the estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from trainer.engines.sklearn.plan import MOST_CATEGORIES
from trainer.metrics import TaskKind

_TEXT_HASHES = 2**13
_TEXT_TOPICS = 24


def make_pipeline(
    plan: list[dict[str, Any]],
    ready_names: list[str],
    estimator: BaseEstimator,
    *,
    kind: TaskKind,
    values: np.ndarray,
    linear: bool,
    scaled: bool,
    seed: int,
) -> Pipeline:
    """`linear` estimators take sparse word counts as they are; for others words are condensed to a few topics."""
    kinds = {column["name"]: column["kind"] for column in plan}
    numbers = [name for name in ready_names if kinds.get(name, "number") == "number"]
    categories = [name for name, kind in kinds.items() if kind == "category"]
    many = [name for name, kind in kinds.items() if kind == "many"]
    texts = [name for name, kind in kinds.items() if kind == "text"]
    parts: list[tuple[str, Any, Any]] = []
    if numbers:
        parts.append(("numbers", _numbers(scaled), numbers))
    if categories:
        parts.append(("categories", _categories(), categories))
    if many:
        parts.append(("many", _many(scaled, seed, kind, values), many))
    parts.extend((f"text {i}", _text(linear, seed), name) for i, name in enumerate(texts))
    threshold = 0.3 if linear else 0.0
    columns = ColumnTransformer(parts, sparse_threshold=threshold, verbose_feature_names_out=False)
    return Pipeline([("columns", columns), ("estimator", estimator)])


def _numbers(scaled: bool) -> Pipeline:
    # A column that is empty in one fold must not change the width: keep it, filled with zero.
    steps: list[tuple[str, Any]] = [
        ("fill", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True))
    ]
    if scaled:
        steps.append(("scale", StandardScaler()))
    return Pipeline(steps)


def _categories() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, min_frequency=2)


def _many(scaled: bool, seed: int, kind: TaskKind, values: np.ndarray) -> Pipeline:
    target = "continuous" if kind == "regression" else kind
    # Its inner folds need as many rows in some class as there are folds.
    most = len(values) if kind == "regression" else int(np.bincount(values).max())
    encoder = TargetEncoder(target_type=target, cv=max(2, min(5, most)), random_state=seed)
    steps: list[tuple[str, Any]] = [("average", encoder)]
    if scaled:
        steps.append(("scale", StandardScaler()))
    return Pipeline(steps)


def _text(linear: bool, seed: int) -> Pipeline:
    # Hashing has no vocabulary to be empty and a fixed width, so no text can make a fit fail.
    steps: list[tuple[str, Any]] = [
        ("words", HashingVectorizer(n_features=_TEXT_HASHES, alternate_sign=False, norm=None, ngram_range=(1, 2))),
        ("weight", TfidfTransformer(sublinear_tf=True)),
    ]
    if not linear:
        steps.append(("topics", TruncatedSVD(n_components=_TEXT_TOPICS, random_state=seed)))
    return Pipeline(steps)
