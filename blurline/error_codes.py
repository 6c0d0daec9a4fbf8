"""Every error code: where it appears, what it means and what to do about it.

The API's problems, its OpenAPI document, docs/errors.md and the dashboard take their texts from here.
Codes are part of the interface: a code never changes its name or its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Place(StrEnum):
    """Where a code appears, besides the answers of the API."""

    IMAGE = "image"
    ATTEMPT = "attempt"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code. ``status`` is the HTTP status of the API's answer, or None where the API never answers with it.

    ``meaning`` and ``advice`` are sentences: what is wrong, and what its reader can do.
    """

    meaning: str
    advice: str
    status: int | None = None
    places: frozenset[Place] = frozenset()


def _code(meaning: str, advice: str, *places: Place, status: int | None = None) -> ErrorCode:
    return ErrorCode(meaning, advice, status, frozenset(places))


_SUBMIT_AGAIN = "Submit the picture again."
_RERUN = "Re-run the image; if it fails again, tell the operator."
_RERUN_AFTER_OUTAGE = "Try again later; re-run images that failed during the outage."
_TELL_OPERATOR = "Tell the operator; the service's log has the details."
_WAIT_FOR_REVIEW = "Wait for the review; there is nothing to do."
_RELOAD = "Reload the image and decide again."
_SEE_MESSAGE = "Follow the message."

