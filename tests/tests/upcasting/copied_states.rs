//! Copies of events and states that are not what they seem.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate::{
    Aggregate, Batch, Event, EventStore, Expected, MemoryStore, NewEvent, RecordedTime,
    SchemaVersion, StreamId, UpcastCopy, UpcastCopyError, UpcastFate,
};
use rehydrate_tests::stores::sqlite_file;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::copied::rows;
use crate::day;

/// Writes less than it has read.
#[derive(Debug, Event, Serialize, Deserialize)]
enum ForgetfulEvent {
    #[event(history(NotedV1))]
    Noted {
        #[serde(skip)]
        text: String,
    },
}

#[derive(Deserialize)]
struct NotedV1 {
    text: String,
}

impl From<NotedV1> for ForgetfulEvent {
    fn from(old: NotedV1) -> Self {
        Self::Noted { text: old.text }
    }
}

#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(id = String, event = ForgetfulEvent)]
struct Forgetful {
    texts: Vec<String>,
}

impl ApplyForgetfulEvent for Forgetful {
    fn noted(&mut self, text: String) {
        self.texts.push(text);
    }
}

/// Reads something else than it has written.
#[derive(Debug, Event, Serialize, Deserialize)]
enum TwistedEvent {
    #[event(history(NotedV1))]
    Noted {
        #[serde(
            rename(serialize = "text", deserialize = "words"),
            alias = "text",
            deserialize_with = "twice"
        )]
        text: String,
    },
}

fn twice<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.repeat(2))
}

impl From<NotedV1> for TwistedEvent {
    fn from(old: NotedV1) -> Self {
        Self::Noted { text: old.text }
    }
}

#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(id = String, event = TwistedEvent)]
struct Twisted {
    text: String,
}

impl ApplyTwistedEvent for Twisted {
    fn noted(&mut self, text: String) {
        self.text = text;
    }
}

/// Has a state that depends on more than its events.
#[derive(Debug, Default, Serialize)]
struct Moody(u64);

static MOOD: AtomicU64 = AtomicU64::new(0);

impl Aggregate for Moody {
    type Id = String;
    type Event = SetEvent;
    const CATEGORY: &'static str = "tags";

