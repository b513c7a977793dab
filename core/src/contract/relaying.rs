//! Promises about relays.

use chrono::TimeDelta;
use rehydrate_port::{
    Checkpoint, ConsumerKind, ConsumerStore, ConsumerTransaction, EventStore, Position,
    RelayRecord, Role,
};

use super::consumer_fixture::{
    CONSUMER, begin, checkpoint, consumers, create, id, lock, small, within,
};
use super::fixture::noon;

fn record(build: u32) -> RelayRecord {
    let text = "it's \"there\" \\ ünï 🦀 ".repeat(30);
    RelayRecord {
        destination: Some(text.clone()),
        categories: vec!["a".to_owned(), "é".repeat(30), "\"b\"".to_owned()],
        confirmed_at: Some(noon() + TimeDelta::microseconds(123_456)),
        last_error: Some((text.repeat(9), noon() - TimeDelta::days(1))),
        ..RelayRecord::new(CONSUMER, build)
    }
}

/// All that can be kept of a relay.
pub(super) async fn relay(consumers: &mut dyn ConsumerTransaction, build: u32) {
    let put = consumers.put_relay(&record(build)).await;
    put.expect("it is noted");
}

/// Whether that is kept.
pub(super) async fn has_relayed(consumers: &mut dyn ConsumerTransaction, build: u32) -> bool {
    let found = consumers.relay(CONSUMER, build).await;
    found.expect("it can be read").is_some()
}

async fn all(consumers: &dyn ConsumerStore, consumer: Option<&str>) -> Vec<RelayRecord> {
    consumers.relays(consumer).await.expect("it can be read")
}

async fn kind(consumers: &dyn ConsumerStore) -> (ConsumerKind, Position) {
    let found = consumers.checkpoints(Some(CONSUMER)).await;
    let found = found.expect("the checkpoints can be read");
    (found[0].kind, found[0].position)
}

pub(super) async fn a_relay_is_remembered_as_it_was_with_its_checkpoint_or_not_at_all(
    store: &dyn EventStore,
) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let reactor = Checkpoint {
        kind: ConsumerKind::Reactor,
        table: None,
        ..checkpoint(id(1, 0), Role::Live, &small(&[]))
    };
    let created = consumers.create_build(&[reactor]).await;
    created.expect("a build is created");
    create(consumers, 2, Role::Building, &small(&[])).await;
    for ending in ["dropped", "rolled back", "committed"] {
        let mut transaction = begin(store).await;
        let taken_over = Checkpoint {
            kind: ConsumerKind::Relay,
            position: Position(7),
            ..lock(&mut transaction, &id(1, 0)).await
        };
        let own = within(&mut transaction);
        own.save(&taken_over).await.expect("a checkpoint is saved");
        assert!(!has_relayed(own, 1).await);
        relay(own, 1).await;
        assert!(has_relayed(own, 1).await, "it sees its own");
        assert!(!has_relayed(own, 2).await, "another build has its own");
        assert_eq!(all(consumers, None).await, [], "nobody sees what is open");
        match ending {
            "dropped" => drop(transaction),
            "rolled back" => transaction.rollback().await.expect("the rollback succeeds"),
            _ => transaction.commit().await.expect("the commit succeeds"),
        }
        if ending != "committed" {
            assert_eq!(all(consumers, None).await, []);
            let as_it_was = (ConsumerKind::Reactor, Position::ZERO);
            assert_eq!(kind(consumers).await, as_it_was);
        }
    }
    assert_eq!(all(consumers, None).await, [record(1)]);
    assert_eq!(kind(consumers).await, (ConsumerKind::Relay, Position(7)));

    let changes = [
        RelayRecord::new(CONSUMER, 2),
        RelayRecord::new(CONSUMER, 1),
        RelayRecord {
            confirmed_at: None,
            ..record(1)
        },
        RelayRecord {
            last_error: None,
            ..record(1)
        },
    ];
    let mut transaction = begin(store).await;
    for changed in &changes {
        let own = within(&mut transaction);
        own.put_relay(changed).await.expect("it is noted");
        let now = own.relay(CONSUMER, changed.build).await;
        assert_eq!(now.expect("it can be read").as_ref(), Some(changed));
    }
    transaction.commit().await.expect("the commit succeeds");
    let expected = [changes[3].clone(), changes[0].clone()];
    assert_eq!(all(consumers, Some(CONSUMER)).await, expected);
    assert_eq!(all(consumers, Some("nobody")).await, []);
}
