//! The accounts of roles.sql can do what they are for, and nothing else.

use rehydrate::{
    ConsumerStore as _, EventStore, Expected, Fingerprint, Position, Role, RowQuery, Snapshot,
    StoreError, Version,
};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::common::{Database, batch, keyed, log, payloads, run, stream, url};
use crate::consumers::{CONSUMER, create, table};

const ROLES: &str = include_str!("../../migrations/mysql/roles.sql");

/// The accounts of a database, gone when dropped with it.
struct Accounts {
    reader: String,
    appender: String,
    at: MySqlConnectOptions,
}

impl Accounts {
    async fn new(database: &Database, owner: &mut MySqlConnection) -> Self {
        let suffix = database.name.replace("rehydrate_test_", "");
        let reader = format!("reader_{suffix}");
        let appender = format!("app_{suffix}");
        for account in [&reader, &appender] {
            run(
                owner,
                format!("CREATE USER '{account}'@'%' IDENTIFIED BY 'secret'"),
            )
            .await;
        }
        let grants = ROLES
            .replace("payments_reader", &reader)
            .replace("payments_app", &appender);
        run(owner, grants).await;
        Self {
            reader,
            appender,
            at: url().parse().unwrap(),
        }
    }

    fn options(&self, account: &str, database: &Database) -> MySqlOptions {
        let (host, port) = (self.at.get_host(), self.at.get_port());
        let url = format!("mariadb://{account}:secret@{host}:{port}/{}", database.name);
        MySqlOptions::from_url(&url).unwrap()
    }

    async fn connection(&self, account: &str, database: &Database) -> MySqlConnection {
        let options = self.at.clone().username(account).password("secret");
        options.database(&database.name).connect().await.unwrap()
    }

    async fn remove(self, owner: &mut MySqlConnection) {
        run(
            owner,
            format!("DROP USER '{}'@'%', '{}'@'%'", self.reader, self.appender),
        )
        .await;
    }
}

async fn is_denied(connection: &mut MySqlConnection, sql: &str) -> bool {
    let sql = AssertSqlSafe(sql.to_owned());
    let error = sqlx::raw_sql(sql).execute(connection).await.unwrap_err();
    let error = error.into_database_error().unwrap();
    let error = error.downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
    matches!(error.number(), 1142 | 1044 | 1227)
}

#[tokio::test]
async fn a_reader_reads_and_cannot_write() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut owner = database.stranger().await;
    let accounts = Accounts::new(&database, &mut owner).await;
    let ours = database.open().await;
    ours.append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();

    let options = accounts.options(&accounts.reader, &database);
    let store = MySqlStore::connect(options.clone()).await.unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, ["1"]);
    assert_eq!(log(&store).await, ["1"]);
    assert_eq!(store.watermark().await.unwrap(), Position(1));
    assert_eq!(store.list_streams("payment", None, 9).await.unwrap(), ["1"]);
    store.diagnose().await.unwrap();
    let snapshot = snapshot();
    for error in [
        store
            .append(&stream(1), Expected::Any, &batch(&["2"]))
            .await
            .unwrap_err(),
        store
            .write_snapshot(&stream(1), &snapshot)
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
        assert!(!error.to_string().contains("secret"));
    }
    assert_eq!(MySqlStore::verify(&options).await.unwrap(), "");
    drop(store);
    accounts.remove(&mut owner).await;
}

#[tokio::test]
async fn a_reader_reads_rows_of_builds_whose_swap_was_cut_short() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut owner = database.stranger().await;
    let accounts = Accounts::new(&database, &mut owner).await;
    let ours = database.open().await;
    create(&ours, 1, Role::Live).await;
    create(&ours, 2, Role::Building).await;
    let sql = format!(
        "GRANT SELECT ON balances TO '{}'@'%';
        UPDATE rehydrate_checkpoints
        SET next_role = CASE build WHEN 1 THEN 'retired' ELSE 'live' END",
        accounts.reader
    );
    run(&mut owner, sql).await;
    let options = accounts.options(&accounts.reader, &database);
    let store = MySqlStore::connect(options).await.unwrap();
    let query = RowQuery::all(CONSUMER, table());
    assert!(store.select_rows(&query).await.unwrap().rows.is_empty());
    let found = store.checkpoints(None).await.unwrap();
    assert_eq!(found[0].role, Role::Live, "it is as it was before");
    let found = ours.checkpoints(None).await.unwrap();
    assert_eq!(found[0].role, Role::Retired);
    accounts.remove(&mut owner).await;
}

#[tokio::test]
async fn an_appender_appends_and_cannot_change_what_was_written() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut owner = database.stranger().await;
    let accounts = Accounts::new(&database, &mut owner).await;
    let options = accounts.options(&accounts.appender, &database);
    let store = MySqlStore::connect(options).await.unwrap();
    store
        .append(&stream(1), Expected::NoStream, &keyed(&["1"], "key"))
        .await
        .unwrap();
    store.write_snapshot(&stream(1), &snapshot()).await.unwrap();
    store.write_snapshot(&stream(1), &snapshot()).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::Any, &batch(&["2"]))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(log(&store).await, ["1", "2"]);
    let mut connection = accounts.connection(&accounts.appender, &database).await;
    for sql in [
        "UPDATE rehydrate_events SET payload = '2'",
        "DELETE FROM rehydrate_events",
        "TRUNCATE TABLE rehydrate_events",
        "DROP TRIGGER rehydrate_events_refuse_delete",
        "DELETE FROM rehydrate_commands",
        "DELETE FROM rehydrate_counter",
        "INSERT INTO rehydrate_migrations VALUES (2, 'x', 0)",
        "CREATE TABLE invoices (number INT)",
    ] {
        assert!(is_denied(&mut connection, sql).await, "{sql}");
    }
    drop(store);
    accounts.remove(&mut owner).await;
}

#[tokio::test]
async fn an_account_without_rights_cannot_open_the_store() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut owner = database.stranger().await;
    let accounts = Accounts::new(&database, &mut owner).await;
    let wrong = accounts.options("nobody_at_all", &database);
    let error = MySqlStore::connect(wrong).await.unwrap_err();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
    let elsewhere = accounts
        .options(&accounts.appender, &database)
        .database("rehydrate_is_not_there");
    let error = MySqlStore::connect(elsewhere).await.unwrap_err();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
    let missing = database.options().database("rehydrate_is_not_there");
    let error = MySqlStore::connect(missing).await.unwrap_err();
    assert!(error.to_string().contains("create it"), "{error}");
    accounts.remove(&mut owner).await;
}

fn snapshot() -> Snapshot {
    Snapshot {
        version: Version(1),
        position: Position(1),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        fingerprint: Fingerprint(1),
        state: "{}".to_owned(),
    }
}