_REQUESTS = {
    "invalid_request": _code("The request is not valid.", "Correct the fields listed in `errors`.", status=422),
    "malformed_request": _code("The request cannot be parsed.", "Send valid HTTP and JSON.", status=400),
    "invalid_cursor": _code(
        "The cursor does not belong to this list or this order.", "Start from the first page.", status=422
    ),
    "invalid_token": _code(
        "The bearer token is missing, invalid or expired.", "Send a valid token or request a new one.", status=401
    ),
    "missing_scope": _code(
        "The token does not permit this request.", "Ask the operator for a token with the scope.", status=403
    ),
    "host_not_allowed": _code(
        "The service does not answer under the name in `Host`.",
        "Use the service's own address, or ask the operator to allow the name.",
        status=400,
    ),
    "origin_not_allowed": _code(
        "Pages of this origin may not connect.", "Ask the operator to allow the origin.", status=403
    ),
    "webhooks_not_allowed": _code(
        "This service does not allow webhooks.", "Use live events, or ask the operator to allow webhooks.", status=403
    ),
    "not_found": _code(
        "The resource does not exist, or it belongs to somebody else.", "Check the path and the id.", status=404
    ),
    "method_not_allowed": _code(
        "The path does not accept this method.", "Use a method listed in the `Allow` header.", status=405
    ),
    "not_published": _code(
        "The image has no published result.",
        "Wait until the image is `published`; `detail` says its state.",
        status=409,
    ),
    "no_result": _code(
        "The picture has no published result: it is being processed, waits for a review, or has failed.",
        "Send the same picture again after `Retry-After`; `detail` says what it waits for.",
        status=503,
    ),
    "original_gone": _code("The original is no longer stored.", "Submit the file again.", status=410),
    "original_changed": _code(
        "The original was replaced after its submission.", _SUBMIT_AGAIN, Place.IMAGE, status=409
    ),
    "result_gone": _code("The result is no longer stored.", "Re-run the image, or submit the file again.", status=410),
    "on_hold": _code(
        "A legal hold protects the job or image from deletion.", "Ask the operator to release the hold.", status=409
    ),
    "deletion_underway": _code("The deletion is not complete yet.", "Try again later.", status=409),
    "not_held": _code("The image is not waiting for a review.", _RELOAD, status=409),
    "review_claimed": _code(
        "Another reviewer has claimed the image.", "Review another image, or wait until the claim ends.", status=409
    ),
    "result_changed": _code("The image has a newer result than the one reviewed.", _RELOAD, status=409),
    "result_refused": _code(
        "The result did not pass Blurline's own check, so it is never published.",
        "Correct the image at the places that were found, or reject it.",
        status=409,
    ),
    "another_reviewer_needed": _code(
        "The reviewer has given the first of two approvals, and the policy demands two reviewers.",
        "Let another reviewer approve the result, or correct or reject it.",
        status=409,
    ),
    "marks_missing": _code(
        "A reviewer has marked a face that the result still shows.",
        "Correct the image with the face marked, or reject it.",
        status=409,
    ),
    "image_underway": _code("An attempt at the image is under way.", "Wait until the attempt ends.", status=409),
    "models_unknown": _code(
        "No worker has recorded which models it uses.",
        "Ask the operator to start a worker, then try again.",
        status=409,
    ),
    "preview_missing": _code("The image has no preview of this size.", "Request the result instead.", status=404),
    "frames_unseen": _code(
        "The picture has frames or pages that the reviewer has not seen.",
        "Look at every frame, then approve with `frames_shown`.",
        status=409,
    ),
    "tiles_missing": _code(
        "The picture cannot be cut into tiles.", "Download the file to see it at full size.", status=404
    ),
    "tile_missing": _code("The picture has no tile at this place.", "Ask which frames and levels it has.", status=404),
    "tiles_busy": _code("Other pictures are being cut into tiles.", "Try again in a few seconds.", status=503),
    "upload_already_submitted": _code(
        "An image already uses the upload's key.", "Create an upload for each file.", status=409
    ),
    "request_in_progress": _code(
        "A request with this Idempotency-Key is still in progress.", "Repeat the request later.", status=409
    ),
    "import_ended": _code(
        "The import is in a state that does not allow the change.", "Start the import again.", status=409
    ),
    "unknown_bucket": _code(
        "The settings name no source or destination of this name.",
        "Use a name in BLURLINE_SOURCES or BLURLINE_DESTINATIONS, or ask the operator to add it.",
        status=422,
    ),
    "import_conflict": _code(
        "The name belongs to an import of another source, owner or destination.",
        "Choose another name for the import.",
        status=409,
    ),
    "preset_is_builtin": _code(
        "A built-in preset cannot be changed.", "Store the preset under another name.", status=409
    ),
    "too_many_webhooks": _code("The owner has the maximum number of webhooks.", "Delete a webhook first.", status=409),
    "webhook_disabled": _code("The webhook is disabled.", "Enable the webhook first.", status=409),
    "request_timeout": _code(
        "The body of the request arrived too slowly.", "Repeat the request over a faster line.", status=408
    ),
    "request_too_large": _code(
        "The request is larger than the limit.", "Send fewer files, or create uploads instead.", status=413
    ),
    "unsupported_media_type": _code(
        "The API does not accept this content type here.", "Use a content type listed in /docs.", status=415
    ),
    "range_not_satisfiable": _code(
        "The range lies outside the file.", "Request a range within the file's size.", status=416
    ),
    "duplicate_key": _code("The request names a key more than once.", "Name each key once.", status=422),
    "image_count": _code("The job has too few or too many images.", "Split the images over several jobs.", status=422),
    "idempotency_key_reused": _code(
        "The Idempotency-Key belongs to a different request.", "Use a new key for a new request.", status=422
    ),
    "box_outside": _code(
        "A box of the correction lies outside the picture or its frames.",
        "Draw the box named in `detail` again, inside the picture, or leave it out.",
        status=422,
    ),
    "retention_too_long": _code(
        "The requested retention is longer than the service allows.", "Ask for a shorter retention.", status=422
    ),
    "policy_below_least": _code(
        "The policy asks for less than this installation demands of every policy.",
        "Change the field that the message names, or leave it out.",
        status=422,
    ),
    "unknown_class": _code(
        "The request names a class that no detector of this installation finds.",
        "Use a class listed at `/v1/classes`, or ask the operator for a detector.",
        status=422,
    ),
    "unknown_preset": _code("No preset has this name.", "Use a preset listed at `/v1/presets`.", status=422),
    "rate_limited": _code(
        "The client sent too many requests in too short a time.", "Wait as long as `Retry-After` says.", status=429
    ),
    "prefect_unavailable": _code("Prefect does not respond.", "Try again later.", status=503),
    "issuer_unavailable": _code("The OpenID Connect issuer does not respond.", "Try again later.", status=503),
}

