-- Which image answers for the bytes of a picture, where clients know a picture by its bytes alone. A row lives as long as
-- its image.

CREATE TABLE images_by_content (
    owner    text NOT NULL,
    preset   text NOT NULL,
    sha256   text NOT NULL,
    image_id uuid NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (owner, preset, sha256)
);
CREATE INDEX images_by_content_of_image ON images_by_content (image_id);
