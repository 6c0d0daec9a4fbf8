from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blurline.faces import Faces
from models.merge import fuse, non_maximum_suppression, outermost

_rows = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 40), st.integers(1, 40), st.integers(1, 9)),
    max_size=30,
).map(lambda rows: np.array([[x, y, x + w, y + h, s / 10] for x, y, w, h, s in rows], np.float32).reshape(-1, 5))


@given(rows=_rows, seed=st.integers(0, 9))
def test_merging_does_not_depend_on_order_and_is_idempotent(rows: Faces, seed: int) -> None:
    merged = non_maximum_suppression(rows, 0.4)
    shuffled = np.random.default_rng(seed).permutation(rows)
    assert np.array_equal(non_maximum_suppression(shuffled, 0.4), merged)
    assert np.array_equal(non_maximum_suppression(merged, 0.4), merged)


@given(rows=_rows, more=_rows, seed=st.integers(0, 9))
def test_fusing_does_not_depend_on_order_and_is_idempotent(rows: Faces, more: Faces, seed: int) -> None:
    fused = fuse([rows, more], [0.5, 2.0], 0.4)
    random = np.random.default_rng(seed)
    assert np.allclose(fuse([random.permutation(rows), random.permutation(more)], [0.5, 2.0], 0.4), fused)
    assert np.allclose(fuse([fused], [1.0], 0.4), fused)


def test_agreement_counts_and_silence_counts_only_where_a_face_could_be_seen() -> None:
    face = np.array([[100, 100, 140, 140, 0.8]], np.float32)
    nothing = np.zeros((0, 5), np.float32)
    assert fuse([face, face], [1, 1], 0.4)[0, 4] == pytest.approx(0.8)
    assert fuse([face, nothing], [1, 1], 0.4)[0, 4] == pytest.approx(0.6)
    assert fuse([face, nothing], [1, 0.1], 0.4)[0, 4] == pytest.approx(0.8)


@given(rows=_rows)
def test_every_kept_box_was_given_and_the_best_is_kept(rows: Faces) -> None:
    merged = non_maximum_suppression(rows, 0.4)
    given_rows = {tuple(row) for row in rows.tolist()}
    assert all(tuple(row) in given_rows for row in merged.tolist())
    if len(rows):
        assert merged[0, 4] == rows[:, 4].max()


def test_a_part_of_a_better_face_is_not_a_face_of_its_own() -> None:
    face, mouth, neighbour = (100, 100, 200, 220, 0.9), (95, 170, 190, 210, 0.5), (170, 100, 270, 220, 0.5)
    rows = np.array([mouth, neighbour, face], np.float32)
    assert outermost(rows)[:, 0].tolist() == [100, 170]
    better = np.array([(*mouth[:4], 0.95), face], np.float32)
    assert outermost(better)[:, 0].tolist() == [95, 100]
    assert len(outermost(rows[:0])) == 0
