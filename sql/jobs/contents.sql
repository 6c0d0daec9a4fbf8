-- Images by the bytes of their original.

-- name: image_of_content
SELECT image_id FROM images_by_content
WHERE owner = %(owner)s AND preset = %(preset)s AND sha256 = %(sha256)s

-- name: record_content
-- Waits for a concurrent transaction with the same content. No row is written if another image has it by then.
INSERT INTO images_by_content AS known (owner, preset, sha256, image_id)
VALUES (%(owner)s, %(preset)s, %(sha256)s, %(image_id)s)
ON CONFLICT (owner, preset, sha256) DO UPDATE SET image_id = excluded.image_id
WHERE known.image_id = %(replaces)s
