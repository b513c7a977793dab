use rehydrate::Event;

mod text {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub struct Trimmed(pub std::string::String);

    impl std::ops::Deref for Trimmed {
        type Target = str;

        fn deref(&self) -> &str {
            self.0.trim()
        }
    }
}

use text::Trimmed as String;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(borrow)]
enum NoteEvent {
    Written { text: String },
}

fn main() {}
