//! `#[event(borrow)]`: handlers see texts where they are stored, and everything else is as without.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rehydrate::{Aggregate, DecodeError, Event};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::stored::with_stored;

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
#[event(borrow, retired("moved"), legacy("written_and_closed" = WrittenV2))]
enum LetterEvent {
    #[event(alias = "drafted", history(WrittenV1))]
    Written {
        #[serde(rename = "from", alias = "author")]
        written_by: std::string::String,
        sent_to: Option<String>,
        #[serde(default)]
        remark: String,
        #[serde(default = "second_class")]
        postage: String,
        #[serde(with = "backwards")]
        secret: String,
        pages: u32,
        #[serde(skip)]
        cached: String,
        #[serde(flatten)]
        labels: BTreeMap<String, u8>,
    },
    Titled(String),
    #[serde(with = "backwards")]
    Whispered(String),
    Answered {
        letter: Option<Box<LetterEvent>>,
        #[serde(default = "LetterEvent::nobody")]
        by: String,
        remark: String,
    },
    Stamped(Stamp),
    #[serde(rename_all = "kebab-case")]
    Sealed {
        sealed_by: String,
    },
    Closed,
    #[event(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    country: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenV1 {
    from: String,
}

impl From<WrittenV1> for LetterEvent {
    fn from(old: WrittenV1) -> Self {
        written(old.from, String::new(), String::new())
    }
}

#[derive(Deserialize)]
struct WrittenV2 {
    from: String,
}

impl From<WrittenV2> for Vec<LetterEvent> {
    fn from(old: WrittenV2) -> Self {
        vec![WrittenV1 { from: old.from }.into(), LetterEvent::Closed]
    }
}

fn written(written_by: String, remark: String, secret: String) -> LetterEvent {
    LetterEvent::Written {
        written_by,
        sent_to: None,
        remark,
        postage: second_class(),
        secret,
        pages: 1,
        cached: String::new(),
        labels: BTreeMap::new(),
    }
}

impl LetterEvent {
    fn nobody() -> String {
        "nobody".to_owned()
    }
}

fn second_class() -> String {
    "second class".to_owned()
}

mod backwards {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&text.chars().rev().collect::<String>())
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<String, D::Error>
    where
        D: Deserializer<'de>,
    {
        Ok(String::deserialize(deserializer)?.chars().rev().collect())
    }
}

/// What the handlers were called with, and where the texts were.
#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(id = u64, event = LetterEvent)]
struct Letter {
    seen: Vec<String>,
    places: Vec<Place>,
}

/// Where a text was, which differs from one replay to the next.
#[derive(Debug)]
struct Place(usize);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Letter {
    fn see(&mut self, what: &str, texts: &[&str]) {
        self.seen.push(format!("{what} {texts:?}"));
        let places = texts.iter().map(|text| Place(text.as_ptr().addr()));
        self.places.extend(places);
    }
}

impl ApplyLetterEvent for Letter {
    fn written(
        &mut self,
        written_by: &str,
        sent_to: Option<String>,
        remark: &str,
        postage: &str,
        secret: &str,
        pages: u32,
        cached: &str,
        labels: BTreeMap<String, u8>,
    ) {
        self.see("written", &[written_by, remark, postage, secret, cached]);
        let rest = format!("{sent_to:?} {pages} {labels:?}");
        self.seen.push(rest);
    }

    fn titled(&mut self, titled: &str) {
        self.see("titled", &[titled]);
    }

    fn whispered(&mut self, whispered: &str) {
        self.see("whispered", &[whispered]);
    }

    fn answered(&mut self, letter: Option<Box<LetterEvent>>, by: &str, remark: &str) {
        self.see("answered", &[by, remark]);
        self.seen.push(format!("{letter:?}"));
    }

    fn stamped(&mut self, stamped: Stamp) {
        self.see("stamped", &[&stamped.country]);
    }

    fn sealed(&mut self, sealed_by: &str) {
        self.see("sealed", &[sealed_by]);
    }

    fn closed(&mut self) {
        self.see("closed", &[]);
    }

    fn unknown(&mut self) {
        self.see("unknown", &[]);
    }
}

