-- An owner has one hold in force.

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS holds_of_owner ON holds (owner) WHERE owner IS NOT NULL AND released_at IS NULL;
