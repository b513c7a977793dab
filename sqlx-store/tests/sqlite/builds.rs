use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use rehydrate::{ColumnKind, DiffQuery, Role, Table, Transaction, physical_name};
use serde_json::json;

use crate::common::{Place, count, execute};
use crate::fixture::{CONSUMER, column, consumers, full, rows, shard, swap, table, write};

#[tokio::test]
async fn a_swap_takes_views_and_indexes_along_and_the_next_one_does_so_again() {
    let place = Place::new();
    let store = place.open().await;
    let one = |note: &str| [json!({"id": "x", "order": 1, "note": note})];
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    write(&store, "group", &one("first")).await.unwrap();
    let mut stranger = place.stranger().await;
    execute(
        &mut stranger,
        "CREATE VIEW notes AS SELECT note FROM \"group\";
        CREATE VIEW notes_of_notes AS SELECT note FROM notes",
    )
    .await;
    for (live, next, note) in [(1, 2, "second"), (2, 3, "third")] {
        let build = shard(next, Role::Building);
        consumers(&store).create_build(&[build]).await.unwrap();
        let physical = physical_name("group", next, Role::Building);
        write(&store, &physical, &one(note)).await.unwrap();
        swap(&store, live, next).await;
        assert_eq!(rows(&store).await[0]["note"], note);
        let seen: String = sqlx::query_scalar("SELECT note FROM notes_of_notes")
            .fetch_one(&mut stranger)
            .await
            .unwrap();
        assert_eq!(seen, note);
    }
    let roles: Vec<_> = consumers(&store).checkpoints(Some(CONSUMER)).await.unwrap();
    let roles: Vec<_> = roles.iter().map(|it| (it.role, it.revision)).collect();
    assert_eq!(
        roles,
        [(Role::Retired, 1), (Role::Retired, 2), (Role::Live, 1)]
    );
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT tbl_name || ' ' || name FROM sqlite_schema
        WHERE type = 'index' AND name GLOB 'group*' ORDER BY name",
    )
    .fetch_all(&mut stranger)
    .await
    .unwrap();
    assert_eq!(
        names,
        [
            "group__build_1 group__build_1_at",
            "group__build_1 group__build_1_number",
            "group__build_2 group__build_2_at",
            "group__build_2 group__build_2_number",
            "group group__build_3_at",
            "group group__build_3_number",
        ]
    );
    let live = consumers(&store).drop_build(CONSUMER, 3).await;
    assert!(live.is_err());
    consumers(&store).drop_build(CONSUMER, 1).await.unwrap();
    consumers(&store).drop_build(CONSUMER, 1).await.unwrap();
    let left = "SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'group__build_1'";
    assert_eq!(count(&mut stranger, left).await, 0);
    // The writing connection changes views again when somebody else's table is renamed.
    let mut transaction = store.begin().await.unwrap();
    let legacy = count(transaction.connection(), "PRAGMA legacy_alter_table").await;
    assert_eq!(legacy, 0);
}

#[tokio::test]
async fn a_swap_that_is_rolled_back_has_not_happened() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    consumers(&store)
        .create_build(&[shard(2, Role::Building)])
        .await
        .unwrap();
    write(&store, "group", &[full()]).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    let swapping = Transaction::consumers(&mut transaction).unwrap();
    swapping.swap(CONSUMER, &table(), 1, 2).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(rows(&store).await, [full()]);
    let roles = consumers(&store).checkpoints(None).await.unwrap();
    let roles: Vec<_> = roles.iter().map(|it| it.role).collect();
    assert_eq!(roles, [Role::Live, Role::Building]);
}

/// Goes on with a future until it is done, or was asked so many times, and drops it.
async fn cut_short<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn a_swap_that_is_cut_short_leaves_the_connection_as_it_was() {
    const LEGACY: &str = "PRAGMA legacy_alter_table";
    let place = Place::new();
    let store = place.open().await;
    for build in [shard(1, Role::Live), shard(2, Role::Building)] {
        consumers(&store).create_build(&[build]).await.unwrap();
    }
    let mut was_on = false;
    let mut polls = 0;
    // A statement that is quick is never seen half done: begin anew then.
    for _ in 0..1_000 {
        polls += 1;
        let mut transaction = store.begin().await.unwrap();
        let swapping = Transaction::consumers(&mut transaction).unwrap();
        let table = table();
        let swap = swapping.swap(CONSUMER, &table, 1, 2);
        let swapped = cut_short(swap, polls).await;
        was_on |= count(transaction.connection(), LEGACY).await == 1;
        // Some are dropped, some rolled back.
        if polls % 2 == 0 {
            transaction.rollback().await.unwrap();
        } else {
            drop(transaction);
        }
        let mut next = store.begin().await.unwrap();
        assert_eq!(count(next.connection(), LEGACY).await, 0, "{polls} polls");
        next.rollback().await.unwrap();
        if swapped.is_some() {
            if was_on {
                break;
            }
            polls = 0;
        }
    }
    assert!(was_on, "none of them was cut short in the middle");
}

#[tokio::test]
async fn a_diff_compares_the_columns_that_both_have() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    consumers(&store)
        .create_build(&[shard(2, Role::Building)])
        .await
        .unwrap();
    let row =
        |order: u32, number: Option<u32>| json!({"id": "x", "order": order, "number": number});
    write(
        &store,
        "group",
        &[row(1, Some(1)), row(2, None), row(3, None), row(5, Some(5))],
    )
    .await
    .unwrap();
    write(
        &store,
        "group__build_2",
        &[row(1, Some(1)), row(2, Some(2)), row(4, None), row(5, None)],
    )
    .await
    .unwrap();
    let mut query = DiffQuery {
        consumer: CONSUMER.to_owned(),
        live: (1, table()),
        next: (2, table()),
        limit: 3,
        keys: vec![r#"["x",1]"#.to_owned(), r#"["x",9]"#.to_owned()],
    };
    let diff = consumers(&store).diff(&query).await.unwrap();
    assert_eq!((diff.added, diff.removed, diff.changed), (1, 1, 2));
    let keys: Vec<_> = diff.rows.iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys, [json!(["x", 2]), json!(["x", 3]), json!(["x", 4])]);
    assert_eq!(diff.rows[1].next, None);
    assert_eq!(diff.rows[0].next.as_ref().unwrap()["number"], 2);
    assert_eq!(diff.asked[0].live, diff.asked[0].next);
    assert_eq!((&diff.asked[1].live, &diff.asked[1].next), (&None, &None));
    query.next.1.columns = vec![column("id", ColumnKind::Text, false).key()].into();
    assert!(consumers(&store).diff(&query).await.is_err());
}

#[tokio::test]
async fn a_name_that_is_no_plain_one_is_refused() {
    let place = Place::new();
    let store = place.open().await;
    for name in [
        "x\"; DROP TABLE rehydrate_events; --",
        "rehydrate_events",
        "Group",
        "",
    ] {
        let mut build = shard(1, Role::Live);
        build.table = Some(Table {
            name: Cow::Owned(name.to_owned()),
            ..table()
        });
        let refused = consumers(&store).create_build(&[build]).await;
        assert!(refused.is_err(), "{name}");
    }
    assert!(
        consumers(&store)
            .checkpoints(None)
            .await
            .unwrap()
            .is_empty()
    );
}
