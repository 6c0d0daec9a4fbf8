"""Re-identification of destroyed faces by a face recogniser: rank-1 against a gallery of the originals.

Needs the recogniser (``make reid``: dlib's ResNet, public domain, from the packages dlib-bin and
face_recognition_models) and labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``.

Every labelled face of at least `_MIN_SIZE_PX` is one person; the gallery has its descriptor in the untouched picture. A
probe is the same place after its face was destroyed, also after an attack: shrunk to the cells, enlarged with Lanczos
and sharpened. The attacker knows where the face was. Chance is one in the gallery's size. For comparison, a
recompressed original shows what the recogniser can do, and the article's Gaussian of radius 9 is a weak blur.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.evaluation_set import street
from blurline import Box, Face, Policy, Style, open_photo
from blurline.errors import ConfigurationError
from blurline.picture.destroy import destroy, opaque_area
from models.evaluation.truth import Labelled

_MIN_SIZE_PX = 80
_CONTEXT = 1.0  # the margin around a face, in face sizes

Change = Callable[[NDArray[np.uint8], Box], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Cut:
    """A face with its surroundings, (H, W, 3) RGB, and its box in them."""

    pixels: NDArray[np.uint8]
    box: Box


def run() -> dict[str, Any]:
    """Identification rates, chance, and the rate for originals that are only recompressed."""
    labelled = street("re-identification")
    describe = _recogniser()
    cuts = list(_cuts(labelled))
    gallery = np.stack([describe(cut.pixels, cut.box) for cut in cuts])
    table = {}
    for name, change in _changes():
        for attack, attacked in (("as it is", _as_it_is), ("enlarged and sharpened", _sharpened)):
            probes = np.stack([describe(attacked(change(cut.pixels, cut.box), cut.box), cut.box) for cut in cuts])
            nearest = np.linalg.norm(probes[:, None] - gallery[None], axis=2).argmin(axis=1)
            table[f"{name}, {attack}"] = round(float((nearest == np.arange(len(cuts))).mean()), 4)
    return {
        "faces": len(cuts),
        "chance": round(1 / len(cuts), 4),
        "chance_at_most": round(_most_by_chance(len(cuts), 0.05 / len(table)), 4),
        "identified": table,
    }


def _most_by_chance(faces: int, risk: float) -> float:
    """The rate that guessing exceeds with a probability of at most ``risk`` (exact binomial)."""
    chance, below = 1 / faces, 0.0
    for right in range(faces + 1):
        below += math.comb(faces, right) * chance**right * (1 - chance) ** (faces - right)
        if 1 - below <= risk:
            return right / faces
    return 1.0


def _changes() -> Iterator[tuple[str, Change]]:
    yield "recompressed at quality 50", _recompressed
    yield "Gaussian of radius 9 over the box", _gaussian
    yield "pixelate, 5 cells, padding 0.2", partial(_destroyed, policy=Policy(padding=0.2))
    for style in (Style.PIXELATE, Style.BLUR):
        for cells in (3, 5, 8):
            yield f"{style}, {cells} cells", partial(_destroyed, policy=Policy(style=style, cells_per_face=cells))
    for style in (Style.SOLID, Style.EMOJI):
        yield str(style), partial(_destroyed, policy=Policy(style=style))


def _cuts(pictures: list[Labelled]) -> Iterator[Cut]:
    for labelled in pictures:
        pixels = open_photo(labelled.path.read_bytes()).pixels
        for x1, y1, x2, y2 in labelled.faces.tolist():
            side = max(x2 - x1, y2 - y1)
            if np.sqrt((x2 - x1) * (y2 - y1)) < _MIN_SIZE_PX:
                continue
            left, top = max(0, int(x1 - _CONTEXT * side)), max(0, int(y1 - _CONTEXT * side))
            area = pixels[top : int(y2 + _CONTEXT * side), left : int(x2 + _CONTEXT * side)]
            yield Cut(np.ascontiguousarray(area), Box(x1 - left, y1 - top, x2 - left, y2 - top))


def _recogniser() -> Callable[[NDArray[np.uint8], Box], NDArray[np.float64]]:
    """Map (H, W, 3) RGB and a box to a descriptor of 128 values; two of one person are usually closer than 0.6."""
    package = importlib.util.find_spec("face_recognition_models")
    if importlib.util.find_spec("dlib") is None or package is None or not package.submodule_search_locations:
        raise ConfigurationError("The recogniser is not installed; `make reid` installs it and runs this.")
    import dlib

    folder = Path(package.submodule_search_locations[0]) / "models"
    landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def describe(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.float64]:
        rectangle = dlib.rectangle(*(round(value) for value in box.corners))
        shape = landmarks(pixels, rectangle)
        return np.array(network.compute_face_descriptor(pixels, shape))

    return describe


def _destroyed(pixels: NDArray[np.uint8], box: Box, policy: Policy) -> NDArray[np.uint8]:
    return destroy(pixels, (Face(box, 1.0),), policy)


def _recompressed(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    from tests.pictures import decoded, encoded

    return decoded(encoded(Image.fromarray(pixels), "JPEG", quality=50))


def _gaussian(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    result = pixels.copy()
    area = np.s_[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
    result[area] = np.asarray(Image.fromarray(pixels[area]).filter(ImageFilter.GaussianBlur(9)))
    return result


def _as_it_is(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    return pixels


def _sharpened(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The attack: averages of the cells, enlarged smoothly and sharpened."""
    area = opaque_area(box, Policy().padding).clipped(pixels.shape[1], pixels.shape[0])
    place = np.s_[int(area.y1) : int(area.y2), int(area.x1) : int(area.x2)]
    window = Image.fromarray(np.ascontiguousarray(pixels[place]))
    smooth = window.resize((16, 16), Image.Resampling.BOX).resize(window.size, Image.Resampling.LANCZOS)
    sharp = smooth.filter(ImageFilter.UnsharpMask(radius=max(2, window.width // 16), percent=150, threshold=0))
    result = pixels.copy()
    result[place] = np.asarray(sharp)
    return result
