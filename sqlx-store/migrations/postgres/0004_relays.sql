-- Relays: where each sends, and how that went.
-- It runs with a search_path of the store's schema.

CREATE TABLE rehydrate_relays (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    -- Unknown of what was there before this was kept.
    destination text,
    -- A JSON array of names.
    categories text NOT NULL,
    confirmed_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    CONSTRAINT rehydrate_relays_pkey PRIMARY KEY (consumer, build)
);

-- A relay was a reactor until now, and takes its checkpoint over when it runs.
INSERT INTO rehydrate_relays (consumer, build, categories)
SELECT consumer, build, '[]'
FROM rehydrate_checkpoints
WHERE kind = 'reactor';

-- A further kind of consumer.
ALTER TABLE rehydrate_checkpoints DROP CONSTRAINT rehydrate_checkpoints_kind_check;

ALTER TABLE rehydrate_checkpoints ADD CONSTRAINT rehydrate_checkpoints_kind_check
CHECK (kind IN ('projection', 'reactor', 'feed', 'relay'));
