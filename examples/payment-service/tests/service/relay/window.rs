use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use payment_service::fine::{Fine, FineId};
use payment_service::money::Cents;
use payment_service::read_models::{Balance, Balances};
use rehydrate::{Begin, EventSet, EventStore, LogQuery, Position, Projection, Recorded};

use super::*;

/// A fine and the version of one of its events.
type At = (String, u64);

/// The second program folds three spans of what the broker has got, and says what the log says of
/// the events that the broker got then.
pub(super) fn a_replay_gives_the_read_model_of_its_span(broker: &impl Broker) {
    let Some(file) = real_file() else { return };
    let place = Place::new();
    let url = broker.url();
    assert_eq!(place.run(&["import", file.to_str().unwrap()]).code, 0);
    assert_eq!(place.run(&["relay", "--to", &url]).code, 0);
    let got = block_on(when(broker));
    let times: Vec<DateTime<Utc>> = {
        let mut times: Vec<_> = got.iter().map(|(_, at)| *at).collect();
        times.sort_unstable();
        times
    };
    assert_eq!(times.len(), 17_203);
    let (one, two) = (times[5_000], times[12_000]);
    assert!(times[0] < one && one < two && two < times[17_202]);
    let mut events = 0;
    for (since, until) in [(None, Some(one)), (Some(one), Some(two)), (Some(two), None)] {
        let within = |at: DateTime<Utc>| {
            since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until)
        };
        let in_span = got.iter().filter(|(_, at)| within(*at));
        let in_span: BTreeSet<At> = in_span.map(|(place, _)| place.clone()).collect();
        let seen = ask_for(&url, since, until);
        eprintln!("since {since:?} until {until:?}: {seen}");
        assert_eq!(seen, block_on(of_the_log(&place, &in_span)));
        events += in_span.len();
    }
    assert_eq!(events, 17_203);
    assert!(
        !std::path::Path::new("board.db").exists(),
        "nothing is stored"
    );
}

fn ask_for(url: &str, since: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Value {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let mut arguments = vec!["--from".to_owned(), url.to_owned()];
    for (name, time) in [("--since", since), ("--until", until)] {
        arguments.extend(time.into_iter().flat_map(|it| [name.to_owned(), text(it)]));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ask(&arguments)
}

/// When the broker got each event for the first time.
async fn when(broker: &impl Broker) -> Vec<(At, DateTime<Utc>)> {
    let source = broker.source().await;
    let mut reader = source.open(&Begin::Beginning).await.unwrap();
    let (mut got, mut seen) = (Vec::new(), BTreeSet::new());
    loop {
        let received = reader.next(500, Duration::from_millis(100)).await.unwrap();
        for message in received.messages {
            let event = message.event.unwrap();
            let place = (event.stream_id, event.version.get());
            if seen.insert(place.clone()) {
                got.push((place, message.sent_at));
            }
        }
        if received.is_at_end {
            return got;
        }
    }
}

/// What these events of the service's own log come to.
async fn of_the_log(place: &Place, wanted: &BTreeSet<At>) -> Value {
    let url = format!("sqlite://{}", place.path("payments.db").display());
    let store = rehydrate_sqlx::connect(&url).await.unwrap();
    let mut rows: BTreeMap<FineId, Option<Balance>> = BTreeMap::new();
    let mut query = LogQuery::after(Position::ZERO);
    let mut events = 0;
    loop {
        let page = store.read_log(&query).await.unwrap();
        for stored in &page.events {
            if !wanted.contains(&(stored.stream_id.to_owned(), stored.version.get())) {
                continue;
            }
            events += 1;
            for event in <Fine as EventSet>::decode(&stored).unwrap() {
                let event = Recorded::new(event, stored);
                let row = rows.entry(event.id().unwrap()).or_default();
                Balances.apply(row, &event).unwrap();
            }
        }
        if page.read_to >= page.watermark {
            break;
        }
        query.after = page.read_to;
    }
    let sum = |of: fn(&Balance) -> Cents| rows.values().flatten().map(of).sum::<Cents>();
    json!({
        "events": events,
        "duplicates": 0,
        "fines": rows.len(),
        "paid_cents": sum(|row| row.paid_cents),
        "outstanding_cents": sum(|row| row.outstanding_cents),
        "waiting": 0,
    })
}