_REQUESTS_AND_IMAGES = {
    "urls_not_allowed": _code(
        "This service does not allow images submitted by URL.",
        "Submit the file itself.",
        Place.IMAGE,
        status=403,
    ),
    "address_refused": _code(
        "The URL is not acceptable, or leads to an address that the service does not connect to.",
        "Submit a public https URL, or the file itself.",
        Place.IMAGE,
        status=422,
    ),
    "picture_too_large": _code(
        "The file or the picture is larger than a limit.",
        "Make the picture smaller, or ask the operator to raise the limit.",
        Place.IMAGE,
        status=413,
    ),
    "object_missing": _code(
        "No object is stored under the key.", "Upload the file, then submit it again.", Place.IMAGE, status=422
    ),
    "source_object_missing": _code(
        "The object of an imported image is no longer in its source.",
        "Put the object back and re-run the image, or delete the image.",
        Place.IMAGE,
        status=410,
    ),
    "source_object_changed": _code(
        "The object of an imported image has changed in its source.",
        "Start the import again: it takes the changed object as a new image.",
        Place.IMAGE,
        status=409,
    ),
    "source_refused": _code(
        "The source of an imported image does not let Blurline read its object.",
        "Ask the operator to allow it, then re-run the image.",
        Place.IMAGE,
        status=502,
    ),
    "source_unavailable": _code(
        "A source of imports does not respond, or no setting names it.",
        _RERUN_AFTER_OUTAGE,
        Place.IMAGE,
        Place.ATTEMPT,
        status=503,
    ),
    "destination_unavailable": _code(
        "A destination of results does not respond, or does not let Blurline write.",
        "Correct the destination; Blurline keeps trying.",
        Place.PROGRAM,
    ),
    "quota_exceeded": _code(
        "The request exceeds a quota of its owner.",
        "Submit it when the quota has room again, or ask the operator for more.",
        Place.IMAGE,
        status=429,
    ),
    "store_unavailable": _code(
        "The object store does not respond.", _RERUN_AFTER_OUTAGE, Place.IMAGE, Place.ATTEMPT, status=503
    ),
    "bucket_missing": _code(
        "A bucket of the object store does not exist.",
        "Ask the operator to run `blurline buckets`.",
        Place.IMAGE,
        Place.ATTEMPT,
        status=503,
    ),
    "database_unavailable": _code(
        "The database does not respond.", _RERUN_AFTER_OUTAGE, Place.IMAGE, Place.ATTEMPT, status=503
    ),
    "internal": _code("An unexpected error occurred.", _TELL_OPERATOR, Place.IMAGE, Place.ATTEMPT, status=500),
}

_IMAGES = {
    "empty_file": _code("The file is empty.", "Export or copy the file again, then submit it.", Place.IMAGE),
    "unsupported_format": _code(
        "The file is not in a supported format.",
        "Save it as JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP, then submit it again.",
        Place.IMAGE,
    ),
    "unreadable_picture": _code(
        "The picture cannot be decoded to its end.",
        "Open it in a picture editor, save it, then submit it again.",
        Place.IMAGE,
    ),
    "too_many_frames": _code(
        "The file has more frames or pages than the limit.",
        "Submit fewer frames or pages at a time, or ask the operator to raise the limit.",
        Place.IMAGE,
    ),
    "decoded_too_slowly": _code(
        "Decoding the picture takes longer than the limit.",
        "Save it as an ordinary JPEG or PNG, then submit it again.",
        Place.IMAGE,
    ),
    "cannot_be_written": _code(
        "The output format cannot hold the picture.", "Re-run the job with another output format.", Place.IMAGE
    ),
    "model_rejected": _code(
        "The policy asks for classes that the model does not have, or the model file is not valid.",
        "Re-run the image with `classes` that the model has; otherwise tell the operator.",
        Place.IMAGE,
    ),
    "url_unavailable": _code(
        "The URL's server did not deliver the picture in several tries.",
        "Check that the URL can be reached, then submit it again.",
        Place.IMAGE,
    ),
    "url_not_served": _code(
        "The URL's server answered, but not with the picture.",
        "Check that the URL leads directly to the picture, then submit it again.",
        Place.IMAGE,
    ),
    "attempt_superseded": _code(
        "The attempt was cancelled, or another attempt replaced it.", "There is nothing to do.", Place.IMAGE
    ),
    "configuration": _code("A setting or the environment is wrong.", _TELL_OPERATOR, Place.IMAGE),
    "output_check_failed": _code("The result did not pass its check before publication.", _TELL_OPERATOR, Place.IMAGE),
    "mark_misses": _code(
        "A box that a reviewer marked covers no pixel of the picture, or lies in a keep-region.",
        "Correct the image again with the box on the picture, or re-run it without the keep-region.",
        Place.IMAGE,
    ),
    "doubtful": _code("A face may still be visible in the result.", _WAIT_FOR_REVIEW, Place.IMAGE),
    "review_asked": _code("The policy asks for a review of every result.", _WAIT_FOR_REVIEW, Place.IMAGE),
    "sent_to_review": _code("A person asked for a review of the result.", _WAIT_FOR_REVIEW, Place.IMAGE),
    "second_approval": _code(
        "One reviewer has approved or corrected the result, and the policy demands two.", _WAIT_FOR_REVIEW, Place.IMAGE
    ),
    "corrected": _code("A reviewer corrected the result and asked for a second look.", _WAIT_FOR_REVIEW, Place.IMAGE),
    "rejected": _code(
        "A reviewer withdrew the result.",
        "Re-run the image with a stricter policy, or leave the picture out.",
        Place.IMAGE,
    ),
}

