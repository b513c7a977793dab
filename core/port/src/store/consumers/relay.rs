//! What is kept of a relay beside its checkpoint.

use chrono::{DateTime, Utc};

/// Where a relay sends, and how that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayRecord {
    /// The consumer.
    pub consumer: String,
    /// Which of its builds.
    pub build: u32,
    /// The broker that has got everything up to the checkpoint, as its publisher calls itself.
    /// Nothing of a consumer that was there before this was kept, and may be a reactor.
    pub destination: Option<String>,
    /// The categories whose events it sends; all of them if there are none.
    pub categories: Vec<String>,
    /// When it has last noted that the broker has confirmed messages.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// What went wrong the last time, and when; it stays when it is over.
    pub last_error: Option<(String, DateTime<Utc>)>,
}

impl RelayRecord {
    /// What is known of a relay that has not sent anything.
    #[must_use]
    pub fn new(consumer: impl Into<String>, build: u32) -> Self {
        Self {
            consumer: consumer.into(),
            build,
            destination: None,
            categories: Vec::new(),
            confirmed_at: None,
            last_error: None,
        }
    }
}