/// The state after a stored event, replayed; and how many of the texts were in the payload. It is
/// the same as by way of an event that owns them.
fn replay(event_type: &str, schema_version: u32, payload: &str) -> Result<(Letter, usize), String> {
    with_stored(event_type, schema_version, payload, |stored| {
        let mut replayed = Letter::default();
        let lent = replayed.replay(stored);
        let mut applied = Letter::default();
        let owned = LetterEvent::decode(stored).map(|events| {
            events.into_iter().for_each(|event| applied.apply(event));
        });
        let text = |error: &DecodeError| format!("{error:?}");
        assert_eq!(lent.as_ref().map_err(text), owned.as_ref().map_err(text));
        assert_eq!(replayed, applied);
        let payload = stored.payload.as_bytes().as_ptr_range();
        let payload = payload.start.addr()..payload.end.addr();
        let within = replayed.places.iter();
        let within = within.filter(|place| payload.contains(&place.0)).count();
        lent.map(|()| (replayed, within))
            .map_err(|error| text(&error))
    })
}

#[test]
fn a_text_is_seen_where_it_is_stored() {
    let payload =
        json!({"from": "Ada", "remark": "in haste", "secret": "xyz", "pages": 2, "red": 7});
    let (letter, within) = replay("written", 2, &payload.to_string()).expect("it can be read");
    let seen = r#"written ["Ada", "in haste", "second class", "zyx", ""]"#;
    assert_eq!(letter.seen, [seen, r#"None 2 {"red": 7}"#]);
    assert_eq!(within, 2, "those that serde reads by itself");
    assert_eq!(
        replay("titled", 1, r#""A title""#)
            .expect("it can be read")
            .1,
        1
    );
    let answered = replay("answered", 1, r#"{"remark":"late"}"#).expect("it can be read");
    assert_eq!(answered.0.seen, [r#"answered ["nobody", "late"]"#, "None"]);
    assert_eq!(answered.1, 1);
    let (whispered, within) = replay("whispered", 1, r#""abc""#).expect("it can be read");
    assert_eq!((&*whispered.seen[0], within), (r#"whispered ["cba"]"#, 0));
    let sealed = replay("sealed", 1, r#"{"sealed-by":"Grace"}"#);
    assert_eq!(sealed.expect("it can be read").1, 1);
}

#[test]
fn a_text_with_escapes_is_what_they_mean() {
    let (letter, within) = replay("titled", 1, r#""one\ntwo\u00e9""#).expect("it can be read");
    assert_eq!(
        (letter.seen, within),
        (vec![r#"titled ["one\ntwoé"]"#.to_owned()], 0)
    );
}

#[test]
fn other_names_versions_and_types_are_read_as_without_borrowing() {
    let seen =
        |event_type, version, payload| replay(event_type, version, payload).map(|it| it.0.seen);
    let today = r#"{"author":"Ada","secret":"","pages":1}"#;
    assert_eq!(seen("drafted", 2, today).map(|seen| seen.len()), Ok(2));
    let old = r#"{"from":"Ada"}"#;
    assert_eq!(seen("written", 1, old).map(|seen| seen.len()), Ok(2));
    assert_eq!(
        seen("written_and_closed", 1, old).map(|seen| seen.len()),
        Ok(3)
    );
    assert_eq!(seen("moved", 1, "{}"), Ok(Vec::new()));
    assert_eq!(seen("burnt", 9, "?"), Ok(vec!["unknown []".to_owned()]));
    assert_eq!(seen("closed", 1, "{}"), Ok(vec!["closed []".to_owned()]));
    let stamped = seen("stamped", 1, r#"{"country":"NL"}"#);
    assert_eq!(stamped, Ok(vec![r#"stamped ["NL"]"#.to_owned()]));
}

#[test]
fn what_cannot_be_read_is_the_same_error_and_reaches_no_handler() {
    for (event_type, version, payload) in [
        ("titled", 1, "7"),
        ("titled", 1, r#""a" "b""#),
        ("titled", 2, r#""a""#),
        ("written", 1, "{}"),
        ("written", 2, "{}"),
        ("written", 2, "[]"),
        ("written", 2, r#""Ada""#),
        ("written", 2, r#"{"from":1}"#),
        ("sealed", 1, r#"{"sealed_by":"Grace"}"#),
        ("sealed", 1, r#"{"sealed-by":"#),
    ] {
        let error = replay(event_type, version, payload);
        assert!(error.is_err(), "{event_type} {version} {payload}");
    }
}

proptest! {
    #[test]
    fn to_replay_is_to_decode_and_apply(
        by in any::<String>(), remark in any::<String>(), secret in any::<String>()
    ) {
        for event in [
            written(by.clone(), remark, secret),
            LetterEvent::Titled(by.clone()),
            LetterEvent::Sealed { sealed_by: by },
        ] {
            let payload = event.encode().expect("a payload");
            let version = event.schema_version().get();
            prop_assert!(replay(event.event_type(), version, &payload).is_ok());
        }
    }
}
