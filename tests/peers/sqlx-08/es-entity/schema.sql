-- The tables that es-entity documents. Its macros ask a database about them, so they are needed to
-- build this, too.
CREATE TABLE IF NOT EXISTS bank_accounts (id uuid PRIMARY KEY, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS bank_account_events (
    id uuid NOT NULL REFERENCES bank_accounts (id), sequence int NOT NULL,
    event_type varchar NOT NULL, event jsonb NOT NULL, context jsonb DEFAULT NULL,
    recorded_at timestamptz NOT NULL, UNIQUE (id, sequence));
CREATE TABLE IF NOT EXISTS snap_accounts (id uuid PRIMARY KEY, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS snap_account_events (
    id uuid NOT NULL REFERENCES snap_accounts (id), sequence int NOT NULL,
    event_type varchar NOT NULL, event jsonb NOT NULL, context jsonb DEFAULT NULL,
    recorded_at timestamptz NOT NULL, UNIQUE (id, sequence));
CREATE TABLE IF NOT EXISTS snap_account_snapshots (
    id uuid PRIMARY KEY REFERENCES snap_accounts (id), sequence int NOT NULL,
    fingerprint bigint NOT NULL, snapshot jsonb NOT NULL,
    first_recorded_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL);
