//! Nothing acknowledged is lost and nothing is there twice, whatever is killed; and the harness that
//! shows it is known to bite.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rehydrate_tests::engine::is_ci;
use rehydrate_tests::servers::PrivatePostgres;
use rehydrate_tests::stores::Place;
use rehydrate_tests::stress::{Outcomes, Persistence, Plan, Seen, run};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

/// Follows the log as one would without a watermark: everything after the last position seen.
async fn naively(url: String, schema: String, stop: Arc<AtomicBool>) -> Seen {
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let sql = format!(
        "SELECT position, payload::text FROM {schema}.rehydrate_events WHERE position > $1 ORDER BY position LIMIT 200"
    );
    let mut seen = Seen::new();
    let mut last = 0_i64;
    loop {
        let finished = stop.load(Ordering::SeqCst);
        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(last)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for row in &rows {
            last = row.get(0);
            let payload: String = row.get(1);
            let position = u64::try_from(last).unwrap().into();
            seen.push((position, payload.parse().unwrap()));
        }
        if finished && rows.is_empty() {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_naive_reader_loses_events_where_the_stores_readers_lose_none() {
    let Some(place) = Place::on_postgres().await else {
        return;
    };
    let store = place.open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (server, _) = place.url().split_once('?').unwrap();
    let naive = tokio::spawn(naively(
        server.to_owned(),
        place.name().to_owned(),
        Arc::clone(&stop),
    ));
    let outcomes = run(store, Plan::new(150)).await;
    stop.store(true, Ordering::SeqCst);
    let naive = naive.await.unwrap();
    outcomes.assert_exact();
    let (lost, _) = outcomes.lost_and_repeated(&naive);
    println!(
        "of {} committed events a naive reader lost {lost}, each of {} readers of the store none",
        outcomes.committed.len(),
        outcomes.readers.len()
    );
    assert!(
        lost > 0,
        "the harness does not bite: nothing was committed late"
    );
}

/// A process of the server that serves a client.
async fn a_backend(url: &str) -> Option<i32> {
    let mut connection = PgConnection::connect(url).await.ok()?;
    sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1",
    )
    .fetch_optional(&mut connection)
    .await
    .ok()?
}

async fn under_stress(mut server: PrivatePostgres) -> (Outcomes, PrivatePostgres, usize) {
    let url = server.url();
    rehydrate_sqlx::migrate(&url).await.unwrap();
    let store = rehydrate_sqlx::connect(&url).await.unwrap();
    let plan = Plan {
        persistence: Persistence::TryAgain,
        ..Plan::new(400)
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let killer = tokio::spawn(async move {
        let mut kills = 0;
        while !stopped.load(Ordering::SeqCst) && kills < 6 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            if kills % 2 == 0 {
                let Some(pid) = a_backend(&server.url()).await else {
                    continue;
                };
                server.kill_process(pid);
            } else {
                tokio::task::block_in_place(|| server.kill_and_restart());
            }
            kills += 1;
        }
        (server, kills)
    });
    let outcomes = run(store, plan).await;
    stop.store(true, Ordering::SeqCst);
    let (server, kills) = killer.await.unwrap();
    (outcomes, server, kills)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_killed_server_loses_nothing_that_was_acknowledged_and_clients_go_on_by_themselves() {
    let Some(server) = PrivatePostgres::start() else {
        assert!(!is_ci(), "PostgreSQL's programs are not installed");
        eprintln!(
            "not run: PostgreSQL's programs are not installed, so there is no server to kill"
        );
        return;
    };
    let (outcomes, _server, kills) = under_stress(server).await;
    outcomes.assert_exact();
    println!(
        "{kills} kills: {} events acknowledged, {} commands sent again, none lost, none twice",
        outcomes.committed.len(),
        outcomes.sent_again
    );
    assert!(kills >= 2, "the server was killed: {kills}");
    assert!(outcomes.sent_again > 0, "somebody met a killed server");
}
