//! Promises about idempotency keys.

use futures_util::future::join_all;
use rehydrate_port::{
    Appended, Batch, Command, EventStore, Expected, Fingerprint, Outcome, StoreError, StreamQuery,
    Version,
};

use super::fixture::{
    append, batch, batch_with_key, command, payloads, read_all, read_log, stream,
};

pub(super) async fn the_same_idempotency_key_commits_once(store: &dyn EventStore) {
    let payment = stream(1);
    let first = append(
        store,
        &payment,
        Expected::NoStream,
        &batch_with_key(1..3, "key"),
    )
    .await;
    append(store, &payment, Expected::Exactly(Version(2)), &batch(3..4)).await;
    let again = append(store, &payment, Expected::Any, &batch_with_key(1..3, "key")).await;
    assert_eq!(
        again,
        Appended {
            outcome: Outcome::Repeated,
            ..first
        }
    );
    assert_eq!(payloads(&read_all(store, &payment).await), ["1", "2", "3"]);
    let query = StreamQuery {
        command: Some(command("key")),
        ..StreamQuery::new(payment.clone())
    };
    let read = store.read(&query).await.expect("the stream can be read");
    let committed = read
        .command
        .expect("a committed command is found by its key");
    assert_eq!(committed.command, command("key"));
    assert_eq!(committed.stream, payment);
    assert_eq!(
        (committed.version, committed.position),
        (first.version, first.position)
    );
}

pub(super) async fn the_same_idempotency_key_commits_once_under_concurrency(
    store: &dyn EventStore,
) {
    let payment = stream(1);
    let senders = (0..40).map(|sender| {
        let payment = &payment;
        async move {
            let key = format!("key {}", sender % 10);
            let batch = batch_with_key(sender % 10..sender % 10 + 1, &key);
            append(store, payment, Expected::Any, &batch).await.outcome
        }
    });
    let outcomes = join_all(senders).await;
    let written = outcomes
        .iter()
        .filter(|outcome| **outcome == Outcome::Written);
    assert_eq!(
        written.count(),
        10,
        "each key is written by one of its four senders"
    );
    let mut events = read_all(store, &payment).await;
    events.sort_by_key(|event| event.payload.clone());
    assert_eq!(
        payloads(&events),
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    );
}

pub(super) async fn a_repetition_returns_the_first_outcome_even_if_its_expected_version_is_stale(
    store: &dyn EventStore,
) {
    let payment = stream(1);
    let command = batch_with_key(1..2, "key");
    let first = append(store, &payment, Expected::NoStream, &command).await;
    let again = append(store, &payment, Expected::NoStream, &command).await;
    assert_eq!(
        (again.version, again.position),
        (first.version, first.position)
    );
    assert_eq!(again.outcome, Outcome::Repeated);
    assert_eq!(read_log(store, 10).await.len(), 1);
}

pub(super) async fn a_key_used_for_another_command_is_refused(store: &dyn EventStore) {
    let payment = stream(1);
    append(
        store,
        &payment,
        Expected::NoStream,
        &batch_with_key(1..2, "key"),
    )
    .await;
    let elsewhere = store
        .append(&stream(2), Expected::NoStream, &batch_with_key(1..2, "key"))
        .await;
    let changed = Batch {
        command: Some(Command {
            fingerprint: Fingerprint(8),
            ..command("key")
        }),
        ..batch(1..2)
    };
    let changed = store.append(&payment, Expected::Any, &changed).await;
    for refused in [elsewhere, changed] {
        match refused {
            Err(StoreError::KeyReused { key, stream }) => {
                assert_eq!((key.as_str(), stream), ("key", payment.clone()));
            }
            other => panic!("the key belongs to another command: {other:?}"),
        }
    }
    assert_eq!(read_log(store, 10).await.len(), 1);
}

pub(super) async fn a_failed_append_does_not_use_up_its_key(store: &dyn EventStore) {
    let payment = stream(1);
    let command = batch_with_key(1..2, "key");
    let stale = Expected::Exactly(Version(5));
    assert!(store.append(&payment, stale, &command).await.is_err());
    append(
        store,
        &payment,
        Expected::NoStream,
        &batch_with_key(0..0, "key"),
    )
    .await;
    let appended = append(store, &payment, Expected::NoStream, &command).await;
    assert_eq!(appended.outcome, Outcome::Written);
    assert_eq!(read_all(store, &payment).await.len(), 1);
}
