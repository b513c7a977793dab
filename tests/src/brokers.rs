//! Messages for brokers, and what must hold of them whatever happens on the way.

use std::collections::HashSet;
use std::time::Duration;

use rehydrate::{
    Begin, CloudEvent, Message, PublishError, Publisher, Reader, ReceivedMessage, Source,
};

/// How long a broker may take for what it does at once, usually.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The `version`-th event of a stream.
///
/// # Panics
/// The id cannot stand in JSON as it is.
#[must_use]
pub fn event(stream_id: &str, version: u64) -> CloudEvent {
    let text = format!(
        r#"{{"specversion":"1.0","id":"{stream_id}-{version}","source":"/test","type":"counted",
            "subject":"{stream_id}","time":"2024-01-02T03:04:05.678901Z","category":"count",
            "streamversion":"{version}","position":"{version}","schemaversion":"1",
            "data":{{"number":{version}}}}}"#
    );
    CloudEvent::from_json(&text).expect("it is an event")
}

/// That event as a message; the key is the stream.
#[must_use]
pub fn message(topic: &str, stream_id: &str, version: u64) -> Message {
    let key = format!("count/{stream_id}");
    Message::new(topic, key, event(stream_id, version))
}

/// So many streams `s1`, `s2`, …, version by version.
#[must_use]
pub fn messages(topic: &str, streams: u64, versions: u64) -> Vec<Message> {
    let all = (1..=versions).flat_map(|version| {
        (1..=streams).map(move |stream| message(topic, &format!("s{stream}"), version))
    });
    all.collect()
}

/// That all of it was confirmed.
///
/// # Panics
/// Something was not.
pub fn assert_confirmed(outcomes: &[Result<(), PublishError>]) {
    for outcome in outcomes {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

/// Opens a source.
///
/// # Panics
/// It cannot be opened.
pub async fn open(source: &dyn Source, begin: Begin) -> Box<dyn Reader> {
    let reader = source.open(&begin).await;
    reader.expect("the source can be opened")
}

/// Everything up to the end: a call may give less than it could.
///
/// # Panics
/// It cannot be read.
pub async fn read_to_end(reader: &mut dyn Reader) -> Vec<ReceivedMessage> {
    let mut messages = Vec::new();
    loop {
        let received = reader.next(500, Duration::from_millis(100)).await;
        let received = received.expect("it can be read");
        messages.extend(received.messages);
        if received.is_at_end {
            return messages;
        }
    }
}

/// All events of a source, from its beginning to its end.
///
/// # Panics
/// It cannot be read, or something is no event.
pub async fn read_all(source: &dyn Source) -> Vec<CloudEvent> {
    let mut reader = open(source, Begin::Beginning).await;
    let messages = read_to_end(&mut *reader).await.into_iter();
    let events = messages.map(|message| message.event.expect("it is an event"));
    events.collect()
}

/// Sends what was not confirmed again, in its order, as a relay does it, until all of it is. Gives
/// how many batches were confirmed in part.
///
/// # Panics
/// Something was sent after a failure of its key.
pub async fn send_all(publisher: &dyn Publisher, mut batch: Vec<Message>) -> usize {
    let mut interruptions = 0;
    while !batch.is_empty() {
        let outcomes = publisher.publish(&batch).await;
        assert_eq!(outcomes.len(), batch.len(), "one outcome a message");
        let has_confirmed = outcomes.iter().any(Result::is_ok);
        interruptions += usize::from(has_confirmed && outcomes.iter().any(Result::is_err));
        assert_failures_hold_their_keys(&batch, &outcomes);
        let outcomes = batch.into_iter().zip(outcomes);
        batch = outcomes
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(message, _)| message)
            .collect();
        // While there is no server, this comes back at once.
        tokio::task::yield_now().await;
    }
    interruptions
}

/// That after a message that failed nothing of its key was sent.
///
/// # Panics
/// Something was.
pub fn assert_failures_hold_their_keys(batch: &[Message], outcomes: &[Result<(), PublishError>]) {
    let mut failed = HashSet::new();
    for (message, outcome) in batch.iter().zip(outcomes) {
        let is_not_sent = matches!(outcome, Err(PublishError::NotSent));
        assert_eq!(failed.contains(&message.key), is_not_sent, "{outcome:?}");
        if outcome.is_err() {
            failed.insert(&message.key);
        }
    }
}

/// How many of the events of [`messages()`] were there more than once.
///
/// # Panics
/// One is missing, or was there for the first time before its predecessor.
#[must_use]
pub fn duplicates(events: &[CloudEvent], streams: u64, versions: u64) -> usize {
    for stream in 1..=streams {
        let stream = format!("s{stream}");
        let mut next = 1;
        for event in events.iter().filter(|event| event.stream_id == stream) {
            let version = event.version.get();
            assert!(version <= next, "{stream}: {version} before {next}");
            next = next.max(version + 1);
        }
        assert_eq!(next, versions + 1, "{stream} is not whole");
    }
    let wanted = usize::try_from(streams * versions).expect("it is small");
    events.len() - wanted
}
