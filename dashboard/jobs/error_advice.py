"""What to do about an image that is not published, by the stable code of its error (docs/errors.md)."""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "empty_file": "Export or copy the file again and submit it anew.",
    "unsupported_format": "Save it as JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP and submit it anew.",
    "unreadable_picture": "Open it in a picture editor, save it again and submit it anew.",
    "picture_too_large": "Make it smaller, or ask the operator to raise the limit.",
    "too_many_frames": "Submit fewer frames or pages at a time, or ask the operator to raise the limit.",
    "decoded_too_slowly": "Save it as an ordinary JPEG or PNG and submit it anew.",
    "cannot_be_written": "Re-run the job with another output format.",
    "url_unavailable": "See that the URL can be reached, then submit it anew.",
    "url_not_served": "See that the URL leads straight to the picture, then submit it anew.",
    "address_refused": "Submit a public https URL, or the file itself.",
    "urls_not_allowed": "Submit the file itself; URLs are not allowed here.",
    "object_missing": "Its original is gone: submit it anew.",
    "original_changed": "Its original was replaced after its submission: submit it anew.",
    "attempt_superseded": "Nothing: another attempt took its place.",
    "job_cancelled": "Re-run what failed if it was cancelled by mistake.",
    "cancelled": "An operator cancelled it: ask them, then re-run what failed.",
    "flow_run_crashed": "Re-run what failed; tell the operator if it fails again.",
    "flow_run_failed": "Re-run what failed; tell the operator if it fails again.",
    "flow_run_lost": "Re-run what failed; tell the operator if it fails again.",
    "flow_run_stuck": "Re-run what failed; tell the operator if it fails again.",
    "deadline": "Re-run what failed; tell the operator if it fails again.",
    "store_unavailable": "The outage lasted too long: re-run what failed.",
    "database_unavailable": "The outage lasted too long: re-run what failed.",
    "needs_newer_worker": "Only workers of an old release are there: tell the operator, then re-run what failed.",
    "quota_exceeded": "Submit it again when the quota has room, or ask the operator for more.",
    "model_rejected": "Re-run it with `classes` of the policy that the model has.",
    "configuration": "Something is wrong with the service: tell its operator.",
    "internal": "Something is wrong with the service: tell its operator.",
    "doubtful": "A reviewer looks at it first; there is nothing that you need to do.",
    "corrected": "A reviewer looks at the corrected result once more; there is nothing that you need to do.",
    "rejected": "A reviewer withdrew the result: re-run it with a stricter policy, or leave the picture out.",
    "review_asked": "A reviewer looks at it first, as the policy asks.",
    "output_check_failed": "Our own result did not pass its check: tell the operator.",
}

_OTHERWISE = "Re-run what failed; tell the operator if it fails again."


def remedy(code: str) -> str:
    """A sentence for whoever submitted the image."""
    return REMEDIES.get(code, _OTHERWISE)
