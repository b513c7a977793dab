//! The events of several aggregates as one enum.

use chrono::DateTime;
use rehydrate::{
    Aggregate, DecodeError, DecodeProblem, Decoded, Event, EventRow, EventSet, Page, Position,
    SchemaVersion, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, PartialEq, EventSet)]
enum ShopEvent {
    Order(OrderEvent),
    #[event_set(aggregate = Payment)]
    Payment(PaymentEvent),
}

#[derive(Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("flagged"), legacy("placed_twice" = PlacedTwice))]
enum OrderEvent {
    Placed,
}

#[derive(Deserialize)]
struct PlacedTwice {}

impl From<PlacedTwice> for Vec<OrderEvent> {
    fn from(_: PlacedTwice) -> Self {
        vec![OrderEvent::Placed, OrderEvent::Placed]
    }
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = OrderEvent)]
struct Order;

impl ApplyOrderEvent for Order {
    fn placed(&mut self) {}
}

#[derive(Debug, PartialEq, Event, Serialize, Deserialize)]
enum PaymentEvent {
    Placed { cents: u64 },
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = PaymentEvent, category = "payments")]
struct Payment;

impl ApplyPaymentEvent for Payment {
    fn placed(&mut self, _: u64) {}
}

fn decode<S: EventSet>(
    category: &str,
    event_type: &str,
    payload: &str,
) -> Result<Decoded<S::Event>, DecodeError> {
    let mut page = Page::new();
    page.push(&EventRow {
        category,
        stream_id: "7",
        version: Version::new(1),
        position: Position::new(1),
        event_type,
        schema_version: SchemaVersion::FIRST,
        payload,
        metadata: None,
        event_id: Uuid::nil(),
        recorded_at: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
    });
    S::decode(&page.first().expect("the event"))
}

#[test]
fn a_set_reads_the_categories_of_its_aggregates() {
    assert_eq!(ShopEvent::categories(), ["order", "payments"]);
    assert_eq!(Payment::categories(), ["payments"]);
}

#[test]
fn the_category_says_which_event_enum_reads_an_event() {
    assert_eq!(
        decode::<ShopEvent>("order", "placed", "{}").expect("an event"),
        Decoded::One(ShopEvent::Order(OrderEvent::Placed))
    );
    let payload = r#"{"cents":5}"#;
    let placed = PaymentEvent::Placed { cents: 5 };
    assert_eq!(
        decode::<ShopEvent>("payments", "placed", payload).expect("an event"),
        Decoded::One(ShopEvent::Payment(placed))
    );
    let placed = PaymentEvent::Placed { cents: 5 };
    assert_eq!(
        decode::<Payment>("payments", "placed", payload).expect("an event"),
        Decoded::One(placed)
    );
}

#[test]
fn retired_and_split_events_are_so_in_a_set_too() {
    assert_eq!(
        decode::<ShopEvent>("order", "flagged", "{}").expect("nothing"),
        Decoded::Retired
    );
    let placed = || ShopEvent::Order(OrderEvent::Placed);
    assert_eq!(
        decode::<ShopEvent>("order", "placed_twice", "{}").expect("two events"),
        Decoded::Many(vec![placed(), placed()])
    );
}

#[test]
fn an_event_of_a_foreign_category_is_an_error_that_names_the_set() {
    let error = decode::<ShopEvent>("shipment", "placed", "{}").expect_err("no event");
    let DecodeProblem::UnknownType { event_enum } = error.problem else {
        panic!("{error}");
    };
    assert_eq!(event_enum, "ShopEvent");
}
