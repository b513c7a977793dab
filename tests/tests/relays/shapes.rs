use rehydrate::{Batch, Expected, NewEvent, RecordedTime, SchemaVersion, StreamId};
use serde_json::json;

use super::*;

/// Writes an event of account 1 as it is stored.
async fn append(stage: &Stage, event_type: &str, payload: &str) {
    let stream = StreamId::new("account", "1").unwrap();
    let event = NewEvent::new(event_type, SchemaVersion::FIRST, payload);
    let batch = Batch::new(vec![event], RecordedTime::Clock(chrono::Utc::now()));
    let appended = stage.store.append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
}

async fn old_events(stage: &Stage) {
    append(stage, "deposited", r#"{"cents":100}"#).await;
    append(stage, "flagged", "{}").await;
    append(
        stage,
        "transferred_and_charged",
        r#"{"cents":5,"charge":1}"#,
    )
    .await;
    stage.deposit(1).await;
}

fn types(events: &[CloudEvent]) -> Vec<(&str, u64, String)> {
    let events = events.iter();
    events
        .map(|it| (it.event_type.as_str(), it.version.get(), it.data.clone()))
        .collect()
}

#[tokio::test]
async fn events_go_out_in_todays_shape_without_the_retired_ones() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        old_events(&stage).await;
        stage.drain().await;
        let events = stage.broker.events(TOPIC);
        assert_eq!(
            types(&events),
            [
                ("deposited", 1, r#"{"cents":100}"#.to_owned()),
                ("withdrawn", 3, r#"{"cents":5}"#.to_owned()),
                ("withdrawn", 3, r#"{"cents":1}"#.to_owned()),
                ("deposited", 4, r#"{"cents":1}"#.to_owned()),
            ]
        );
        assert_eq!(format!("{}:1", events[1].id), events[2].id);
        uuid::Uuid::parse_str(&events[1].id).unwrap();
        assert_eq!(events[1].position, events[2].position);
        assert_eq!(events[0].source, format!("/{NAME}"));
        assert_eq!(events[0].category, "account");
    })
    .await;
}

#[tokio::test]
async fn events_can_go_out_as_they_are_stored() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        old_events(&stage).await;
        let relay = Relay::new(NAME, Start::Beginning, stage.broker.clone())
            .aggregate_as_stored::<Account>();
        stage.running(relay).drain().await.unwrap();
        let events = stage.broker.events(TOPIC);
        let stored: Vec<(&str, u64)> = types(&events).iter().map(|it| (it.0, it.1)).collect();
        assert_eq!(
            stored,
            [
                ("deposited", 1),
                ("flagged", 2),
                ("transferred_and_charged", 3),
                ("deposited", 4)
            ]
        );
        let data: serde_json::Value = serde_json::from_str(&events[2].data).unwrap();
        assert_eq!(data, json!({ "cents": 5, "charge": 1 }));
    })
    .await;
}

#[tokio::test]
async fn a_route_chooses_the_topic_drops_and_translates() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        old_events(&stage).await;
        stage.deposit(2).await;
        let relay = stage.relay().source("https://bank.example").route(|event| {
            match (event.event_type(), event.part) {
                ("deposited", _) => Some(event.message("money")),
                ("withdrawn", 0) => None,
                ("withdrawn", part) => {
                    let public = json!({ "what": "a charge", "part": part });
                    let mut message = event.translated("charges", "charged", &public).ok()?;
                    message.key = "a key of its own".to_owned();
                    Some(message)
                }
                _ => None,
            }
        });
        stage.running(relay).drain().await.unwrap();
        assert_eq!(stage.arrived(), [], "nothing goes where nothing was routed");
        let money = stage.broker.events("money");
        let money: Vec<_> = money.iter().map(place_of).collect();
        assert_eq!(money, [(1, 1), (1, 4), (2, 1)]);
        let charges = stage.broker.events("charges");
        assert_eq!(charges.len(), 1);
        assert_eq!(charges[0].event_type, "charged");
        assert_eq!(charges[0].data, r#"{"part":1,"what":"a charge"}"#);
        assert_eq!(charges[0].source, "https://bank.example");
        assert!(charges[0].id.ends_with(":1"), "{}", charges[0].id);
        assert_eq!(
            stage.broker.keys("charges"),
            [key(1)],
            "a stream stays in order"
        );
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_parks_its_stream_and_no_other() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposit(1).await;
        append(&stage, "deposited", r#"{"cents":"many"}"#).await;
        append(&stage, "deposited", r#"{"cents":2}"#).await;
        stage.deposit(2).await;
        stage.drain().await;
        assert_eq!(stage.arrived(), [(1, 1), (2, 1)]);
        let letter = stage.letter().await;
        assert_eq!((letter.version.get(), letter.attempts), (2, 1));

        let panicking = stage.relay().route(|event| {
            assert!(event.stream_id != "3", "a route with a fault");
            Some(event.message(TOPIC))
        });
        stage.deposits([3, 2]).await;
        stage.running(panicking).drain().await.unwrap();
        assert_eq!(stage.arrived()[2..], [(2, 2)]);
        let letters = stage.operations().dead_letters(Some(NAME)).await.unwrap();
        let errors: Vec<_> = letters
            .iter()
            .filter_map(|it| it.error.as_deref())
            .collect();
        assert!(errors[1].contains("a route with a fault"), "{errors:?}");
        assert_eq!(stage.operations().retry_all(Some(NAME)).await.unwrap(), 2);
        stage.drain().await;
        assert_eq!(stage.arrived()[3..], [(3, 1)]);
    })
    .await;
}
