//! `schema census` and `schema verify`.

use rehydrate::{
    Aggregate, Batch, Event, EventStore, Expected, NewEvent, RecordedTime, SchemaVersion,
};
use rehydrate_console::{Console, Exit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::town::{FineEvent, Town, noon, run, towns, words};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("stamped"), legacy("renewed_and_paid" = RenewedAndPaid))]
enum PermitEvent {
    #[event(history(IssuedV1, _))]
    Issued {
        street: String,
    },
    Renewed,
}

#[derive(Deserialize)]
struct IssuedV1 {
    zone: u32,
}

#[derive(Deserialize)]
struct RenewedAndPaid {}

#[derive(Debug)]
struct NoZone;

impl std::fmt::Display for NoZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there is no\nzone 0")
    }
}

impl std::error::Error for NoZone {}

impl TryFrom<IssuedV1> for PermitEvent {
    type Error = NoZone;

    fn try_from(old: IssuedV1) -> Result<Self, NoZone> {
        let street = match old.zone {
            0 => return Err(NoZone),
            zone => format!("somewhere in zone {zone}"),
        };
        Ok(Self::Issued { street })
    }
}

impl From<RenewedAndPaid> for Vec<PermitEvent> {
    fn from(_: RenewedAndPaid) -> Self {
        vec![PermitEvent::Renewed, PermitEvent::Renewed]
    }
}

#[derive(Aggregate, Default, Serialize)]
#[aggregate(id = String, event = PermitEvent)]
struct Permit {
    street: String,
}

impl ApplyPermitEvent for Permit {
    fn issued(&mut self, street: String) {
        self.street = street;
    }
    fn renewed(&mut self) {}
}

async fn put(town: &Town, events: &[(&str, &str, u32, &str)]) {
    for (stream, event_type, version, payload) in events {
        let event = NewEvent::new(*event_type, SchemaVersion(*version), *payload);
        let batch = Batch::new(vec![event], RecordedTime::Clock(noon()));
        let stream = stream.parse().unwrap();
        let appended = town.store.append(&stream, Expected::Any, &batch).await;
        appended.unwrap();
    }
}

