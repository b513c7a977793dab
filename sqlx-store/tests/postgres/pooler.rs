//! Behind PgBouncer, in front of the same server.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use futures_util::future::join_all;
use rehydrate::{
    EventStore as _, Expected, Fingerprint, Position, Snapshot, StoreError, StreamQuery, Version,
};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use crate::common::{Place, URL, batch, batch_with_key, log, payloads, stream};

/// A pooler of a test's own, gone with it.
struct Pooler {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// None, and a line that says so, where it is not installed; in CI that is a failure.
    fn start(mode: &str, connections: usize) -> Option<Self> {
        let server: PgConnectOptions = URL.parse().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = port.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let configuration = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={} port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
            listen_port = {port}\nauth_type = any\npool_mode = {mode}\nmax_client_conn = 100\n\
            default_pool_size = {connections}\nunix_socket_dir =\n",
            server.get_host(),
            server.get_port(),
            server.get_username(),
        );
        fs::write(&configuration, text).unwrap();
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
        let mut command = Command::new("pgbouncer");
        if is_root {
            // It refuses to be root.
            command.args(["-u", "nobody"]);
        }
        let started = command
            .arg(configuration)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Some(Self {
                child,
                port,
                _folder: folder,
            }),
            Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
                panic!("pgbouncer: {error}")
            }
            Err(error) => {
                eprintln!("not run behind PgBouncer, which cannot be started: {error}");
                None
            }
        }
    }

    async fn open(&self, place: &Place, by_transaction: bool) -> PostgresStore {
        let connect: PgConnectOptions = URL.parse().unwrap();
        let options = PostgresOptions::new(connect.host("127.0.0.1").port(self.port))
            .schema(&place.schema)
            .transaction_pooling(by_transaction);
        let opening = async {
            loop {
                match PostgresStore::connect(options.clone()).await {
                    Ok(store) => return store,
                    // It has not begun to listen.
                    Err(StoreError::Unavailable { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error:?}"),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), opening)
            .await
            .unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn everything_works(store: &PostgresStore) {
    let writers = (0..8).map(|writer| async move {
        for number in 0..20 {
            let key = format!("{writer}/{number}");
            let command = batch_with_key(&["1", "2"], &key);
            let appended = store.append(&stream(writer), Expected::Any, &command).await;
            assert_eq!(appended.unwrap().version, (number + 1) * 2);
            assert_eq!(
                payloads(store, &stream(writer)).await.len() as u64,
                (number + 1) * 2
            );
        }
    });
    join_all(writers).await;
    assert_eq!(log(store).await.len(), 320);
    let stale = store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await;
    assert!(matches!(
        stale,
        Err(StoreError::Conflict {
            actual: Version(40),
            ..
        })
    ));
    let snapshot = Snapshot {
        version: Version(40),
        position: Position(40),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        fingerprint: Fingerprint(1),
        state: "{}".to_owned(),
    };
    store.write_snapshot(&stream(1), &snapshot).await.unwrap();
    let query = StreamQuery {
        snapshot: Some(Fingerprint(1)),
        ..StreamQuery::new(stream(1))
    };
    let read = store.read(&query).await.unwrap();
    assert!(matches!(read.snapshot, rehydrate::SnapshotRead::Found(_)));
    drop(read);
    for commits in [true, false] {
        let mut transaction = store.begin().await.unwrap();
        for id in ["a", "b"] {
            let id = stream(format!("{id} {commits}"));
            transaction
                .append(&id, Expected::NoStream, &batch(&["3"]))
                .await
                .unwrap();
        }
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
    }
    assert_eq!(store.watermark().await.unwrap(), 322);
    assert_eq!(
        store.list_streams("payment", None, 99).await.unwrap().len(),
        10
    );
    assert_eq!(store.diagnose().await.unwrap().watermark, 322);
}

#[tokio::test]
async fn a_pooler_by_session_changes_nothing() {
    let Some(place) = Place::new().await else {
        return;
    };
    let Some(pooler) = Pooler::start("session", 20) else {
        return;
    };
    let store = pooler.open(&place, false).await;
    everything_works(&store).await;
}

#[tokio::test]
async fn a_pooler_by_transaction_works_when_the_options_say_so() {
    let Some(place) = Place::new().await else {
        return;
    };
    let Some(pooler) = Pooler::start("transaction", 3) else {
        return;
    };
    let store = pooler.open(&place, true).await;
    everything_works(&store).await;
}
