use rehydrate::{Begin, BoxError, FeedError, ReadModel, Recorded, Source, Until};
use rehydrate_tests::read_models::Wealths;
use serde::{Deserialize, Serialize};

use super::*;

/// An event as a projection is shown it.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "seen")]
pub(crate) struct SeenEvent {
    #[read_model(key)]
    pub(crate) key: String,
    pub(crate) event_id: String,
    pub(crate) position: u64,
    pub(crate) at: chrono::DateTime<chrono::Utc>,
    pub(crate) correlation: Option<String>,
}

/// Every event, by stream, version and part.
#[derive(Default)]
pub(crate) struct Seen;

impl Projection for Seen {
    type Events = Account;
    type Row = SeenEvent;
    const NAME: &'static str = "seen";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([format!(
            "{}/{}/{}",
            event.stream_id, event.version, event.part
        )])
    }

    fn apply(
        &self,
        row: &mut Option<SeenEvent>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if row.is_some() {
            return Err("an event was applied twice".into());
        }
        *row = Some(SeenEvent {
            key: format!("{}/{}/{}", event.stream_id, event.version, event.part),
            event_id: event.event_id.to_string(),
            position: event.position.get(),
            at: event.recorded_at(),
            correlation: event.metadata()?.correlation_id,
        });
        Ok(())
    }
}

/// When the broker got each message.
async fn times(service: &Service) -> Vec<chrono::DateTime<chrono::Utc>> {
    let mut reader = service.topic().open(&Begin::Beginning).await.unwrap();
    let received = reader.next(1_000, Duration::from_secs(1)).await.unwrap();
    received.messages.iter().map(|it| it.sent_at).collect()
}

fn keys(rows: &[SeenEvent]) -> Vec<u64> {
    let mut positions: Vec<u64> = rows.iter().map(|row| row.position).collect();
    positions.sort_unstable();
    positions
}

#[tokio::test]
async fn a_feed_from_a_time_on_is_the_read_model_of_what_came_since() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let begin = Begin::At(times(&service).await[25]);
        let feed = service.feed(&store, Seen).begin(begin);
        let fed = feed.run_to_end().await.unwrap();
        assert_eq!(fed.events, 15);
        let rows = rows_of::<Seen>(&store).await;
        assert_eq!(keys(&rows), (26..=40).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_window_of_a_source_is_folded_without_a_store() {
    let service = Service::with_history().await;
    service.publish_again(|number| number < 10).await;
    let topic = service.topic();
    let all = Feed::fold(&topic, <Wealths>::default(), Begin::Beginning, Until::End).await;
    let all = all.unwrap();
    assert_eq!((all.events(), all.duplicates()), (40, 10));
    assert_eq!(
        all.rows(),
        service.rows_of_the_log(<Wealths>::default()).await
    );
    assert_eq!(all.get(&3), all.rows().get(2));

    let times = times(&service).await;
    for (from, to) in [(0, 12), (7, 30), (20, 20), (39, 40)] {
        let until = Until::Before(times[to]);
        let window = Feed::fold(&topic, Seen, Begin::At(times[from]), until).await;
        let expected: Vec<u64> = (from as u64 + 1..=to as u64).collect();
        assert_eq!(keys(&window.unwrap().rows()), expected);
    }
}

#[tokio::test]
async fn a_window_says_what_it_cannot_take() {
    let service = Service::new();
    service
        .happens([(1, deposited(13)), (2, deposited(5)), (1, deposited(6))])
        .await;
    let faulty = Wealths::<2> {
        on_thirteen: rehydrate_tests::read_models::OnThirteen::Fails,
    };
    let topic = service.topic();
    let window = Feed::fold(&topic, faulty, Begin::Beginning, Until::End).await;
    let window = window.unwrap();
    assert_eq!(window.rows().len(), 1);
    assert_eq!(window.parked()["account/1"], "thirteen is unlucky");
    service.broker.put(TOPIC, "account/1", "no event");
    let window = Feed::fold(&topic, faulty, Begin::Beginning, Until::End).await;
    let Err(FeedError::Unreadable { place, .. }) = window else {
        panic!("{window:?}");
    };
    assert_eq!(place, "memory, topic account, message 4");
}
