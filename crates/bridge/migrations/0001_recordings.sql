-- What there is to know of each recording; its bytes are in the store, under the name `object`.
--
-- A row is there before its bytes and goes after them, so nothing is in the store that no row knows of:
-- begun -> (bytes are written) -> whole -> going -> (bytes are deleted) -> no row. Only what is whole is given to anybody.
CREATE TABLE recording (
    object text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('share', 'last')),
    -- The id in its link, or the room whose last recording it is.
    name text NOT NULL,
    state text NOT NULL DEFAULT 'begun' CHECK (state IN ('begun', 'whole', 'going')),
    -- SHA-256 of the key that deletes it, and of those that open it, in hexadecimal digits.
    delete_hash text NOT NULL,
    key_hashes text[] NOT NULL,
    -- Before it was compressed, and after.
    bytes bigint NOT NULL CHECK (bytes >= 0),
    packed bigint NOT NULL CHECK (packed >= 0),
    made timestamptz NOT NULL DEFAULT now(),
    -- To the hour.
    last_read timestamptz
);

CREATE UNIQUE INDEX recording_whole ON recording (kind, name) WHERE state = 'whole';
CREATE INDEX recording_unfinished ON recording (made) WHERE state <> 'whole';
