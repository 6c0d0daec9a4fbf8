-- Every three neighbouring characters of a name, in lower case, for the index that finds images by a part of their name.
-- The extension pg_trgm ignores punctuation, and all but ASCII in databases with the locale C.
CREATE FUNCTION name_trigrams(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT substr(lower(name), at, 3) FROM generate_series(1, length(lower(name)) - 2) AS at)
$$;
