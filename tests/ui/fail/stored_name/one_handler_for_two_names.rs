use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum LinkEvent {
    #[event(name = "url_set_v1")]
    URLSet { url: String },
    UrlSet { url: String },
}

fn main() {}
