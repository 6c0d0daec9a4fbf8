"""A year of images of 20 owners, written past the pipeline: their rows, and the renditions that pages show of them."""

from __future__ import annotations

import psycopg

from blurline.ids import new_id
from blurline.picture.decode import open_photo
from blurline.picture.preview import preview
from blurline.settings import Settings
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE, PreviewSize, preview_key
from blurline.storage.store import Store
from tests.pictures import GROUP

IMAGES = 1_000_000
BOXES_AN_IMAGE = 5
LARGE_JOB_IMAGES = 10_000
_IMAGES_A_JOB = 200
_DECISIONS = 20_000
_TRIGGERED = ("images", "detections")
_ORIGINAL = "bench/group"  # and an ending for each image; up to its dot, all have one preview
_RESULT = "bench/group.jpg"

_JOBS = """
INSERT INTO jobs (id, owner, policy, labels, created_at, finished_at)
SELECT CASE n WHEN 1 THEN %(large_job)s ELSE uuidv7(at - now()) END, 'bench-' || n %% 20,
       jsonb_build_object('profile', (ARRAY['standard', 'standard', 'fast', 'thorough'])[1 + n %% 4]),
       jsonb_build_object('desk', 'desk-' || n %% 10, 'assignment', (n %% 500)::text), at, at + interval '10 minutes'
FROM generate_series(1, %(jobs)s) AS n
CROSS JOIN LATERAL (SELECT now() - n * interval '1 year' / %(jobs)s AS at) AS times
"""
_BATCHES = """
INSERT INTO batches (id, job_id, queue, policy, created_at)
SELECT gen_random_uuid(), id, 'backlog', policy, created_at FROM jobs
"""
_FILLED = """
INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state, error_code,
                    error_message, result_attempt_id, result_key, result_media_type, result_bytes, result_sha256,
                    original_sha256, width_px, height_px, frames, faces, doubt, notes, policy, model, processing_ms,
                    stage_ms, created_at, started_at, settled_at, finished_at, made_by_version)
SELECT uuidv7(created_at + n * interval '1 millisecond' - now()), jobs.id, n - 1,
       format('desk-%%s/IMG_%%s.jpg', n %% 10, right((1e7 + row_number() OVER ())::bigint::text, 7)),
       %(original)s || '.' || gen_random_uuid(), 'e', 3000000, state,
       CASE state WHEN 'failed' THEN (ARRAY['unreadable_picture', 'too_large'])[1 + n %% 2]
                  WHEN 'needs_review' THEN 'doubtful' END,
       CASE WHEN state <> 'published' THEN 'A sentence about it.' END,
       attempt_id, %(result)s, 'image/jpeg', 2900000, repeat('a', 64), repeat('b', 64), 4000, 3000, 1,
       CASE WHEN state <> 'failed' THEN %(boxes)s - 1 END, CASE WHEN state <> 'failed' THEN random() END,
       CASE n %% 200 WHEN 7 THEN '[{"code": "style_strengthened", "message": "A sentence."}]'::jsonb ELSE '[]' END,
       jobs.policy, '{"name": "centerface", "sha256": "0918"}', 200 + 600 * random(),
       '{"download": 20, "resize": 60, "detect": 300, "nms": 2, "blur": 90, "upload": 30}',
       created_at, created_at + wait, created_at + wait + interval '1 second', created_at + wait + interval '1 second',
       CASE WHEN state <> 'failed' THEN release END
FROM (
    SELECT jobs.*, n, n %% %(images)s * interval '2 seconds' AS wait,
           CASE WHEN n %% 50 = 0 THEN 'failed' WHEN n %% 33 = 0 THEN 'needs_review' ELSE 'published' END AS state,
           CASE WHEN n %% 50 > 0 THEN gen_random_uuid() END AS attempt_id,
           CASE WHEN created_at < now() - interval '6 months' THEN '0.1.0' ELSE '0.2.0' END AS release
    FROM jobs, generate_series(1, CASE jobs.id WHEN %(large_job)s THEN %(large)s ELSE %(images)s END) AS n
) AS jobs
"""
_ATTEMPTS = """
INSERT INTO attempts (id, image_id, batch_id, number, outcome, blurline_version, created_at, started_at, finished_at)
SELECT result_attempt_id, images.id, batches.id, 1,
       CASE state WHEN 'published' THEN 'published' ELSE 'held' END, made_by_version,
       images.created_at, images.started_at, images.finished_at
FROM images JOIN batches USING (job_id) WHERE result_attempt_id IS NOT NULL
"""
_DETECTIONS = """
INSERT INTO detections (attempt_id, ordinal, x1, y1, x2, y2, score, destroyed)
SELECT id, n, x, y, x + side, y + side * 1.2,
       CASE WHEN n = %(boxes)s THEN 0.1 + random() / 10 ELSE 0.4 + random() * 0.6 END, n < %(boxes)s
FROM (
    SELECT id, n, n * 700 + random() * 100 AS x, random() * 2000 AS y, 10 + 500 * random() ^ 3 AS side
    FROM attempts, generate_series(1, %(boxes)s) AS n
) AS boxes
"""
_DECIDED = """
INSERT INTO decisions (id, image_id, attempt_id, reviewer, kind, added, created_at)
SELECT gen_random_uuid(), id, result_attempt_id, 'rita', CASE WHEN misses THEN 'corrected' ELSE 'approved' END,
       CASE WHEN misses THEN '[{"frame": 0, "x1": 10, "y1": 10, "x2": 50, "y2": 60, "score": 1}]'::jsonb ELSE '[]' END,
       finished_at + random() * interval '2 hours'
FROM (SELECT *, random() < 0.1 AS misses FROM images WHERE state = 'published' LIMIT %(decisions)s) AS images
"""


def fill(database: str, images: int, newest_job_images: int = _IMAGES_A_JOB) -> None:
    """Write images with boxes, decisions and statistics. The newest job may be a large one."""
    sizes = {
        "jobs": 1 + (images - newest_job_images) // _IMAGES_A_JOB,
        "images": _IMAGES_A_JOB,
        "large": newest_job_images,
        "large_job": new_id(),
        "boxes": BOXES_AN_IMAGE,
        "original": _ORIGINAL,
        "result": _RESULT,
    }
    with psycopg.connect(database, autocommit=True) as connection:
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for statement in (_JOBS, _BATCHES, _FILLED, _ATTEMPTS, _DETECTIONS):
            connection.execute(statement.encode(), sizes)
        connection.execute("ANALYZE")
        connection.execute("SELECT rebuild_statistics()")
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        connection.execute(_DECIDED.encode(), {"decisions": min(_DECISIONS, images // 10)})
        connection.execute("VACUUM ANALYZE")


def store_renditions(settings: Settings) -> None:
    """Put one picture's into the store, for all images."""
    data = GROUP.read_bytes()
    frame = open_photo(data, settings.pictures.limits).frames[0]
    store = Store(settings)
    for size in PreviewSize:
        rendition = preview(frame, size)
        store.put_original_preview(preview_key(_ORIGINAL, size), rendition, PREVIEW_MEDIA_TYPE)
        store.put_result(preview_key(_RESULT, size), rendition, PREVIEW_MEDIA_TYPE)
    store.put_result(_RESULT, data, PREVIEW_MEDIA_TYPE)
    store.close()