const OLD: [(&str, &str, u32, &str); 5] = [
    ("permit/A1", "issued", 1, r#"{"zone":7}"#),
    ("permit/A1", "stamped", 1, "{}"),
    ("permit/A1", "renewed_and_paid", 1, "{}"),
    ("permit/B2", "issued", 3, r#"{"street":"Elm"}"#),
    ("permit/B2", "issued", 1, r#"{"zone":8}"#),
];

const BAD: [(&str, &str, u32, &str); 6] = [
    ("permit/C3", "issued", 1, r#"{"zone":0}"#),
    ("permit/C3", "issued", 2, "{}"),
    ("permit/C3", "issued", 4, "{}"),
    ("permit/C3", "lost", 1, "{}"),
    ("car/X1", "so\u{1b}[2Jld", 1, "{}"),
    ("permit/C3", "issued", 1, r#"{"zone":0}"#),
];

fn console(town: &Town) -> Console {
    town.console().aggregate::<Permit>()
}

#[tokio::test]
async fn a_census_of_what_can_be_read_is_fine() {
    for town in towns().await {
        put(&town, &OLD).await;
        let ran = run(&console(&town), "schema census").await;
        assert_eq!(ran.exit, Exit::Fine);
        let time = "2026-03-01T12:00:00Z";
        #[rustfmt::skip]
        assert_eq!(words(&ran.out), [
            vec!["CATEGORY", "TYPE", "V", "EVENTS", "FIRST", "SEEN", "LAST", "SEEN", "FIRST", "POSITION", "MEANING"],
            vec!["permit", "issued", "1", "2", time, time, "1", "upcast", "to", "3"],
            vec!["permit", "issued", "3", "1", time, time, "4", "current"],
            vec!["permit", "renewed_and_paid", "1", "1", time, time, "3", "legacy:", "becomes", "others"],
            vec!["permit", "stamped", "1", "1", time, time, "2", "retired"],
            vec![],
            vec!["5", "events.", "This", "program", "knows", "every", "type", "and", "version;", "`schema", "verify`", "decodes", "them."],
        ]);
        assert_eq!(ran.err, "");
    }
}

#[tokio::test]
async fn a_census_with_something_that_cannot_be_read_is_exit_code_1() {
    for town in towns().await {
        put(&town, &[&OLD[..], &BAD[..]].concat()).await;
        let ran = run(&console(&town), "schema census").await;
        assert_eq!(ran.exit, Exit::Attention);
        let lines: Vec<&str> = ran.out.lines().collect();
        for (line, meaning) in [
            (1, "UNKNOWN CATEGORY"),
            (2, "upcast to 3"),
            (3, "UNSUPPORTED VERSION"),
            (4, "current"),
            (5, "NEWER than this program, which knows 3"),
            (6, "UNKNOWN TYPE"),
        ] {
            assert!(lines[line].ends_with(meaning), "{}", ran.out);
        }
        assert_eq!(
            lines.last().unwrap(),
            &"11 events, 4 of them of types or versions that this program cannot read: `schema verify` says what to do."
        );
        assert!(
            !ran.out.contains('\u{1b}'),
            "the stored text moves no cursor"
        );
        let report = run(&console(&town), "schema census --json").await;
        assert_eq!(report.exit, Exit::Attention);
        let report = report.json();
        assert_eq!(report["is_fine"], false);
        assert_eq!(report["events"], 11);
        let expected = json!({
            "category": "permit",
            "type": "issued",
            "schema_version": 1,
            "events": 4,
            "first_recorded_at": "2026-03-01T12:00:00Z",
            "last_recorded_at": "2026-03-01T12:00:00Z",
            "first_position": 1,
            "last_position": 11,
            "meaning": "upcast",
            "newest": 3,
            "is_readable": true,
        });
        assert_eq!(report["types"][1], expected);
        let types = report["types"].as_array().unwrap();
        let meanings: Vec<_> = types.iter().map(|found| &found["meaning"]).collect();
        let expected = [
            "unknown_category",
            "upcast",
            "unsupported_version",
            "current",
            "newer_version",
            "unknown_type",
            "legacy",
            "retired",
        ];
        assert_eq!(meanings, expected);
    }
}

#[tokio::test]
async fn a_console_without_aggregates_counts_and_does_not_judge() {
    for town in towns().await {
        let console = Console::new(town.store.clone());
        let empty = run(&console, "schema census").await;
        assert_eq!(
            (empty.exit, empty.out.as_str()),
            (Exit::Fine, "The log is empty.\n")
        );
        put(&town, &BAD).await;
        let ran = run(&console, "schema census").await;
        assert_eq!(ran.exit, Exit::Fine);
        assert!(!ran.out.contains("MEANING"), "{}", ran.out);
        let report = run(&console, "schema census --json").await.json();
        assert_eq!(report["is_fine"], Value::Null);
        assert_eq!(report["types"][1]["events"], 2);
        assert!(report["types"][1].get("meaning").is_none());
        let verify = run(&console, "schema verify").await;
        assert_eq!((verify.exit, verify.out.as_str()), (Exit::Usage, ""));
        assert!(
            verify.err.contains("knows no types of events"),
            "{}",
            verify.err
        );
        assert!(
            verify.err.contains("the application's own `ops`"),
            "{}",
            verify.err
        );
    }
}

#[tokio::test]
async fn a_log_that_can_be_read_is_verified_with_exit_code_0() {
    for town in towns().await {
        put(&town, &OLD).await;
        town.record("A1", FineEvent::Issued { cents: 1 }).await;
        let ran = run(&console(&town), "schema verify").await;
        assert_eq!(ran.exit, Exit::Fine);
        #[rustfmt::skip]
        assert_eq!(words(&ran.out), [
            vec!["CATEGORY", "TYPE", "V", "EVENTS", "DECODED", "TO", "FAILED", "MEANING"],
            vec!["fine", "issued", "1", "1", "1", "0", "current"],
            vec!["permit", "issued", "1", "2", "2", "0", "upcast", "to", "3"],
            vec!["permit", "issued", "3", "1", "1", "0", "current"],
            vec!["permit", "renewed_and_paid", "1", "1", "2", "0", "legacy:", "becomes", "others"],
            vec!["permit", "stamped", "1", "1", "0", "0", "retired"],
            vec![],
            vec!["This", "program", "can", "read", "all", "of", "the", "6", "events", "up", "to", "position", "6.", "`--after", "6`", "verifies", "what", "comes", "later."],
        ]);
        assert_eq!(ran.err, "", "no bar where there is no terminal");
    }
}

#[tokio::test]
async fn a_verification_that_finds_something_is_exit_code_1_and_says_where_and_why() {
    for town in towns().await {
        put(&town, &[&OLD[..], &BAD[..]].concat()).await;
        let ran = run(&console(&town), "schema verify").await;
        assert_eq!(ran.exit, Exit::Attention);
        let (table, rest) = ran.out.split_once("\n\n").unwrap();
        assert_eq!(
            words(table)[2],
            ["permit", "issued", "1", "4", "2", "2", "upcast", "to", "3"]
        );
        let expected = "\
car `so [2Jld` v1: 1 of 1 event cannot be read
  first: car/X1 version 1, position 10: is of a category that no aggregate of this program has: name the aggregate to whoever verifies, or deploy the program that wrote it
permit `issued` v1: 2 of 4 events cannot be read
  first: permit/C3 version 1, position 6: was refused by the upcast from console::schema::IssuedV1 to console::schema::PermitEvent: there is no zone 0
permit `issued` v2: 1 of 1 event cannot be read
  first: permit/C3 version 2, position 7: is no longer supported: put its type into `history` in place of `_`
permit `issued` v4: 1 of 1 event cannot be read
  first: permit/C3 version 3, position 8: is newer than 3, the newest this program knows: deploy the newer program
permit `lost` v1: 1 of 1 event cannot be read
  first: permit/C3 version 4, position 9: is not an event of PermitEvent: add a variant, an alias, `retired` or `legacy` for it, or deploy the program that wrote it
This program CANNOT READ 6 of the 11 events up to position 11: do not run it on this store.
";
        assert_eq!(rest, expected);
        let ran = run(&console(&town), "schema verify --json").await;
        assert_eq!(ran.exit, Exit::Attention);
        let report = ran.json();
        for (field, value) in [
            ("is_fine", json!(false)),
            ("events", json!(11)),
            ("failed", json!(6)),
            ("after", json!(0)),
            ("read_to", json!(11)),
        ] {
            assert_eq!(report[field], value, "{field}");
        }
        let expected = json!({
            "category": "permit",
            "type": "issued",
            "schema_version": 4,
            "meaning": "newer_version",
            "newest": 3,
            "is_readable": false,
            "events": 1,
            "decoded_to": 0,
            "failed": 1,
            "first_failure": {
                "position": 8,
                "stream": "permit/C3",
                "version": 3,
                "error": "is newer than 3, the newest this program knows: deploy the newer program",
            },
        });
        assert_eq!(report["types"][4], expected);
    }
}

#[tokio::test]
async fn a_part_of_the_log_is_verified() {
    for town in towns().await {
        put(&town, &BAD).await;
        put(&town, &OLD).await;
        let console = console(&town);
        let newer = run(&console, "schema verify --after 6").await;
        assert_eq!(newer.exit, Exit::Fine);
        assert_eq!(
            newer.out.lines().last().unwrap(),
            "This program can read all of the 5 events, after position 6, up to position 11. `--after 11` verifies what comes later."
        );
        let nothing = run(&console, "schema verify --after 11").await;
        assert_eq!(nothing.exit, Exit::Fine);
        assert_eq!(
            nothing.out,
            "There is nothing to verify, after position 11, up to position 11.\n"
        );
        let beyond = run(&console, "schema verify --after 12").await;
        assert_eq!((beyond.exit, beyond.out.as_str()), (Exit::Attention, ""));
        assert!(
            beyond.err.contains("the log ends at position 11"),
            "{}",
            beyond.err
        );
        town.record("A1", FineEvent::Issued { cents: 1 }).await;
        let fines = run(&console, "schema verify --category fine --json").await;
        assert_eq!(fines.exit, Exit::Fine);
        assert_eq!(fines.json()["events"], 1);
        assert_eq!(fines.json()["categories"], json!(["fine"]));
        let fines = "schema verify --category fine --category permit --after 6";
        assert_eq!(
            run(&console, fines).await.out.lines().last().unwrap(),
            "This program can read all of the 6 events of fine, permit, after position 6, up to position 12. `--category fine --category permit --after 12` verifies what comes later."
        );
        let both = "schema verify --category fine --category permit --json";
        assert_eq!(run(&console, both).await.json()["events"], 11);
        let unknown = run(&console, "schema verify --category car").await;
        assert_eq!(unknown.exit, Exit::Usage);
        assert!(
            unknown.err.contains("it has: fine, permit"),
            "{}",
            unknown.err
        );
    }
}
