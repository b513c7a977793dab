//! Promises about appending.

use chrono::TimeDelta;
use futures_util::future::join_all;
use uuid::Uuid;

use super::fixture::{
    append, append_after_whatever_is_there, assert_log_is_empty, batch, minutes_past_noon, noon,
    payloads, read_all, stream, versions,
};
use futures_util::TryStreamExt;
use rehydrate_port::{
    Batch, EventStore, Expected, NewEvent, Outcome, RecordedTime, SchemaVersion, StoreError,
    StreamQuery, Version,
};

pub(super) async fn an_append_is_all_or_nothing(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..4)).await;
    let refused = store
        .append(&payment, Expected::Exactly(Version(1)), &batch(4..40))
        .await;
    assert!(refused.is_err(), "a stale version is refused");
    assert_eq!(payloads(&read_all(store, &payment).await), ["1", "2", "3"]);
    append(
        store,
        &payment,
        Expected::Exactly(Version(3)),
        &batch(4..40),
    )
    .await;
    assert_eq!(read_all(store, &payment).await.len(), 39);
}

pub(super) async fn events_get_consecutive_versions(store: &dyn EventStore) {
    let payment = stream(1);
    let first = append(store, &payment, Expected::NoStream, &batch(1..3)).await;
    let second = append(store, &payment, Expected::Exactly(Version(2)), &batch(3..4)).await;
    let third = append(store, &payment, Expected::Any, &batch(4..6)).await;
    assert_eq!(
        (first.version, first.outcome),
        (Version(2), Outcome::Written)
    );
    assert_eq!((second.version, third.version), (Version(3), Version(5)));
    assert!(first.position < second.position && second.position < third.position);
    let events = read_all(store, &payment).await;
    assert_eq!(versions(&events), [1, 2, 3, 4, 5]);
    assert_eq!(
        events[4].position, third.position.0,
        "the position is the last event's"
    );
}

pub(super) async fn an_empty_append_writes_nothing(store: &dyn EventStore) {
    let payment = stream(1);
    let appended = append(store, &payment, Expected::NoStream, &batch(0..0)).await;
    assert_eq!(appended.version, Version::ZERO);
    assert_log_is_empty(store).await;
    append(store, &payment, Expected::NoStream, &batch(1..2)).await;
    let appended = append(store, &payment, Expected::Exactly(Version(1)), &batch(0..0)).await;
    assert_eq!(appended.version, Version(1));
    assert_eq!(read_all(store, &payment).await.len(), 1);
    let stale = store
        .append(&payment, Expected::NoStream, &batch(0..0))
        .await;
    assert!(
        matches!(stale, Err(StoreError::Conflict { .. })),
        "{stale:?}"
    );
}

pub(super) async fn a_stale_expected_version_is_a_conflict_that_names_the_actual_version_and_writes_nothing(
    store: &dyn EventStore,
) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..4)).await;
    for wrong in [0, 1, 2, 4, 1_000_000] {
        let wrong = Expected::Exactly(Version(wrong));
        match store.append(&payment, wrong, &batch(9..10)).await {
            Err(StoreError::Conflict {
                stream,
                expected,
                actual,
            }) => {
                assert_eq!(
                    (stream, expected, actual),
                    (payment.clone(), wrong, Version(3))
                );
            }
            other => panic!("{wrong} is a conflict, not {other:?}"),
        }
    }
    assert_eq!(payloads(&read_all(store, &payment).await), ["1", "2", "3"]);
}

pub(super) async fn an_unexpected_stream_is_a_conflict(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..2)).await;
    let second = store
        .append(&payment, Expected::NoStream, &batch(2..3))
        .await;
    assert!(
        matches!(
            second,
            Err(StoreError::Conflict {
                actual: Version(1),
                ..
            })
        ),
        "{second:?}"
    );
    assert_eq!(read_all(store, &payment).await.len(), 1);
}

pub(super) async fn of_many_concurrent_creators_one_wins_and_the_others_get_a_conflict(
    store: &dyn EventStore,
) {
    for round in 0..5 {
        let payment = stream(round);
        let creators = (0..16).map(|number| {
            let payment = &payment;
            async move {
                let batch = batch(number..number + 2);
                (
                    number,
                    store.append(payment, Expected::NoStream, &batch).await,
                )
            }
        });
        let mut winner = None;
        for (number, outcome) in join_all(creators).await {
            match outcome {
                Ok(_) => assert_eq!(winner.replace(number), None, "one creator wins"),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => panic!("the others get a conflict, not {error}"),
            }
        }
        let number = winner.expect("one creator wins");
        let expected = [number.to_string(), (number + 1).to_string()];
        assert_eq!(payloads(&read_all(store, &payment).await), expected);
    }
}

