//! Payloads of older schema versions, and of types that are gone.

use std::convert::Infallible;

use rehydrate::{DecodeProblem, Decoded, Event, StoredEvent, Upcast};
use serde::{Deserialize, Serialize};

use crate::stored::{decode, decode_one, round_trip};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("flagged", "unflagged"), legacy("capture_and_refund" = CaptureAndRefund))]
#[event(legacy("settled" = SettledV2, history(SettledV1)), retired("checked"))]
enum PaymentEvent {
    #[event(history(CapturedV1, CapturedV2))]
    Captured { cents: u64, currency: String },
    #[event(history(RefundedV1, _), alias = "returned", alias = "paid_back")]
    Refunded(Refunded),
    #[event(history(_, VoidedV2))]
    Voided,
}

#[derive(Deserialize)]
struct CapturedV1 {
    amount: u64,
}

#[derive(Deserialize)]
struct CapturedV2 {
    cents: i64,
}

impl From<CapturedV1> for CapturedV2 {
    fn from(old: CapturedV1) -> Self {
        Self {
            cents: i64::try_from(old.amount * 100).expect("a small amount"),
        }
    }
}

#[derive(Debug, PartialEq)]
struct Negative(i64);

impl std::fmt::Display for Negative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cents were captured", self.0)
    }
}

impl std::error::Error for Negative {}

impl TryFrom<CapturedV2> for PaymentEvent {
    type Error = Negative;

    fn try_from(old: CapturedV2) -> Result<Self, Negative> {
        Ok(Self::Captured {
            cents: u64::try_from(old.cents).map_err(|_| Negative(old.cents))?,
            currency: "EUR".into(),
        })
    }
}

