from __future__ import annotations

import numpy as np
import pytest

from trainer.split import folds, holdout


def test_the_held_out_rows_are_the_same_for_the_same_seed_and_others_for_another():
    values = np.arange(100, dtype="float64")
    one, two, other = (holdout(values, 0.2, seed, False)[1].tolist() for seed in (0, 0, 1))
    assert one == two != other
    assert len(one) == 20


def test_nothing_is_both_learned_from_and_held_out():
    values = np.repeat([0, 1, 2], [50, 30, 4])
    kept, held = holdout(values, 0.25, 3, True)
    assert sorted([*kept, *held]) == list(range(84))


@pytest.mark.parametrize("counts", [[50, 50], [97, 3], [200, 2], [10, 10, 2, 2, 2]])
def test_every_class_is_on_both_sides(counts: list[int]):
    values = np.repeat(np.arange(len(counts)), counts)
    kept, held = holdout(values, 0.2, 0, True)
    assert set(values[kept]) == set(values[held]) == set(values)


def test_many_small_classes_still_add_up_to_the_fraction():
    values = np.repeat(np.arange(50), 7)
    _, held = holdout(values, 0.2, 0, True)
    assert len(held) == pytest.approx(0.2 * 350, abs=2)


def test_every_row_is_judged_once_and_classes_are_dealt_evenly():
    values = np.repeat([0, 1], [80, 20])
    parts = list(folds(values, 5, 0, True))
    assert sorted(np.concatenate([judged for _, judged in parts])) == list(range(100))
    assert [int((values[judged] == 1).sum()) for _, judged in parts] == [4] * 5
    for fitted, judged in parts:
        assert not set(fitted) & set(judged)


def test_a_class_with_one_row_is_always_learned_from():
    values = np.array([0] * 10 + [1])
    for fitted, judged in folds(values, 5, 0, True):
        assert 10 in fitted and 10 not in judged
