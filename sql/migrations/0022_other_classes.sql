-- Boxes of other classes than faces, as number plates, which an operator's detectors find. What counts faces counts only
-- boxes of the class `face`.

ALTER TABLE detections ADD COLUMN class_name text NOT NULL DEFAULT 'face';

-- How many objects of each other class were destroyed, as {"plate": 2}; null if there are none.
ALTER TABLE images ADD COLUMN others_found jsonb;

CREATE OR REPLACE FUNCTION histograms_of(
    attempt uuid, picture_side_px integer,
    OUT face_sizes integer[], OUT face_shares integer[], OUT face_scores integer[], OUT candidate_scores integer[]
) LANGUAGE sql STABLE AS $$
    SELECT histogram(array_agg(side) FILTER (WHERE destroyed), bin_edges('face_sizes'))::integer[],
           histogram(array_agg(side / picture_side_px::real) FILTER (WHERE destroyed),
                     bin_edges('face_shares'))::integer[],
           histogram(array_agg(score) FILTER (WHERE destroyed), bin_edges('face_scores'))::integer[],
           histogram(array_agg(score) FILTER (WHERE NOT destroyed), bin_edges('candidate_scores'))::integer[]
    FROM (SELECT greatest(x2 - x1, y2 - y1) AS side, score, destroyed
          FROM detections WHERE attempt_id = attempt AND class_name = 'face') AS boxes
    HAVING count(*) > 0
$$;

-- The boxes of all classes that a reviewer has approved or set. A marked box without a class is a face.
CREATE FUNCTION true_boxes(attempt uuid, added jsonb, dropped jsonb)
RETURNS TABLE (class_name text, frame integer, x1 real, y1 real, x2 real, y2 real) LANGUAGE sql STABLE AS $$
    SELECT class_name, frame, x1, y1, x2, y2 FROM detections
    WHERE attempt_id = attempt AND destroyed AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(dropped)
            AS gone (class_name text, frame integer, x1 real, y1 real, x2 real, y2 real)
        WHERE coalesce(gone.frame, 0) = detections.frame AND coalesce(gone.class_name, 'face') = detections.class_name
          AND greatest(abs(gone.x1 - detections.x1), abs(gone.y1 - detections.y1),
                       abs(gone.x2 - detections.x2), abs(gone.y2 - detections.y2)) < 0.01
    )
    UNION ALL
    SELECT coalesce(class_name, 'face'), coalesce(frame, 0), x1, y1, x2, y2
    FROM jsonb_to_recordset(added) AS drawn (class_name text, frame integer, x1 real, y1 real, x2 real, y2 real)
$$;

CREATE OR REPLACE FUNCTION true_faces(attempt uuid, added jsonb, dropped jsonb)
RETURNS TABLE (frame integer, x1 real, y1 real, x2 real, y2 real) LANGUAGE sql STABLE AS $$
    SELECT frame, x1, y1, x2, y2 FROM true_boxes(attempt, added, dropped) WHERE class_name = 'face'
$$;

CREATE OR REPLACE FUNCTION judge_detector(
    detector uuid, attempt uuid, added jsonb, dropped jsonb,
    OUT faces_found bigint[], OUT false_boxes bigint[], OUT faces_missed bigint[]
) LANGUAGE sql STABLE AS $$
    WITH truth AS MATERIALIZED (
        SELECT row_number() OVER () AS id, *, greatest(x2 - x1, y2 - y1) AS side FROM true_faces(attempt, added, dropped)
    ), boxes AS MATERIALIZED (
        SELECT ordinal AS id, frame, x1, y1, x2, y2, greatest(x2 - x1, y2 - y1) AS side
        FROM detections WHERE attempt_id = detector AND destroyed AND class_name = 'face'
    ), pairs AS (
        SELECT truth.id AS truth_id, boxes.id AS box_id, shared / (
                   (truth.x2 - truth.x1) * (truth.y2 - truth.y1) + (boxes.x2 - boxes.x1) * (boxes.y2 - boxes.y1) - shared
               ) AS iou
        FROM truth JOIN boxes USING (frame)
        CROSS JOIN LATERAL (
            SELECT greatest(least(truth.x2, boxes.x2) - greatest(truth.x1, boxes.x1), 0)
                 * greatest(least(truth.y2, boxes.y2) - greatest(truth.y1, boxes.y1), 0) AS shared
        ) AS both_have
        WHERE shared > 0
    ), ranked AS (
        SELECT truth_id, box_id, row_number() OVER (PARTITION BY truth_id ORDER BY iou DESC, box_id) AS for_truth,
               row_number() OVER (PARTITION BY box_id ORDER BY iou DESC, truth_id) AS for_box
        FROM pairs WHERE iou >= 0.4
    ), matches AS (
        SELECT truth_id, box_id FROM ranked WHERE for_truth = 1 AND for_box = 1
    )
    SELECT (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id IN (SELECT truth_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM boxes WHERE id NOT IN (SELECT box_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id NOT IN (SELECT truth_id FROM matches))
$$;