#[derive(Deserialize)]
struct RefundedV1 {
    cents: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Refunded {
    cents: u64,
    stream: String,
    recorded_at: i64,
}

impl Upcast<Refunded> for RefundedV1 {
    type Error = Infallible;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<Refunded, Infallible> {
        Ok(Refunded {
            cents: self.cents,
            stream: format!("{}/{}", stored.category, stored.stream_id),
            recorded_at: stored.recorded_at.timestamp(),
        })
    }
}

#[derive(Deserialize)]
struct VoidedV2 {}

impl From<VoidedV2> for PaymentEvent {
    fn from(_: VoidedV2) -> Self {
        Self::Voided
    }
}

#[derive(Deserialize)]
struct CaptureAndRefund {
    captured: u64,
    refunded: Option<u64>,
}

impl From<CaptureAndRefund> for Vec<PaymentEvent> {
    fn from(old: CaptureAndRefund) -> Self {
        let captured = captured(old.captured);
        let refunded = old.refunded.map(|cents| {
            PaymentEvent::Refunded(Refunded {
                cents,
                stream: String::new(),
                recorded_at: 0,
            })
        });
        [captured].into_iter().chain(refunded).collect()
    }
}

#[derive(Deserialize)]
struct SettledV1 {
    euros: u64,
}

#[derive(Deserialize)]
struct SettledV2 {
    cents: u64,
}

impl From<SettledV1> for SettledV2 {
    fn from(old: SettledV1) -> Self {
        Self {
            cents: old.euros * 100,
        }
    }
}

impl Upcast<Vec<PaymentEvent>> for SettledV2 {
    type Error = Infallible;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<Vec<PaymentEvent>, Infallible> {
        let times = usize::try_from(stored.version.get()).unwrap_or_default();
        Ok(vec![captured(self.cents); times])
    }
}

fn captured(cents: u64) -> PaymentEvent {
    PaymentEvent::Captured {
        cents,
        currency: "EUR".into(),
    }
}

#[test]
fn an_old_payload_runs_through_every_link_from_its_version_on() {
    assert_eq!(
        decode_one::<PaymentEvent>("captured", 1, r#"{"amount":5}"#),
        captured(500)
    );
    assert_eq!(
        decode_one::<PaymentEvent>("captured", 2, r#"{"cents":5}"#),
        captured(5)
    );
}

#[test]
fn todays_version_is_one_more_than_the_history_is_long() {
    assert_eq!(captured(5).schema_version(), 3);
    assert_eq!(round_trip(&captured(5)), captured(5));
    assert_eq!(PaymentEvent::Voided.schema_version(), 3);
    assert_eq!(round_trip(&PaymentEvent::Voided), PaymentEvent::Voided);
}

#[test]
fn a_link_can_use_the_stored_event() {
    assert_eq!(
        decode_one::<PaymentEvent>("refunded", 1, r#"{"cents":7}"#),
        PaymentEvent::Refunded(Refunded {
            cents: 7,
            stream: "payment/p-1".into(),
            recorded_at: 1_700_000_000,
        })
    );
}

#[test]
fn a_link_to_a_unit_variant_ends_in_the_enum() {
    assert_eq!(
        decode_one::<PaymentEvent>("voided", 2, "{}"),
        PaymentEvent::Voided
    );
}

#[test]
fn a_link_that_refuses_is_an_error_that_says_why() {
    let error = decode::<PaymentEvent>("captured", 2, r#"{"cents":-5}"#).expect_err("no event");
    let DecodeProblem::Upcast { from, to, source } = error.problem else {
        panic!("{error}");
    };
    assert!(from.ends_with("CapturedV2"), "{from}");
    assert!(to.ends_with("PaymentEvent"), "{to}");
    assert_eq!(source.downcast_ref(), Some(&Negative(-5)));
}

#[test]
fn an_old_payload_of_another_shape_is_an_error() {
    let error = decode::<PaymentEvent>("captured", 1, r#"{"cents":5}"#).expect_err("no event");
    assert!(matches!(error.problem, DecodeProblem::Payload(_)));
}

#[test]
fn a_version_given_up_is_an_error() {
    for (event_type, version) in [("refunded", 2), ("voided", 1), ("captured", 0)] {
        let error = decode::<PaymentEvent>(event_type, version, "{}").expect_err("no event");
        assert!(
            matches!(error.problem, DecodeProblem::UnsupportedVersion),
            "{event_type}"
        );
    }
}

#[test]
fn a_version_newer_than_the_history_is_an_error() {
    let error = decode::<PaymentEvent>("captured", 4, "{}").expect_err("no event");
    assert!(matches!(error.problem, DecodeProblem::NewerVersion { newest } if newest == 3));
    let error = decode::<PaymentEvent>("settled", 3, "{}").expect_err("no event");
    assert!(matches!(error.problem, DecodeProblem::NewerVersion { newest } if newest == 2));
}

#[test]
fn an_older_name_is_read_at_every_version() {
    let refunded = decode_one::<PaymentEvent>("refunded", 1, r#"{"cents":7}"#);
    for alias in ["returned", "paid_back"] {
        assert_eq!(
            decode_one::<PaymentEvent>(alias, 1, r#"{"cents":7}"#),
            refunded
        );
        let payload = refunded.encode().expect("a payload");
        assert_eq!(decode_one::<PaymentEvent>(alias, 3, &payload), refunded);
    }
    assert_eq!(refunded.event_type(), "refunded");
}

#[test]
fn a_retired_type_decodes_to_nothing_whatever_it_holds() {
    for (event_type, version, payload) in [
        ("flagged", 1, "{}"),
        ("unflagged", 9, "no JSON"),
        ("checked", 2, ""),
    ] {
        let decoded = decode::<PaymentEvent>(event_type, version, payload).expect("nothing");
        assert_eq!(decoded, Decoded::Retired);
    }
}

#[test]
fn a_legacy_type_is_split_into_todays_events() {
    let decoded = decode("capture_and_refund", 1, r#"{"captured":9,"refunded":4}"#);
    let events: Vec<PaymentEvent> = decoded.expect("two events").into_iter().collect();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], captured(9));
    let decoded = decode("capture_and_refund", 1, r#"{"captured":9,"refunded":null}"#);
    assert_eq!(
        decoded.expect("one event"),
        Decoded::Many(vec![captured(9)])
    );
}

#[test]
fn a_legacy_type_can_have_a_history_of_its_own() {
    let decoded = decode("settled", 1, r#"{"euros":2}"#).expect("three events");
    assert_eq!(decoded, Decoded::Many(vec![captured(200); 3]));
    let decoded = decode("settled", 2, r#"{"cents":2}"#).expect("three events");
    assert_eq!(decoded, Decoded::Many(vec![captured(2); 3]));
}
