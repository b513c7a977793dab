//! Sets of events: aggregates in other modules, after the set, shared event enums, by hand.

#![deny(warnings, missing_docs, unreachable_pub)]

use rehydrate::{Aggregate, Event, EventSet};

#[derive(Debug, EventSet)]
enum ShopEvent {
    Order(order::OrderEvent),
    Payment(PaymentEvent),
    #[event_set(aggregate = stock::Shelf)]
    Shelf(stock::StockEvent),
    #[event_set(aggregate = stock::Cellar)]
    Cellar(stock::StockEvent),
    #[event_set(aggregate = ByHand)]
    Hand(HandEvent),
    #[cfg(any())]
    Gone(Nothing),
}

mod order {
    use rehydrate::{Aggregate, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Event, Serialize, Deserialize)]
    pub(crate) enum OrderEvent {
        Placed,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(id = u64, event = OrderEvent)]
    pub(super) struct Order;

    impl ApplyOrderEvent for Order {
        fn placed(&mut self) {}
    }
}

mod stock {
    use rehydrate::{Aggregate, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Event, Serialize, Deserialize)]
    pub(crate) enum StockEvent {
        Counted,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(id = u64, event = StockEvent)]
    pub(crate) struct Shelf;

    #[derive(Aggregate, Default)]
    #[aggregate(id = u64, event = StockEvent, category = "cellar_of_wine")]
    pub(crate) struct Cellar;

    impl ApplyStockEvent for Shelf {
        fn counted(&mut self) {}
    }

    impl ApplyStockEvent for Cellar {
        fn counted(&mut self) {}
    }
}

#[derive(Default)]
struct ByHand;

impl Aggregate for ByHand {
    type Id = u64;
    type Event = HandEvent;
    const CATEGORY: &'static str = "hand";
    fn apply(&mut self, _: HandEvent) {}
}

#[derive(Debug, Event, serde::Serialize, serde::Deserialize)]
enum HandEvent {
    Waved,
}

mod payment {
    #[derive(rehydrate::Aggregate, Default)]
    #[aggregate(id = u64, event = super::PaymentEvent)]
    pub(super) struct Payment;

    impl super::ApplyPaymentEvent for Payment {
        fn captured(&mut self) {}
    }
}

#[derive(Debug, Event, serde::Serialize, serde::Deserialize)]
enum PaymentEvent {
    Captured,
}

mod odd_names {
    #![allow(dead_code)]

    struct Vec;
    struct Result;
    enum Decoded {}
    enum StoredEvent {}
    trait EventSet {}
    mod std {}
    mod core {}

    #[derive(rehydrate::EventSet)]
    enum r#Move {
        r#Type(super::PaymentEvent),
    }

    pub(super) fn categories() -> ::std::vec::Vec<&'static str> {
        <r#Move as rehydrate::EventSet>::categories()
    }
}

macro_rules! set {
    ($name:ident { $($variant:ident($events:ty)),* }) => {
        #[derive(EventSet)]
        enum $name { $($variant($events)),* }
    };
}

fn is_a_set<E: EventSet>() -> usize {
    E::categories().len()
}

fn main() {
    assert_eq!(
        ShopEvent::categories(),
        ["order", "payment", "shelf", "cellar_of_wine", "hand"]
    );
    assert_eq!(odd_names::categories(), ["payment"]);
    assert_eq!(is_a_set::<order::Order>(), 1);

    set!(FromAMacro { One(order::OrderEvent), Two(PaymentEvent) });
    assert_eq!(is_a_set::<FromAMacro>(), 2);

    #[derive(Aggregate, Default)]
    #[aggregate(id = u64, event = HandEvent, category = "inside")]
    struct Inside;

    impl ApplyHandEvent for Inside {
        fn waved(&mut self) {}
    }

    #[derive(EventSet)]
    enum InsideAFunction {
        Inside(HandEvent),
    }
    assert_eq!(InsideAFunction::categories(), ["inside"]);
}
