//! Stored names, keywords, and types that nobody knows.

use rehydrate::{Aggregate, Decoded, Event};
use serde::{Deserialize, Serialize};

use crate::stored::{decode, decode_one, round_trip};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
enum ParcelEvent {
    HTTPSent,
    SentV2,
    Move {
        r#type: String,
        r#gen: u8,
    },
    Type(String),
    #[event(name = "parcel-lost")]
    Lost,
    #[event(name = "crate")]
    Crated,
    #[event(other)]
    Unknown,
}

#[derive(Default, Aggregate)]
#[aggregate(id = String, event = ParcelEvent, category = "parcel")]
struct Parcel {
    handled: Vec<String>,
}

impl ApplyParcelEvent for Parcel {
    fn http_sent(&mut self) {
        self.handled.push("http_sent".into());
    }

    fn sent_v2(&mut self) {
        self.handled.push("sent_v2".into());
    }

    fn r#move(&mut self, r#type: String, r#gen: u8) {
        self.handled.push(format!("move {type} {gen}"));
    }

    fn r#type(&mut self, r#type: String) {
        self.handled.push(format!("type {type}"));
    }

    fn lost(&mut self) {
        self.handled.push("lost".into());
    }

    fn crated(&mut self) {
        self.handled.push("crated".into());
    }

    fn unknown(&mut self) {
        self.handled.push("unknown".into());
    }
}

fn written() -> Vec<ParcelEvent> {
    vec![
        ParcelEvent::HTTPSent,
        ParcelEvent::SentV2,
        ParcelEvent::Move {
            r#type: "van".into(),
            r#gen: 2,
        },
        ParcelEvent::Type("box".into()),
        ParcelEvent::Lost,
        ParcelEvent::Crated,
    ]
}

#[test]
fn acronyms_digits_and_keywords_have_readable_stored_names() {
    let types: Vec<_> = written().iter().map(Event::event_type).collect();
    assert_eq!(
        types,
        [
            "http_sent",
            "sent_v2",
            "move",
            "type",
            "parcel-lost",
            "crate"
        ]
    );
}

#[test]
fn events_named_like_keywords_survive_being_stored() {
    for event in written() {
        assert_eq!(round_trip(&event), event);
    }
}

#[test]
fn a_handler_named_like_a_keyword_is_raw() {
    let mut parcel = Parcel::default();
    for event in written().into_iter().chain([ParcelEvent::Unknown]) {
        parcel.apply(event);
    }
    assert_eq!(
        parcel.handled,
        [
            "http_sent",
            "sent_v2",
            "move van 2",
            "type box",
            "lost",
            "crated",
            "unknown"
        ]
    );
}

#[test]
fn a_given_name_replaces_the_variants() {
    assert_eq!(
        decode_one::<ParcelEvent>("parcel-lost", 1, "{}"),
        ParcelEvent::Lost
    );
    assert_eq!(
        decode_one::<ParcelEvent>("lost", 1, "{}"),
        ParcelEvent::Unknown
    );
}

#[test]
fn an_enum_with_other_tolerates_types_that_it_does_not_know() {
    for (event_type, payload) in [("burnt", "{}"), ("unknown", "anything")] {
        let decoded = decode::<ParcelEvent>(event_type, 7, payload).expect("tolerated");
        assert_eq!(decoded, Decoded::One(ParcelEvent::Unknown));
    }
}

#[test]
fn other_does_not_tolerate_a_newer_version_of_a_known_type() {
    assert!(decode::<ParcelEvent>("sent_v2", 2, "{}").is_err());
}

#[test]
fn an_event_that_stands_for_unknown_ones_cannot_be_written() {
    let error = ParcelEvent::Unknown.encode().expect_err("refused");
    assert_eq!(error.event_type, "unknown");
}