pub(super) async fn concurrent_appends_to_one_stream_leave_no_hole_and_no_repetition(
    store: &dyn EventStore,
) {
    let payment = stream(1);
    let writers = (0..8).map(|writer| {
        let payment = &payment;
        async move {
            for number in 0..10 {
                append_after_whatever_is_there(store, payment, writer * 10 + number).await;
            }
        }
    });
    join_all(writers).await;
    let events = read_all(store, &payment).await;
    assert_eq!(versions(&events), (1..=80).collect::<Vec<_>>());
    let mut numbers: Vec<u64> = events
        .iter()
        .map(|event| event.payload.parse().expect("a number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(
        numbers,
        (0..80).collect::<Vec<_>>(),
        "each event is there once"
    );
}

pub(super) async fn events_come_back_as_they_were_written(store: &dyn EventStore) {
    let payload = r#"{"text":"ünï \"quoted\" \\ \u0000 \n 🦀 'single' -- ; %","big":18446744073709551615,"small":1.000,"nested":[[{}],null]}"#;
    let metadata = r#"{"actor":"Zoë \"Z\" 🦀","custom":{"n":1}}"#;
    let event = NewEvent {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
        event_type: "type with 'quotes' and ünï".to_owned(),
        schema_version: SchemaVersion(4_000_000),
        payload: payload.to_owned(),
    };
    let time = noon() + TimeDelta::microseconds(123_456);
    let batch = Batch {
        metadata: Some(metadata.to_owned()),
        ..Batch::new(vec![event.clone()], RecordedTime::Clock(time))
    };
    let payment = stream("ünï 'quoted' \"id\"");
    let appended = append(store, &payment, Expected::NoStream, &batch).await;
    let query = StreamQuery::new(payment.clone());
    let read = store.read(&query).await.expect("the stream can be read");
    let pages: Vec<_> = read
        .pages
        .try_collect()
        .await
        .expect("every page can be read");
    let stored = pages[0].first().expect("the event is there");
    assert_eq!(stored.category, payment.category());
    assert_eq!(stored.stream_id, payment.id());
    assert_eq!(stored.version, Version(1));
    assert_eq!(stored.position, appended.position);
    assert_eq!(stored.event_type, event.event_type);
    assert_eq!(stored.schema_version, event.schema_version);
    assert_eq!(stored.payload, payload, "to the letter");
    assert_eq!(stored.metadata, Some(metadata));
    assert_eq!(stored.event_id, event.id);
    assert_eq!(stored.recorded_at, time);
    assert_eq!(appended.recorded_at, time);
}

pub(super) async fn recorded_times_never_go_back_within_a_stream(store: &dyn EventStore) {
    let payment = stream(1);
    for (version, minutes) in [(0, 10), (1, 3), (2, 12), (3, 11)] {
        let batch = Batch {
            time: minutes_past_noon(minutes),
            ..batch(1..2)
        };
        append(store, &payment, Expected::Exactly(Version(version)), &batch).await;
    }
    let times: Vec<i64> = read_all(store, &payment)
        .await
        .iter()
        .map(|event| (event.recorded_at - noon()).num_minutes())
        .collect();
    assert_eq!(times, [10, 10, 12, 12]);
}

pub(super) async fn an_import_older_than_its_stream_is_refused(store: &dyn EventStore) {
    let payment = stream(1);
    let at = |days| Batch {
        time: RecordedTime::Import(noon() - TimeDelta::days(days)),
        ..batch(1..2)
    };
    append(store, &payment, Expected::NoStream, &at(100)).await;
    append(store, &payment, Expected::Exactly(Version(1)), &at(100)).await;
    match store
        .append(&payment, Expected::Exactly(Version(2)), &at(101))
        .await
    {
        Err(StoreError::TimeReversed {
            recorded_at, last, ..
        }) => {
            assert_eq!(last - recorded_at, TimeDelta::days(1));
        }
        other => panic!("an older import is refused, not {other:?}"),
    }
    let appended = append(store, &payment, Expected::Exactly(Version(2)), &at(99)).await;
    assert_eq!(appended.recorded_at, noon() - TimeDelta::days(99));
    assert_eq!(read_all(store, &payment).await.len(), 3);
}
