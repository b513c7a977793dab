//! The statements of the usual append, held open by a second connection.

use chrono::{DateTime, Utc};
use rehydrate::{EventStore as _, Expected, LogQuery, Position};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::common::{Place, batch, execute, log, stream};

const ONE: &str = include_str!("../../sql/postgres/own/append_event.sql");
const SEVERAL: &str = include_str!("../../sql/postgres/own/append_several.sql");

/// Two events to a new stream, by the statement for several.
async fn append_two(connection: &mut PgConnection, id: &str) {
    let written = sqlx::query(SEVERAL)
        .bind("payment")
        .bind(id)
        .bind(0_i64)
        .bind(DateTime::<Utc>::UNIX_EPOCH)
        .bind(None::<&str>)
        .bind([Uuid::now_v7(), Uuid::now_v7()].as_slice())
        .bind(["captured", "captured"].as_slice())
        .bind([1_i64, 1].as_slice())
        .bind(["\"late 1\"", "\"late 2\""].as_slice())
        .fetch_all(connection)
        .await;
    assert_eq!(written.unwrap().len(), 1);
}

/// One event to a new stream, by the statement for one.
async fn append_one(connection: &mut PgConnection, id: &str) {
    let written = sqlx::query(ONE)
        .bind("payment")
        .bind(id)
        .bind(0_i64)
        .bind(DateTime::<Utc>::UNIX_EPOCH)
        .bind(None::<&str>)
        .bind(Uuid::now_v7())
        .bind("captured")
        .bind(1_i64)
        .bind("\"late 0\"")
        .fetch_all(connection)
        .await;
    assert_eq!(written.unwrap().len(), 1);
}

#[tokio::test]
async fn an_append_that_commits_late_is_never_passed_over_by_a_reader_of_a_backlog() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let early: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let early: Vec<&str> = early.iter().map(String::as_str).collect();
    let none = Expected::NoStream;
    store
        .append(&stream(1), none, &batch(&early))
        .await
        .unwrap();
    for several in [false, true] {
        let id = format!("late-{several}");
        let before = log(&store).await;
        let mut late = place.stranger().await;
        execute(&mut late, "BEGIN").await;
        if several {
            append_two(&mut late, &id).await;
        } else {
            append_one(&mut late, &id).await;
        }
        // Has a higher position, and is committed first.
        let after = batch(&["\"after\""]);
        let other = stream(format!("after-{several}"));
        let after_it = store.append(&other, none, &after);
        let after_it = after_it.await.unwrap();
        // Far behind, so that most pages are read up to a watermark that is known.
        let mut read = Vec::new();
        let mut position = Position::ZERO;
        loop {
            let query = LogQuery {
                limit: 4,
                ..LogQuery::after(position)
            };
            let page = store.read_log(&query).await.unwrap();
            read.extend(page.events.iter().map(|event| event.payload.to_owned()));
            assert!(page.watermark < after_it.position);
            position = page.read_to;
            if page.read_to >= page.watermark {
                break;
            }
        }
        assert_eq!(read, before);
        execute(&mut late, "COMMIT").await;
        let mut all = before;
        if several {
            all.extend(["\"late 1\"", "\"late 2\""].map(str::to_owned));
        } else {
            all.push("\"late 0\"".to_owned());
        }
        all.push("\"after\"".to_owned());
        assert_eq!(log(&store).await, all);
    }
}
