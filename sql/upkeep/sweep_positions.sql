-- Where the sweep stopped in each bucket.

-- name: sweep_positions
SELECT bucket, key, place, objects, images, orphans, is_done FROM sweep_positions

-- name: save_sweep_position
INSERT INTO sweep_positions (bucket, key, place, objects, images, orphans, is_done)
VALUES (%(bucket)s, %(key)s, %(place)s, %(objects)s, %(images)s, %(orphans)s, %(is_done)s)
ON CONFLICT (bucket) DO UPDATE SET key = excluded.key, place = excluded.place, objects = excluded.objects,
    images = excluded.images, orphans = excluded.orphans, is_done = excluded.is_done, updated_at = now()

-- name: clear_sweep_positions
DELETE FROM sweep_positions
