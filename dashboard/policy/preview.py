"""What a policy does to a sample picture, made here by the code that destroys faces in the pipeline.

The detector does not run: the faces of the sample, with their scores, are recorded.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from blurline.decision.choice import choose
from blurline.faces import Faces
from blurline.picture.destroy import destroy
from blurline.policy import Policy
from blurline.policy.profile import PROFILES
from dashboard.states import counted

_SAMPLE = Path(__file__).parent / "sample" / "group.jpg"
_SEED = 0  # the sample is public, and a picture that changes by itself could not be compared
_QUALITY = 90

SAMPLE_FACES: Faces = np.array(
    [
        (148.2, 248.7, 215.7, 336.5, 0.918),
        (501.9, 325.2, 587.2, 421.4, 0.912),
        (753.6, 58.9, 785.8, 98.5, 0.868),
        (464.2, 95.4, 498.0, 135.4, 0.806),
        (805.4, 394.9, 855.3, 452.4, 0.805),
        (66.9, 51.7, 86.9, 76.4, 0.783),
        (217.6, 68.2, 236.1, 90.7, 0.743),
        (348.2, 56.6, 360.9, 71.9, 0.737),
        (918.3, 265.7, 936.5, 288.6, 0.704),
        (600.3, 104.5, 613.9, 121.0, 0.670),
        (723.0, 294.0, 730.7, 302.4, 0.428),
    ],
    np.float32,
)
"""What the profile `standard` finds in the sample, in its pixels."""


def show_preview(policy: Policy) -> None:
    """Show the sample as the policy leaves it."""
    pixels, destroyed = redacted_sample(policy)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    all_faces = len(SAMPLE_FACES)
    st.image(
        file.getvalue(),
        width="stretch",
        alt=f"The sample picture: {destroyed} of {all_faces} faces are destroyed",
    )
    st.caption(
        f"A sample picture under this policy: {destroyed} of its {counted(all_faces, 'face')} are destroyed. "
        "The detector does not run for it: where its faces are, and their scores, is recorded."
    )


def redacted_sample(policy: Policy) -> tuple[NDArray[np.uint8], int]:
    """The pixels (height, width, 3) of the sample under the policy, and how many faces are destroyed."""
    pixels = _sample()
    height, width = pixels.shape[:2]
    choice = choose(SAMPLE_FACES, policy, PROFILES[policy.profile].threshold, width, height)
    faces = choice.faces
    return destroy(pixels, faces, policy, np.random.default_rng(_SEED)), len(faces)


@cache
def _sample() -> NDArray[Any]:
    with Image.open(_SAMPLE, formats=["JPEG"]) as picture:
        return np.asarray(picture.convert("RGB"))
