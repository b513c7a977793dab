//! A log, copied from one store to another.

use rehydrate_port::{EventStore, LogPage, LogQuery, Page, Position, StoreError, StoredEvent};

mod upcast;

pub use self::upcast::{
    UpcastCopy, UpcastCopyError, UpcastCount, UpcastDifference, UpcastFate, UpcastProgress,
    UpcastReport,
};

/// Copies a log into another store, positions, versions, times and event ids kept, and verifies it.
///
/// The copy goes as far as the watermark was when it began; calling it again copies what has come
/// since, and goes on with a copy that was interrupted. So an analysis or a replay runs on the copy
/// and never touches the live store. Snapshots and idempotency keys are not part of the log and are
/// not copied. To copy a log as today's program would have written it, see [`UpcastCopy`].
///
/// `progress` is called after each page.
///
/// ```
/// # use rehydrate::{MemoryStore, copy};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (live, copied) = (MemoryStore::new(), MemoryStore::new());
/// let report = copy(&live, &copied, |progress| {
///     eprintln!("{} of {}", progress.position, progress.until);
/// })
/// .await?;
/// println!("{} events, checksum {}", report.checksum.events, report.checksum);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`CopyError::Store`]: call it again if the error's kind says so; what was copied is kept.
/// [`CopyError::Differs`]: the target is not a copy of this log; copy into an empty store.
pub async fn copy(
    from: &dyn EventStore,
    to: &dyn EventStore,
    mut progress: impl FnMut(CopyProgress) + Send,
) -> Result<CopyReport, CopyError> {
    let until = from.watermark().await?;
    let mut position = to.watermark().await?;
    let mut copied = 0;
    while position < until {
        let page = read_page(from, position, until).await?;
        let read_to = page.read_to.min(until);
        if !page.events.is_empty() {
            to.import(&page.events).await?;
            copied += page.events.len() as u64;
        }
        position = read_to;
        progress(CopyProgress {
            copied,
            position,
            until,
        });
    }
    let source = checksum(from, until).await?;
    let target = checksum(to, until).await?;
    if source == target {
        Ok(CopyReport {
            copied,
            checksum: source,
        })
    } else {
        Err(CopyError::Differs {
            live: source,
            copied: target,
        })
    }
}

/// The number of a log's events up to a position, and a hash over all that is stored of them.
///
/// Two logs with the same checksum are the same, whatever databases they are in.
///
/// # Errors
/// The log could not be read; try again if the error's kind says so.
pub async fn checksum(store: &dyn EventStore, until: Position) -> Result<Checksum, StoreError> {
    let mut hash = twox_hash::XxHash3_128::new();
    let mut events = 0;
    let mut position = Position::ZERO;
    while position < until {
        let page = read_page(store, position, until).await?;
        for event in page.events.iter() {
            hash_event(&mut hash, &event);
            events += 1;
        }
        if page.read_to == position {
            break;
        }
        position = page.read_to;
    }
    Ok(Checksum {
        events,
        hash: hash.finish_128(),
    })
}

/// A page of the log, without what comes after the last position.
async fn read_page(
    store: &dyn EventStore,
    after: Position,
    until: Position,
) -> Result<LogPage, StoreError> {
    let mut page = store.read_log(&LogQuery::after(after)).await?;
    if page.read_to > until {
        let mut events = Page::new();
        let wanted = page.events.iter().filter(|event| event.position <= until);
        wanted.for_each(|event| events.push(&event.row()));
        page.events = events;
    }
    Ok(page)
}

fn hash_event(hash: &mut twox_hash::XxHash3_128, event: &StoredEvent<'_>) {
    let texts = [
        Some(event.category),
        Some(event.stream_id),
        Some(event.event_type),
        Some(event.payload),
        event.metadata,
    ];
    for text in texts {
        // With its length, so that no text can pass for the end of another.
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hash.write(&length.to_le_bytes());
        hash.write(text.unwrap_or_default().as_bytes());
    }
    hash.write(&event.position.0.to_le_bytes());
    hash.write(&event.version.0.to_le_bytes());
    hash.write(&event.schema_version.0.to_le_bytes());
    hash.write(event.event_id.as_bytes());
    hash.write(&event.recorded_at.timestamp_micros().to_le_bytes());
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyProgress {
    /// Events copied by this call.
    pub copied: u64,
    /// The position up to which everything has been copied.
    pub position: Position,
    /// The position up to which this call copies.
    pub until: Position,
}

/// What a copy has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Events copied by this call; fewer than there are if an earlier call copied some.
    pub copied: u64,
    /// What both logs hold now, up to where the copy went.
    pub checksum: Checksum,
}

/// The number of events of a log, and a hash over them (XXH3, 128 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checksum {
    /// How many events there are.
    pub events: u64,
    /// The hash, over everything that is stored of them.
    pub hash: u128,
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.hash)
    }
}

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// One of the stores failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target holds something else than the source.
    #[error(
        "the target is not a copy: {} events with checksum {copied}, the source has {} with {live}",
        copied.events, live.events
    )]
    Differs {
        /// What the source holds.
        live: Checksum,
        /// What the target holds.
        copied: Checksum,
    },
}
