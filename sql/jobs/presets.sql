-- Operators' presets.

-- name: presets
SELECT name, description, policy FROM presets WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY name

-- name: put_preset
INSERT INTO presets (name, description, policy, updated_by)
VALUES (%(name)s, %(description)s, %(policy)s, %(updated_by)s)
ON CONFLICT (name) DO UPDATE SET description = excluded.description, policy = excluded.policy,
    updated_by = excluded.updated_by, updated_at = now()

-- name: delete_preset
DELETE FROM presets WHERE name = %(name)s
