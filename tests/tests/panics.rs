//! Code of the application that panics while it reads an event.

use std::convert::Infallible;
use std::error::Error;

use chrono::Utc;
use rehydrate::{
    Aggregate, Batch, BoxError, Event, EventStore as _, Expected, InMemory, MemoryStore, NewEvent,
    Projection, ReadModel, Recorded, RecordedTime, Repository, SchemaVersion,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize)]
struct Currency(String);

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        assert!(name == "EUR", "no currency is called {name}");
        Ok(Self(name))
    }
}

#[derive(Clone, Debug, Event, Serialize, Deserialize)]
enum PurseEvent {
    #[event(other)]
    Unknown,
    Filled {
        currency: Currency,
        cents: u64,
    },
}

#[derive(Aggregate, Clone, Debug, Default)]
#[aggregate(id = u64, event = PurseEvent)]
struct Purse {
    cents: u64,
}

impl ApplyPurseEvent for Purse {
    fn unknown(&mut self) {}

    fn filled(&mut self, _: Currency, cents: u64) {
        assert!(cents != 13, "nobody applies 13 cents");
        self.cents += cents;
    }
}

#[derive(Clone, ReadModel, Serialize, Deserialize)]
struct Sum {
    #[read_model(key)]
    purse: String,
    cents: u64,
}

struct Sums;

impl Projection for Sums {
    type Events = Purse;
    type Row = Sum;

    const NAME: &'static str = "sums";

    fn keys(
        &self,
        event: &Recorded<'_, PurseEvent>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Sum>,
        event: &Recorded<'_, PurseEvent>,
    ) -> Result<(), BoxError> {
        let row = row.get_or_insert_with(|| Sum {
            purse: event.stream_id.to_owned(),
            cents: 0,
        });
        if let PurseEvent::Filled { cents, .. } = &event.event {
            row.cents += cents;
        }
        Ok(())
    }
}

/// Purse 1 has an unreadable second event, purse 2 is fine.
async fn purses() -> MemoryStore {
    let store = MemoryStore::new();
    for (purse, currencies) in [(1, ["EUR", "???"]), (2, ["EUR", "EUR"])] {
        let events = currencies.map(|currency| {
            let payload = format!(r#"{{"currency":"{currency}","cents":7}}"#);
            NewEvent::new("filled", SchemaVersion::FIRST, payload)
        });
        let batch = Batch::new(events.into(), RecordedTime::Clock(Utc::now()));
        let stream = rehydrate::StreamId::new("purse", purse).unwrap();
        let appended = store.append(&stream, Expected::NoStream, &batch).await;
        appended.unwrap();
    }
    store
}

fn whole(error: &dyn Error) -> String {
    let source = error.source().map(whole);
    format!("{error}: {}", source.unwrap_or_default())
}

#[tokio::test]
async fn a_panic_while_an_event_is_read_is_an_error_that_names_it() {
    let store = purses().await;
    let purses: Repository<Purse> = Repository::new(store.clone());
    let text = whole(&purses.load(&1).await.unwrap_err());
    assert!(text.contains("event 2 of purse/1"), "{text}");
    assert!(
        text.contains("panicked: no currency is called ???"),
        "{text}"
    );
    assert_eq!(purses.load(&2).await.unwrap().cents, 14);

    let view = InMemory::new(store, Sums);
    view.refresh().await.unwrap();
    let parked = view.parked();
    let text = &parked["purse/1"];
    assert!(text.contains("event 2 of purse/1"), "{text}");
    assert!(
        text.contains("panicked: no currency is called ???"),
        "{text}"
    );
    assert_eq!(view.rows().len(), 2, "what came before it counts");
}

#[tokio::test]
#[should_panic(expected = "nobody applies 13 cents")]
async fn a_panic_of_a_handler_is_the_callers() {
    let purses: Repository<Purse> = Repository::new(MemoryStore::new());
    let fill = |_: &Purse| {
        Ok::<_, Infallible>(PurseEvent::Filled {
            currency: Currency("EUR".to_owned()),
            cents: 13,
        })
    };
    let _ = purses.execute(&1, fill).await;
}
