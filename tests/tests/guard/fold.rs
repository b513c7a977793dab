//! Folds the same stored events again and again, with rehydrate or by hand: `fold <way> <kind>
//! <rounds>` prints the state. The test `guard` builds it with optimizations, runs it under
//! callgrind, and compares the instructions of the ways.

mod parcels;

use std::env;
use std::hint::black_box;

use rehydrate::{Aggregate, Page};
use serde::Deserialize;

use self::parcels::{Kind, Lent, Parcel, ParcelEvent, ScannedV1};

const EVENTS: u64 = 1_000;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [way, kind, rounds] = arguments.as_slice() else {
        panic!("usage: fold rehydrate|hand text|lent|numbers|old <rounds>");
    };
    let fold = match (way.as_str(), kind.as_str()) {
        ("rehydrate", "lent") => fold_lent,
        ("rehydrate", _) => parcels::fold::<Parcel>,
        ("hand", _) => fold_by_hand,
        (other, _) => panic!("there is no way `{other}`"),
    };
    let kind = match kind.as_str() {
        "text" | "lent" => Kind::Text,
        "numbers" => Kind::Numbers,
        "old" => Kind::Old,
        other => panic!("there are no events of the kind `{other}`"),
    };
    let rounds: u32 = rounds.parse().expect("the rounds are a number");
    let page = parcels::stored(kind, EVENTS, 1);
    let mut state = Parcel::default();
    for _ in 0..rounds {
        state = black_box(fold(black_box(&page)));
    }
    println!("{state:?}");
}

#[derive(Deserialize)]
struct Accepted {
    sender: String,
    receiver: String,
    city: String,
}

#[derive(Deserialize)]
struct Weighed {
    grams: u64,
    scales: u32,
    at: i64,
}

#[derive(Deserialize)]
struct Scanned {
    depot: String,
    at: i64,
}

/// With texts that are not made, by hand they are.
fn fold_lent(page: &Page) -> Parcel {
    let Lent { letters } = parcels::fold(page);
    Parcel {
        letters,
        ..Parcel::default()
    }
}

/// As one writes it without a framework: a struct for each type and version, and a match.
fn fold_by_hand(page: &Page) -> Parcel {
    let mut parcel = Parcel::default();
    for stored in page.iter() {
        let event = decode_by_hand(
            stored.event_type,
            stored.schema_version.get(),
            stored.payload,
        );
        parcel.apply(event.expect("it is an event of a parcel"));
    }
    parcel
}

fn decode_by_hand(name: &str, version: u32, payload: &str) -> serde_json::Result<ParcelEvent> {
    Ok(match (name, version) {
        ("accepted", 1) => {
            let Accepted {
                sender,
                receiver,
                city,
            } = serde_json::from_str(payload)?;
            ParcelEvent::Accepted {
                sender,
                receiver,
                city,
            }
        }
        ("weighed", 1) => {
            let Weighed { grams, scales, at } = serde_json::from_str(payload)?;
            ParcelEvent::Weighed { grams, scales, at }
        }
        ("scanned", 2) => {
            let Scanned { depot, at } = serde_json::from_str(payload)?;
            ParcelEvent::Scanned { depot, at }
        }
        ("scanned", 1) => serde_json::from_str::<ScannedV1>(payload)?.into(),
        _ => return Err(serde::de::Error::custom("no event of a parcel")),
    })
}
