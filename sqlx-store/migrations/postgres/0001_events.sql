-- The log, the snapshots, the committed commands, and the functions that write and read the log.
-- It runs with a search_path of the store's schema, which the functions keep.

-- CACHE 1, because the watermark is made of last_value: a session that kept positions for later
-- would use them below it.
CREATE SEQUENCE rehydrate_positions AS bigint CACHE 1;

CREATE TABLE rehydrate_events (
    position bigint NOT NULL DEFAULT nextval('rehydrate_positions'),
    -- Compared byte by byte, whatever the language of the database.
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    event_type text NOT NULL,
    schema_version bigint NOT NULL,
    -- json keeps the text as it was written, jsonb would not: numbers, spaces and the order of keys
    -- are part of what was recorded, and jsonb has no \u0000.
    payload json NOT NULL,
    metadata json,
    event_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT rehydrate_events_pkey PRIMARY KEY (position),
    CONSTRAINT rehydrate_events_stream_version UNIQUE (category, stream_id, version)
);

ALTER SEQUENCE rehydrate_positions OWNED BY rehydrate_events.position;

CREATE TABLE rehydrate_snapshots (
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- 64 bits without a sign, in a signed column.
    fingerprint bigint NOT NULL,
    state text NOT NULL,
    CONSTRAINT rehydrate_snapshots_pkey PRIMARY KEY (category, stream_id)
);

CREATE TABLE rehydrate_commands (
    idempotency_key text COLLATE "C" NOT NULL,
    fingerprint bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT rehydrate_commands_pkey PRIMARY KEY (idempotency_key)
);

CREATE FUNCTION rehydrate_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or deleted'
        USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Append an event that corrects this one or takes it back.';
END
$$;

CREATE TRIGGER rehydrate_events_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON rehydrate_events
FOR EACH STATEMENT EXECUTE FUNCTION rehydrate_refuse_change();

