//! Promises about snapshots.

use chrono::TimeDelta;
use rehydrate_port::{
    Batch, EventStore, Expected, Fingerprint, Position, Snapshot, SnapshotRead, StreamId,
    StreamQuery, Version,
};

use super::fixture::{append, batch, minutes_past_noon, noon, read, stream, versions};

const SHAPE: Fingerprint = Fingerprint(u64::MAX - 1);

fn snapshot(version: u64, fingerprint: Fingerprint) -> Snapshot {
    Snapshot {
        version: Version(version),
        position: Position(version),
        recorded_at: noon(),
        fingerprint,
        state: format!(r#"{{"state":"at 'version' {version} 🦀"}}"#),
    }
}

fn query(stream: &StreamId) -> StreamQuery {
    StreamQuery {
        snapshot: Some(SHAPE),
        ..StreamQuery::new(stream.clone())
    }
}

async fn write(store: &dyn EventStore, stream: &StreamId, snapshot: &Snapshot) {
    let written = store.write_snapshot(stream, snapshot).await;
    written.expect("the snapshot can be written");
}

fn found(read: SnapshotRead) -> Snapshot {
    match read {
        SnapshotRead::Found(snapshot) => snapshot,
        other => panic!("there is a usable snapshot, not {other:?}"),
    }
}

pub(super) async fn a_read_begins_after_the_newest_usable_snapshot(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..8)).await;
    let (none, events) = read(store, &query(&payment)).await;
    assert!(matches!(none, SnapshotRead::None), "{none:?}");
    assert_eq!(events.len(), 7);
    write(store, &payment, &snapshot(5, SHAPE)).await;
    let (read_snapshot, events) = read(store, &query(&payment)).await;
    assert_eq!(found(read_snapshot), snapshot(5, SHAPE));
    assert_eq!(versions(&events), [6, 7]);
    let (unasked, events) = read(store, &StreamQuery::new(payment.clone())).await;
    assert!(matches!(unasked, SnapshotRead::None), "{unasked:?}");
    assert_eq!(events.len(), 7);
    let (elsewhere, _) = read(store, &query(&stream(2))).await;
    assert!(matches!(elsewhere, SnapshotRead::None), "{elsewhere:?}");
}

pub(super) async fn a_snapshot_later_than_asked_is_not_used(store: &dyn EventStore) {
    let payment = stream(1);
    let later = Batch {
        time: minutes_past_noon(10),
        ..batch(4..8)
    };
    append(store, &payment, Expected::NoStream, &batch(1..4)).await;
    append(store, &payment, Expected::Exactly(Version(3)), &later).await;
    let kept = Snapshot {
        recorded_at: noon() + TimeDelta::minutes(10),
        ..snapshot(5, SHAPE)
    };
    write(store, &payment, &kept).await;
    let until = |version| StreamQuery {
        until: Some(Version(version)),
        ..query(&payment)
    };
    let as_of = |minutes| StreamQuery {
        as_of: Some(noon() + TimeDelta::minutes(minutes)),
        ..query(&payment)
    };
    for (query, uses, expected) in [
        (until(4), false, vec![1, 2, 3, 4]),
        (until(5), true, vec![]),
        (until(6), true, vec![6]),
        (as_of(9), false, vec![1, 2, 3]),
        (as_of(10), true, vec![6, 7]),
    ] {
        let (read_snapshot, events) = read(store, &query).await;
        let used = matches!(read_snapshot, SnapshotRead::Found(_));
        assert_eq!((used, versions(&events)), (uses, expected), "{query:?}");
    }
}

pub(super) async fn a_snapshot_of_another_fingerprint_is_reported_and_not_used(
    store: &dyn EventStore,
) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..8)).await;
    write(store, &payment, &snapshot(5, Fingerprint(1))).await;
    match read(store, &query(&payment)).await {
        (
            SnapshotRead::Unusable {
                fingerprint,
                version,
            },
            events,
        ) => {
            assert_eq!((fingerprint, version), (Fingerprint(1), Version(5)));
            assert_eq!(events.len(), 7);
        }
        (other, _) => panic!("a snapshot of another shape is reported, not {other:?}"),
    }
}

pub(super) async fn a_snapshot_only_moves_forward(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..8)).await;
    write(store, &payment, &snapshot(5, SHAPE)).await;
    write(store, &payment, &snapshot(3, SHAPE)).await;
    let kept = found(read(store, &query(&payment)).await.0);
    assert_eq!(kept.version, Version(5), "an older one is ignored");
    write(store, &payment, &snapshot(7, SHAPE)).await;
    let same_place = Snapshot {
        state: "{}".to_owned(),
        ..snapshot(7, SHAPE)
    };
    write(store, &payment, &same_place).await;
    let kept = found(read(store, &query(&payment)).await.0);
    assert_eq!(
        kept,
        snapshot(7, SHAPE),
        "a newer one replaces it, an equal one does not"
    );
    write(store, &payment, &snapshot(7, Fingerprint(1))).await;
    write(store, &payment, &snapshot(7, SHAPE)).await;
    let kept = found(read(store, &query(&payment)).await.0);
    assert_eq!(
        kept,
        snapshot(7, SHAPE),
        "one of another shape is replaced at the same version"
    );
}
