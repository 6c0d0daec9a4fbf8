from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blurline.decision.doubt import AT_THRESHOLD, estimate_doubt

_scores = st.lists(st.floats(0.1, 0.3), max_size=20).map(lambda scores: np.array(scores, np.float32))
NONE = np.zeros(0, np.float32)


@given(scores=_scores, again=st.lists(st.floats(0.5, 0.79), max_size=4))
def test_every_candidate_adds_to_the_doubt_which_stays_a_probability(scores: np.ndarray, again: list[float]) -> None:
    seen_again = np.array(again, np.float32)
    before = estimate_doubt(scores, scores, 0.3, seen_again).value
    more = np.append(scores, np.float32(0.25))
    after = estimate_doubt(more, more, 0.3, seen_again).value
    assert 0 <= before <= after <= 1
    assert after > before or before > 0.999


def test_no_candidates_mean_no_doubt() -> None:
    nothing = estimate_doubt(NONE, NONE, 0.3, NONE)
    assert (nothing.value, nothing.reasons) == (0, {})


def test_each_kind_of_doubt_is_counted() -> None:
    weak = np.array([0.11, 0.25], np.float32)
    found = estimate_doubt(weak, np.array([0.4, 0.25], np.float32), 0.3, np.array([0.75], np.float32))
    assert found.reasons == {"near_threshold": 1, "passes_disagree": 1, "second_look": 1}
    assert found.value > AT_THRESHOLD
