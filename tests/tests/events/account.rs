//! The three kinds of variants, there and back.

use rehydrate::{Aggregate, DecodeProblem, Event, SchemaVersion};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::stored::{decode, round_trip};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
enum AccountEvent {
    Opened { owner: String, limit: Option<u64> },
    Deposited(Deposit),
    Frozen,
    Emptied {},
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deposit {
    cents: u64,
    note: String,
}

#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(id = Uuid, event = AccountEvent)]
struct Account {
    owner: String,
    cents: u64,
    is_frozen: bool,
}

impl ApplyAccountEvent for Account {
    fn opened(&mut self, owner: String, _limit: Option<u64>) {
        self.owner = owner;
    }

    fn deposited(&mut self, deposited: Deposit) {
        self.cents += deposited.cents;
    }

    fn frozen(&mut self) {
        self.is_frozen = true;
    }

    fn emptied(&mut self) {
        self.cents = 0;
    }
}

fn every_kind() -> [AccountEvent; 4] {
    [
        AccountEvent::Opened {
            owner: "Ada".into(),
            limit: Some(7),
        },
        AccountEvent::Deposited(Deposit {
            cents: 5,
            note: "a \"gift\"".into(),
        }),
        AccountEvent::Frozen,
        AccountEvent::Emptied {},
    ]
}

#[test]
fn every_kind_of_variant_survives_being_stored() {
    for event in every_kind() {
        assert_eq!(round_trip(&event), event);
        assert_eq!(event.schema_version(), SchemaVersion::FIRST);
    }
}

#[test]
fn the_payload_is_the_content_alone() {
    let payloads = every_kind().map(|event| event.encode().expect("a payload"));
    assert_eq!(
        payloads,
        [
            r#"{"owner":"Ada","limit":7}"#,
            r#"{"cents":5,"note":"a \"gift\""}"#,
            "{}",
            "{}",
        ]
    );
}

#[test]
fn the_stored_type_is_the_variant_in_snake_case() {
    let types = every_kind().map(|event| event.event_type());
    assert_eq!(types, ["opened", "deposited", "frozen", "emptied"]);
}

#[test]
fn each_event_reaches_the_handler_of_its_variant() {
    let mut account = Account::default();
    for event in every_kind().into_iter().take(3) {
        account.apply(event);
    }
    let owner = "Ada".to_owned();
    assert_eq!(
        account,
        Account {
            owner,
            cents: 5,
            is_frozen: true
        }
    );
}

#[test]
fn a_unit_variant_ignores_fields_that_it_once_had() {
    let event = decode("frozen", 1, r#"{"by":"court"}"#).expect("an event");
    assert_eq!(event, rehydrate::Decoded::One(AccountEvent::Frozen));
}

#[test]
fn a_payload_of_another_shape_is_an_error_that_names_the_event() {
    for payload in [
        r#"{"cents":"five","note":""}"#,
        r#"{"note":""}"#,
        "[",
        r#"{"cents":5,"note":""} x"#,
    ] {
        let error = decode::<AccountEvent>("deposited", 1, payload).expect_err("no event");
        assert!(
            matches!(error.problem, DecodeProblem::Payload(_)),
            "{payload}"
        );
        assert_eq!(error.event.stream, "payment/p-1");
        assert_eq!(error.event.event_type, "deposited");
        assert_eq!(error.event.position, 40);
        assert_eq!(error.event.version, 3);
    }
}

#[test]
fn an_unknown_type_is_an_error_and_not_skipped() {
    let error = decode::<AccountEvent>("Opened", 1, "{}").expect_err("no event");
    let DecodeProblem::UnknownType { event_enum } = error.problem else {
        panic!("{error}");
    };
    assert_eq!(event_enum, "AccountEvent");
}

#[test]
fn a_newer_schema_version_is_an_error_and_not_guessed_at() {
    let error = decode::<AccountEvent>("frozen", 2, "{}").expect_err("no event");
    let DecodeProblem::NewerVersion { newest } = error.problem else {
        panic!("{error}");
    };
    assert_eq!(newest, 1);
}

#[test]
fn schema_version_0_does_not_exist() {
    let error = decode::<AccountEvent>("frozen", 0, "{}").expect_err("no event");
    assert!(matches!(error.problem, DecodeProblem::UnsupportedVersion));
}