_IMAGES_AND_ATTEMPTS = {
    code: _code(meaning, advice, Place.IMAGE, Place.ATTEMPT)
    for code, meaning, advice in (
        ("flow_run_crashed", "The flow run crashed, for example because its worker died.", _RERUN),
        ("flow_run_failed", "The flow run failed before it settled the image.", _RERUN),
        ("flow_run_completed", "The flow run ended without settling the image.", _RERUN),
        ("flow_run_lost", "Prefect no longer has the flow run.", _RERUN),
        ("flow_run_not_started", "The flow run ended before a worker began.", _RERUN),
        ("flow_run_stuck", "No worker started the flow run in time.", _RERUN),
        ("deadline", "The attempt did not end in time.", _RERUN),
        ("task_failed", "A task of the flow run failed unexpectedly.", _RERUN),
        ("cancelled", "An operator cancelled the flow run.", "Ask the operator why, then re-run the image."),
        ("job_cancelled", "The job was cancelled.", "Re-run the image if this was a mistake."),
        ("rerun_cancelled", "The re-run was cancelled.", "Re-run the image if this was a mistake."),
        (
            "detector_missing",
            "The policy destroys a class for which the worker has no detector, so nothing was published.",
            "Tell the operator, or re-run the image without the class.",
        ),
        (
            "needs_newer_worker",
            "The image needs a worker of a newer release, and none came for hours.",
            "Tell the operator, then re-run the image.",
        ),
    )
}

_PROGRAMS = {
    code: _code(meaning, advice, Place.PROGRAM)
    for code, meaning, advice in (
        ("permanent", "The request failed, and trying again cannot help.", _SEE_MESSAGE),
        ("retryable", "The request failed, and trying again may help.", "Try again later."),
        ("picture", "The picture cannot be processed.", _SEE_MESSAGE),
        ("host_unavailable", "The URL's server does not respond.", "Try again later."),
        (
            "api_unreachable",
            "The API does not respond, or the connection broke.",
            "Check the address; try again later.",
        ),
        ("not_the_api", "The address does not belong to a compatible Blurline API.", "Check the address."),
        ("upload_refused", "The object store refused the file.", _SEE_MESSAGE),
        ("picture_changed", "The file changed during its upload.", "Submit the file again."),
        ("result_damaged", "The downloaded result does not match its checksum.", "Download it again."),
        ("record_refused", "The file is not a valid audit record or deletion proof.", "Check where it comes from."),
        ("not_reproducible", "The audit record describes no result, or another original.", _SEE_MESSAGE),
        ("labels_unreadable", "A file of labels cannot be read, or names missing pictures.", _SEE_MESSAGE),
        ("not_labels", "The text is not a list of labels.", _SEE_MESSAGE),
        ("too_many_orphans", "The store and the database probably do not belong together.", _SEE_MESSAGE),
        ("dispatch_late", "Accepted batches do not become flow runs in time.", "Check Prefect and the API's log."),
        (
            "store_not_writable",
            "The object store answers but refuses to write.",
            "Free disk space, or allow the access key to write and remove objects.",
        ),
        (
            "database_not_writable",
            "The database answers but does not accept writes.",
            "Free disk space, or point BLURLINE_DATABASE_URL to the primary.",
        ),
        (
            "no_worker",
            "No worker is online, so submitted pictures wait.",
            "Start `blurline worker`, or check the log of the worker that should be running.",
        ),
        (
            "disk_full",
            "A disk of the API is almost full.",
            "Free some space, or move BLURLINE_HOME or TMPDIR to a larger disk.",
        ),
        ("backup_refused", "The backup cannot be made or restored in this way.", _SEE_MESSAGE),
    )
}

ERROR_CODES: Mapping[str, ErrorCode] = MappingProxyType(
    _REQUESTS | _REQUESTS_AND_IMAGES | _IMAGES | _IMAGES_AND_ATTEMPTS | _PROGRAMS
)
"""Every code by its name."""
