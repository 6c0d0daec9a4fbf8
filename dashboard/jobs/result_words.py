"""What an image's page says of its result, which not every state has published."""

from __future__ import annotations

from blurline.contract import Image

_OTHERWISE = {
    "queued": "The result appears here once the image is processed.",
    "processing": "The result appears here once the image is processed.",
    "published": "No preview of the result is available.",
    "failed": "There is no result, because the image failed.",
    "deleted": "The image and its result are deleted.",
}


def result_name(image: Image) -> str:
    """What the file is that the image's numbers are about."""
    if image.state == "needs_review":
        return "refused file" if image.result_refused else "result under review"
    if _is_rejected(image):
        return "rejected result"
    return "result" if image.state == "published" else "earlier result"


def without_picture(image: Image) -> str:
    """Why no picture of a result is shown."""
    if image.result_gone:
        return "The result is no longer stored."
    if _is_rejected(image):
        return "A reviewer rejected the result. It is not published, and nobody can download it."
    if image.state == "needs_review":
        has_file = image.result_sha256 is not None
        return "The result is shown once a reviewer has approved it." if has_file else "There is no result yet."
    return _OTHERWISE[image.state]


def _is_rejected(image: Image) -> bool:
    return image.state == "failed" and image.error is not None and image.error.code == "rejected"
