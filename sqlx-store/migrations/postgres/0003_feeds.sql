-- Read models that are kept from a message broker: how far each has read it, and what waits.
-- It runs with a search_path of the store's schema.

CREATE TABLE rehydrate_feeds (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    origin text NOT NULL,
    source_offset text,
    CONSTRAINT rehydrate_feeds_pkey PRIMARY KEY (consumer, build)
);

-- The last event that was taken of each stream.
CREATE TABLE rehydrate_feed_streams (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    part bigint NOT NULL,
    CONSTRAINT rehydrate_feed_streams_pkey PRIMARY KEY (consumer, build, category, stream_id)
);

-- The events of streams that are parked; here the log is not the queue.
CREATE TABLE rehydrate_feed_events (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    position bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    -- A CloudEvent as JSON.
    event text NOT NULL,
    CONSTRAINT rehydrate_feed_events_pkey PRIMARY KEY (consumer, build, position)
);

CREATE INDEX rehydrate_feed_events_stream
ON rehydrate_feed_events (consumer, build, category, stream_id, position);

-- A further kind of consumer.
ALTER TABLE rehydrate_checkpoints DROP CONSTRAINT rehydrate_checkpoints_kind_check;

ALTER TABLE rehydrate_checkpoints ADD CONSTRAINT rehydrate_checkpoints_kind_check
CHECK (kind IN ('projection', 'reactor', 'feed'));
