-- Events of images name the codes of the image's notes, for example style_strengthened.

CREATE OR REPLACE FUNCTION tell_of_image() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    job_owner text;
BEGIN
    SELECT owner INTO job_owner FROM jobs WHERE id = NEW.job_id;
    IF FOUND THEN
        PERFORM add_event(
            job_owner, 'image.' || NEW.state, NEW.job_id, NEW.id,
            jsonb_build_object(
                'faces_found', NEW.faces,
                'error_code', NEW.error_code,
                'notes', jsonb_path_query_array(NEW.notes, '$[*].code')
            )
        );
    END IF;
    RETURN NULL;
END $$;