-- Says to all readers that this transaction may write above `bound`, until it ends. The high 16 bits
-- of the lock are the log's own, so that two logs in one database do not hold each other up; never
-- 0, which is where the small numbers are that others use.
CREATE FUNCTION rehydrate_hold_above(namespace bigint, bound bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    -- Set for this transaction alone, and taken back by a savepoint together with the lock.
    setting CONSTANT text := 'rehydrate.holds_' || namespace;
    holder CONSTANT text := pg_current_xact_id()::text;
BEGIN
    -- Positions only grow, so the first bound of a transaction serves its later appends.
    IF coalesce(current_setting(setting, true), '') <> holder THEN
        PERFORM pg_advisory_xact_lock_shared(namespace << 48 | bound);
        PERFORM set_config(setting, holder, true);
    END IF;
END
$$;

-- Reading the log is exact only if each statement of a function sees what was committed before it.
CREATE FUNCTION rehydrate_require_primary() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'the log is read and imported with the isolation level READ COMMITTED only'
            USING ERRCODE = 'active_sql_transaction',
                HINT = 'ALTER ROLE … SET default_transaction_isolation = ''read committed''';
    END IF;
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'a replica does not know which appends are under way'
            USING ERRCODE = 'active_sql_transaction', HINT = 'Read the log on the primary.';
    END IF;
END
$$;

-- Appends to a stream: all or nothing. `outcome` is written, repeated, conflict or time_reversed;
-- `version` and `recorded_at` are those of the stream's last event, and `stream` and `fingerprint`
-- those of a command that was committed before. A lost race is a unique violation.
CREATE FUNCTION rehydrate_append(
    IN to_category text, IN to_stream text, IN expected bigint, IN happened_at timestamptz,
    IN is_import boolean, IN with_metadata json, IN command_key text, IN command_fingerprint bigint,
    IN ids uuid[], IN types text[], IN schema_versions bigint[], IN payloads text[],
    OUT outcome text, OUT version bigint, OUT "position" bigint, OUT recorded_at timestamptz,
    OUT stream text, OUT fingerprint bigint
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    namespace CONSTANT bigint := 1 + 'rehydrate_events'::regclass::oid::bigint % 65535;
    head record;
    last_version bigint;
    last_position bigint;
    bound bigint;
BEGIN
    IF command_key IS NOT NULL THEN
        SELECT 'repeated', c.version, c.position, c.recorded_at,
            c.category || '/' || c.stream_id, c.fingerprint
        INTO outcome, version, position, recorded_at, stream, fingerprint
        FROM rehydrate_commands AS c
        WHERE c.idempotency_key = command_key;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    IF expected IS NULL THEN
        -- Those who append after whatever is there take turns; the others race.
        PERFORM pg_advisory_xact_lock(
            namespace::int, hashtext(to_category || '/' || to_stream)
        );
    END IF;
    SELECT e.version, e.recorded_at INTO head
    FROM rehydrate_events AS e
    WHERE e.category = to_category AND e.stream_id = to_stream
    ORDER BY e.version DESC
    LIMIT 1;
    last_version := coalesce(head.version, 0);
    IF expected <> last_version THEN
        outcome := 'conflict';
        version := last_version;
        RETURN;
    END IF;
    recorded_at := greatest(happened_at, head.recorded_at);
    IF is_import AND happened_at < head.recorded_at THEN
        outcome := 'time_reversed';
        RETURN;
    END IF;
    -- Before any position is taken, and after last_value was read.
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO bound FROM rehydrate_positions;
    PERFORM rehydrate_hold_above(namespace, bound);
    WITH inserted AS (
        INSERT INTO rehydrate_events (
            category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
            recorded_at
        )
        SELECT
            to_category, to_stream, last_version + e.number, e.event_type, e.schema_version,
            e.payload::json, with_metadata, e.event_id, greatest(happened_at, head.recorded_at)
        FROM unnest(ids, types, schema_versions, payloads) WITH ORDINALITY
            AS e (event_id, event_type, schema_version, payload, number)
        ORDER BY e.number
        RETURNING rehydrate_events.version, rehydrate_events.position
    )
    SELECT max(i.version), max(i.position) INTO last_version, last_position FROM inserted AS i;
    IF command_key IS NOT NULL THEN
        INSERT INTO rehydrate_commands (
            idempotency_key, fingerprint, category, stream_id, version, position, recorded_at
        )
        VALUES (
            command_key, command_fingerprint, to_category, to_stream, last_version, last_position,
            greatest(happened_at, head.recorded_at)
        );
    END IF;
    outcome := 'written';
    version := last_version;
    position := last_position;
END
$$;

-- As rehydrate_append, with an answer in place of a unique violation. For transactions, which go on
-- after it, and for those who have lost a race; it costs a transaction number more.
CREATE FUNCTION rehydrate_append_or_answer(
    IN to_category text, IN to_stream text, IN expected bigint, IN happened_at timestamptz,
    IN is_import boolean, IN with_metadata json, IN command_key text, IN command_fingerprint bigint,
    IN ids uuid[], IN types text[], IN schema_versions bigint[], IN payloads text[],
    OUT outcome text, OUT version bigint, OUT "position" bigint, OUT recorded_at timestamptz,
    OUT stream text, OUT fingerprint bigint
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    violated text;
BEGIN
    LOOP
        BEGIN
            SELECT a.* INTO outcome, version, position, recorded_at, stream, fingerprint
            FROM rehydrate_append(
                to_category, to_stream, expected, happened_at, is_import, with_metadata, command_key,
                command_fingerprint, ids, types, schema_versions, payloads
            ) AS a;
            RETURN;
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
            -- The winner can be seen now, except at a higher isolation level than READ COMMITTED.
            IF violated NOT IN ('rehydrate_events_stream_version', 'rehydrate_commands_pkey')
                OR current_setting('transaction_isolation') NOT LIKE 'read %'
            THEN
                RAISE;
            END IF;
        END;
    END LOOP;
END
$$;

-- How far the log can be read. Three steps, in this order, that do not share a snapshot: the last
-- position given out, the lowest bound of an append under way, and only then what is committed.
-- `watermark` is a committed position, as one that was given out and not used may be given out again
-- after a crash.
CREATE FUNCTION rehydrate_progress(
    OUT watermark bigint, OUT head bigint, OUT is_held boolean
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    namespace CONSTANT bigint := 1 + 'rehydrate_events'::regclass::oid::bigint % 65535;
    bound bigint;
BEGIN
    PERFORM rehydrate_require_primary();
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO head FROM rehydrate_positions;
    SELECT min((l.classid::bigint & 65535) << 32 | l.objid::bigint) INTO bound
    FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ShareLock' AND l.granted
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND l.classid::bigint >> 16 = namespace;
    is_held := coalesce(bound < head, false);
    SELECT coalesce(max(e.position), 0) INTO watermark
    FROM rehydrate_events AS e
    WHERE e.position <= least(head, bound);
END
$$;

-- A page of the log: first a row that has only a position, the watermark, then the events. It ends
-- with the event that brings its stored size, `so_far`, to `max_bytes`.
CREATE FUNCTION rehydrate_read_log(
    after_position bigint, max_events bigint, max_bytes bigint, of_category text
)
RETURNS TABLE (
    version bigint, "position" bigint, event_type text, schema_version bigint, payload json,
    metadata json, event_id uuid, recorded_at timestamptz, category text, stream_id text,
    so_far bigint
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    until bigint;
BEGIN
    SELECT p.watermark INTO until FROM rehydrate_progress() AS p;
    position := until;
    RETURN NEXT;
    RETURN QUERY
    SELECT
        e.version, e.position, e.event_type, e.schema_version, e.payload, e.metadata, e.event_id,
        e.recorded_at, e.category, e.stream_id, e.so_far
    FROM (
        SELECT
            f.*,
            pg_column_size(f.payload) + coalesce(pg_column_size(f.metadata), 0) AS size,
            sum(pg_column_size(f.payload) + coalesce(pg_column_size(f.metadata), 0))
                OVER (ORDER BY f.position ROWS UNBOUNDED PRECEDING) AS so_far
        FROM (
            SELECT g.*
            FROM rehydrate_events AS g
            WHERE g.position > after_position AND g.position <= until
                AND (of_category IS NULL OR g.category = of_category)
            ORDER BY g.position
            LIMIT max_events
        ) AS f
    ) AS e
    WHERE e.so_far - e.size < max_bytes
    ORDER BY e.position;
END
$$;

-- Writes events of another log as they are: all or nothing. NULL, or the last position of the log if
-- the first of them is not above it.
CREATE FUNCTION rehydrate_import(
    positions bigint[], categories text[], streams text[], versions bigint[], types text[],
    schema_versions bigint[], payloads text[], metadatas text[], ids uuid[], times timestamptz[]
) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    namespace CONSTANT bigint := 1 + 'rehydrate_events'::regclass::oid::bigint % 65535;
    watermark bigint;
BEGIN
    PERFORM rehydrate_require_primary();
    -- Waits for the appends under way; those that follow take their positions afterwards.
    LOCK TABLE rehydrate_events IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(e.position), 0) INTO watermark FROM rehydrate_events AS e;
    IF (SELECT min(p) FROM unnest(positions) AS p) <= watermark THEN
        RETURN watermark;
    END IF;
    PERFORM rehydrate_hold_above(namespace, watermark);
    INSERT INTO rehydrate_events (
        position, category, stream_id, version, event_type, schema_version, payload, metadata,
        event_id, recorded_at
    )
    SELECT
        e.position, e.category, e.stream_id, e.version, e.event_type, e.schema_version,
        e.payload::json, e.metadata::json, e.event_id, e.recorded_at
    FROM unnest(
        positions, categories, streams, versions, types, schema_versions, payloads, metadatas, ids,
        times
    ) AS e (
        position, category, stream_id, version, event_type, schema_version, payload, metadata,
        event_id, recorded_at
    );
    PERFORM setval(
        'rehydrate_positions',
        greatest(
            (SELECT max(p) FROM unnest(positions) AS p),
            (SELECT s.last_value FROM rehydrate_positions AS s)
        )
    );
    RETURN NULL;
END
$$;
