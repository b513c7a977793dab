use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum LinkEvent {
    URLSet { url: String },
    UrlSet { url: String },
}

fn main() {}
