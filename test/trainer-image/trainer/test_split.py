from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainer.split import folds, given_folds, grouped_folds, held_groups, holdout, timed_folds

#: What divides rows by a recipe goes by the same rule; its tests read the same cases.
CASES = json.loads((Path(__file__).parents[2] / "data" / "recipe" / "grouped-holdout.json").read_text("utf-8"))


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


def test_given_folds_are_taken_as_they_are():
    fold_of = np.array([0, 1, 2, 0, 1, 2, 2])
    parts = given_folds(np.array([0, 1, 0, 1, 0, 1, 1]), fold_of, True)
    assert [judged.tolist() for _, judged in parts] == [[0, 3], [1, 4], [2, 5, 6]]
    for fitted, judged in parts:
        assert sorted([*fitted, *judged]) == list(range(7))


def test_a_class_of_one_fold_only_is_fitted_and_never_judged():
    values, fold_of = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 1, 1])
    parts = given_folds(values, fold_of, True)
    assert [judged.tolist() for _, judged in parts] == [[0], [1, 2]]
    assert all({3, 4} <= set(fitted) for fitted, _ in parts)
    assert len(given_folds(values, np.zeros(5, dtype="int64"), True)) < 2


def test_whole_groups_are_on_one_side_with_about_their_share():
    groups = np.repeat(np.arange(60), np.random.default_rng(0).integers(1, 30, 60))
    fold_of = grouped_folds(groups, 0.2, 4, seed=1)
    assert all(len(set(fold_of[groups == group])) == 1 for group in range(60))
    assert set(fold_of) == {-1, 0, 1, 2, 3}
    assert all(abs((fold_of == fold).mean() - 0.2) < 0.06 for fold in set(fold_of))
    assert (grouped_folds(groups, 0.2, 4, seed=1) == fold_of).all()
    assert (grouped_folds(groups, 0.2, 4, seed=2) != fold_of).any()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_held_out_groups_come_near_their_share(case: dict[str, object]):
    held = held_groups(np.array(case["sizes"]), float(str(case["fraction"])))
    assert np.flatnonzero(held).tolist() == case["held"]


def test_nothing_is_nearer_than_the_drawn_ones_and_any_one_more():
    random = np.random.default_rng(5)
    for _ in range(300):
        sizes = random.geometric(random.uniform(0.01, 0.5), random.integers(3, 40))
        fraction = random.uniform(0.05, 0.5)
        share = max(1, int(sizes.sum() * fraction + 0.5))
        held = held_groups(sizes, fraction)
        assert held.any() and not held.all()
        drawn = 0
        fitting = [int(size) for size in sizes if size <= share]
        while fitting and drawn + fitting[0] <= share:
            drawn += fitting.pop(0)
        off = abs(int(sizes[held].sum()) - share)
        rest = [*fitting, *(int(size) for size in sizes if size > share)]
        assert off <= min(abs(drawn + size - share) for size in rest)
        assert off <= share - drawn or drawn == 0


def test_two_groups_are_one_to_learn_from_and_one_to_judge_by():
    fold_of = grouped_folds(np.array([0] * 90 + [1] * 10), 0.2, 5, seed=0)
    assert set(fold_of) == {-1, 0}


def test_the_latest_are_held_out_and_each_part_is_judged_by_what_came_before():
    times = np.random.default_rng(0).permutation(np.repeat(np.arange(100.0), 5))
    fold_of = timed_folds(times, 0.2, 4)
    assert times[fold_of == -1].min() > times[fold_of >= 0].max()
    assert (fold_of == -1).mean() == pytest.approx(0.2)
    train = fold_of >= 0
    pairs = given_folds(np.zeros(train.sum()), fold_of[train], classes=False, ordered=True)
    assert len(pairs) == 3
    for fitted, judged in pairs:
        assert times[train][fitted].max() < times[train][judged].min()


def test_rows_of_one_time_are_in_one_part_and_both_sides_have_some():
    fold_of = timed_folds(np.array([1.0] * 3 + [2.0] * 97), 0.2, 5)
    assert set(fold_of[:3]) == {0} and set(fold_of[3:]) == {-1}