    fn apply(&mut self, _: SetEvent) {
        self.0 = MOOD.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whose JSON is another each time.
#[derive(Debug, Event, Serialize, Deserialize)]
enum SetEvent {
    #[event(history(TaggedV1))]
    Tagged { tags: HashSet<String> },
}

#[derive(Deserialize)]
struct TaggedV1 {
    text: String,
}

impl From<TaggedV1> for SetEvent {
    fn from(old: TaggedV1) -> Self {
        let tags = old.text.split(' ').map(str::to_owned).collect();
        Self::Tagged { tags }
    }
}

#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(id = String, event = SetEvent)]
struct Tags {
    tags: HashSet<String>,
}

impl ApplySetEvent for Tags {
    fn tagged(&mut self, tags: HashSet<String>) {
        self.tags.extend(tags);
    }
}

async fn noted(category: &str, event_type: &str, texts: &[&str]) -> MemoryStore {
    let store = MemoryStore::new();
    for (index, text) in texts.iter().enumerate() {
        let stream = StreamId::new(category.to_owned(), format!("s{index}")).unwrap();
        let payload = json!({ "text": text }).to_string();
        let event = NewEvent::new(event_type, SchemaVersion::FIRST, payload);
        let batch = Batch::new(vec![event], RecordedTime::Import(day(0)));
        store.append(&stream, Expected::Any, &batch).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_state_that_is_another_in_the_copy_is_named_with_both() {
    let source = noted("forgetful", "noted", &["", "keep me", "me too"]).await;
    for copying in [UpcastCopy::new(), UpcastCopy::new().renumber()] {
        let copying = copying.aggregate::<Forgetful>();
        let (_folder, target) = sqlite_file().await;
        let error = copying.run(&source, &target, |_| ()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("2 of 3 aggregates"), "{text}");
        assert!(text.contains("forgetful/s1"), "{text}");
        let UpcastCopyError::Different { report } = error else {
            panic!("{text}");
        };
        assert_eq!(
            (report.streams, report.differing, report.written),
            (3, 2, 3)
        );
        let first = &report.different[0];
        assert_eq!(first.stream.to_string(), "forgetful/s1");
        assert_eq!(first.source, json!({ "texts": ["keep me"] }));
        assert_eq!(first.target, json!({ "texts": [""] }));
        assert_eq!(
            (first.source_version, first.target_version),
            (1.into(), 1.into())
        );
    }
}

#[tokio::test]
async fn a_state_that_is_another_each_time_for_another_reason_than_order_is_different() {
    let source = noted("tags", "tagged", &["a"]).await;
    let copying = UpcastCopy::new().aggregate::<Moody>();
    let error = copying
        .run(&source, &MemoryStore::new(), |_| ())
        .await
        .unwrap_err();
    assert!(
        matches!(error, UpcastCopyError::Different { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_event_that_is_read_as_something_else_is_not_written() {
    let source = noted("twisted", "noted", &["", "ab"]).await;
    let target = MemoryStore::new();
    let copying = UpcastCopy::new().aggregate::<Twisted>();
    let error = copying.run(&source, &target, |_| ()).await.unwrap_err();
    let UpcastCopyError::NotReadBack { event, source } = &error else {
        panic!("{error}");
    };
    assert_eq!(event.stream, "twisted/s1");
    assert!(source.to_string().contains("abab"), "{source}");
    assert_eq!(
        target.watermark().await.unwrap(),
        1,
        "what came before is kept"
    );
}

#[tokio::test]
async fn sets_may_come_in_another_order_each_time() {
    let texts = [
        "a b",
        "a b c d e f g h",
        "one two three",
        "x y",
        "q r",
        "",
        "m n",
    ];
    let source = noted("tags", "tagged", &texts).await;
    for copying in [UpcastCopy::new(), UpcastCopy::new().renumber()] {
        let copying = copying.aggregate::<Tags>();
        let target = MemoryStore::new();
        for round in 0..5 {
            let report = copying.run(&source, &target, |_| ()).await.unwrap();
            assert_eq!(
                report.written,
                if round == 0 { texts.len() as u64 } else { 0 }
            );
            assert_eq!(report.streams, texts.len() as u64);
        }
    }
}

/// Tolerates what it does not know.
#[derive(Debug, Event, Serialize, Deserialize)]
enum TolerantEvent {
    #[event(history(NotedV1))]
    Noted { text: String },
    #[event(other)]
    Unknown,
}

impl From<NotedV1> for TolerantEvent {
    fn from(old: NotedV1) -> Self {
        Self::Noted { text: old.text }
    }
}

#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(id = String, event = TolerantEvent)]
struct Tolerant {
    text: String,
    unknown: u32,
}

impl ApplyTolerantEvent for Tolerant {
    fn noted(&mut self, text: String) {
        self.text = text;
    }
    fn unknown(&mut self) {
        self.unknown += 1;
    }
}

#[tokio::test]
async fn an_event_of_a_type_that_is_tolerated_stays_as_it_is() {
    let source = noted("tolerant", "noted", &["a"]).await;
    let stream = StreamId::new("tolerant", "s0").unwrap();
    let event = NewEvent::new("melted", SchemaVersion::new(7), r#"{ "degrees": 9 }"#);
    let batch = Batch::new(vec![event], RecordedTime::Import(day(1)));
    source.append(&stream, Expected::Any, &batch).await.unwrap();
    for copying in [UpcastCopy::new(), UpcastCopy::new().renumber()] {
        let target = MemoryStore::new();
        let copying = copying.aggregate::<Tolerant>();
        let report = copying.run(&source, &target, |_| ()).await.unwrap();
        let kept: Vec<_> = report.kept().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(
            (&*kept[0].event_type, kept[0].fate),
            ("melted", UpcastFate::KeptOther)
        );
        assert_eq!(rows(&target).await[1], rows(&source).await[1]);
    }
}

/// Whose JSON comes in another order as rarely as that of a `HashSet` may.
#[derive(Debug, Default)]
struct Seldom;

/// How often the state has been written as JSON.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

impl Serialize for Seldom {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match WRITTEN.fetch_add(1, Ordering::Relaxed) {
            // The copy, after as many folds as it takes, and the copy of a second run.
            1 | 41 | 43 => ["b", "a"].serialize(serializer),
            _ => ["a", "b"].serialize(serializer),
        }
    }
}

impl Aggregate for Seldom {
    type Id = String;
    type Event = SetEvent;
    const CATEGORY: &'static str = "tags";

    fn apply(&mut self, _: SetEvent) {}
}

#[tokio::test]
async fn a_set_that_seldom_comes_in_another_order_is_a_set_from_then_on() {
    let source = noted("tags", "tagged", &["a b"]).await;
    let target = MemoryStore::new();
    let copying = UpcastCopy::new().aggregate::<Seldom>();
    copying.run(&source, &target, |_| ()).await.unwrap();
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 42);
    copying.clone().run(&source, &target, |_| ()).await.unwrap();
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 44, "it is known by now");
}
