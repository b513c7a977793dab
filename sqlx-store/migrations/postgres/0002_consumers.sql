-- The checkpoints of projections and reactors, the deliveries that were not just made, how far a
-- build has gone beyond its checkpoint; and the log by several categories.
-- It runs with a search_path of the store's schema, which the functions keep.

CREATE TABLE rehydrate_checkpoints (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    shard bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('projection', 'reactor')),
    definition bigint NOT NULL,
    role text NOT NULL CHECK (role IN ('live', 'building', 'retired')),
    -- JSON of the columns of the build's table.
    table_shape text,
    position bigint NOT NULL,
    revision bigint NOT NULL,
    condition text NOT NULL
        CHECK (condition IN ('new', 'catching_up', 'live', 'paused', 'retrying', 'failed')),
    error text,
    retry_at timestamptz,
    attempts bigint,
    event_at timestamptz,
    changed_at timestamptz NOT NULL,
    lease_owner text,
    lease_until timestamptz,
    CONSTRAINT rehydrate_checkpoints_pkey PRIMARY KEY (consumer, build, shard)
);

CREATE TABLE rehydrate_deliveries (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    position bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    event_type text NOT NULL,
    schema_version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('parked', 'retrying', 'scheduled', 'skipped')),
    due_at timestamptz,
    reason text,
    error text,
    attempts bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT rehydrate_deliveries_pkey PRIMARY KEY (consumer, build, position)
);

CREATE INDEX rehydrate_deliveries_open
ON rehydrate_deliveries (consumer, build, state, due_at);

CREATE TABLE rehydrate_ahead (
    consumer text COLLATE "C" NOT NULL,
    build bigint NOT NULL,
    shard bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT rehydrate_ahead_pkey PRIMARY KEY (consumer, build, shard, category, stream_id)
);

-- Beside the one of several categories, a NULL would mean either.
DROP FUNCTION rehydrate_read_log(bigint, bigint, bigint, text);

-- A page of the log: first a row that has only a position, the watermark, then the events. It ends
-- with the event that brings its stored size, `so_far`, to `max_bytes`.
CREATE FUNCTION rehydrate_read_log(
    after_position bigint, max_events bigint, max_bytes bigint, of_categories text[]
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
                AND (of_categories IS NULL OR g.category = ANY (of_categories))
            ORDER BY g.position
            LIMIT max_events
        ) AS f
    ) AS e
    WHERE e.so_far - e.size < max_bytes
    ORDER BY e.position;
END
$$;

-- Gives the live build's table the name of its build, and its name to the next build's.
--
-- ALTER TABLE waits until nobody reads the table, and everybody who wants to read it waits behind it:
-- not for longer than the lock_timeout of this function. A view holds on to the table that it was
-- made of, under whatever name, so the views of the live table are made anew, of the next one.
CREATE FUNCTION rehydrate_swap_tables(live text, retired text, next text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    -- The schema of the store, first in the search_path.
    home CONSTANT text := current_schema();
    views text[];
    definition text;
    granted record;
BEGIN
    EXECUTE format('LOCK TABLE %I.%I, %I.%I IN ACCESS EXCLUSIVE MODE', home, live, home, next);
    SELECT array_agg(DISTINCT format(
        'CREATE OR REPLACE VIEW %s AS %s', v.oid::regclass, pg_get_viewdef(v.oid)
    ))
    INTO views
    FROM pg_depend AS d
    JOIN pg_rewrite AS r ON r.oid = d.objid
    JOIN pg_class AS v ON v.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = format('%I.%I', home, live)::regclass AND v.relkind = 'v';
    -- Whoever could read the old table can read the new one.
    FOR granted IN
        SELECT a.privilege_type,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee,
            CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.oid = format('%I.%I', home, live)::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format(
            'GRANT %s ON TABLE %I.%I TO %s%s',
            granted.privilege_type, home, next, granted.grantee, granted.option
        );
    END LOOP;
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', home, live, retired);
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', home, next, live);
    FOREACH definition IN ARRAY coalesce(views, '{}') LOOP
        EXECUTE definition;
    END LOOP;
END
$$;
