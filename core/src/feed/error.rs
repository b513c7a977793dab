//! What can stand in the way of a feed.

use rehydrate_port::{ErrorKind, StoreError};

use crate::publish::EnvelopeError;
use crate::source::SourceError;

/// Why a read model is not kept from its source. What has been taken is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The projection is kept from this store's own log.
    #[error(
        "{consumer} is kept from the log of this store: run it with a Runner, or give the projection another NAME"
    )]
    KeptFromLog {
        /// The projection.
        consumer: String,
    },
    /// There is a reactor or a relay of this name in the store.
    #[error("{consumer} is a reactor or a relay on this store: give the projection another NAME")]
    NotAProjection {
        /// The projection.
        consumer: String,
    },
    /// What has been read is not what is to be read now, and an offset of one is none of the other.
    #[error(
        "{consumer} has read {stored}, and this is {own}: if that is the same under another name, say so with Feed::moved_from; otherwise give the projection another NAME, or rebuild it"
    )]
    OtherOrigin {
        /// The projection.
        consumer: String,
        /// What it was kept from.
        stored: String,
        /// What this feed reads.
        own: String,
    },
    /// A newer version of the projection is live.
    #[error(
        "version {live} of {consumer} is live, and this program has version {own}: deploy the newer program"
    )]
    NotLive {
        /// The projection.
        consumer: String,
        /// The version that is live.
        live: u32,
        /// The version of this program.
        own: u32,
    },
    /// The table in the database has another shape than the row.
    #[error(
        "the row of {consumer} has changed its shape since version {version} was built: raise its VERSION"
    )]
    ShapeChanged {
        /// The projection.
        consumer: String,
        /// The version of its definition.
        version: u32,
    },
    /// The rows have another table than those of the live build, so readers would not find them.
    #[error(
        "the table of {consumer} is {live}, and this program calls it {own}: keep the table's name, or give the projection another NAME"
    )]
    TableRenamed {
        /// The projection.
        consumer: String,
        /// The live table.
        live: String,
        /// The table of this program's definition.
        own: String,
    },
    /// Somebody has paused it.
    #[error("{consumer} is paused: resume it first")]
    Paused {
        /// The projection.
        consumer: String,
    },
    /// A message is no event. What came before it is taken; nothing after it is.
    #[error(
        "the message at {place} is no event for {consumer}: have it sent anew and pass over this one with Feed::pass_over, or let the feed skip all that are none with Unreadable::Skip"
    )]
    Unreadable {
        /// The projection.
        consumer: String,
        /// Where the message stands.
        place: String,
        /// What is wrong with it.
        source: EnvelopeError,
    },
    /// Some streams of the new build are parked, so it would go live with rows that are not whole.
    #[error(
        "{streams} streams are parked in build {build} of {consumer}: retry or skip their dead letters, then rebuild again"
    )]
    Parked {
        /// The projection.
        consumer: String,
        /// The build.
        build: u32,
        /// How many.
        streams: usize,
    },
    /// The live build has taken events that the source has not given to the new one.
    #[error(
        "the live build of {consumer} has taken later events of {streams} streams than the source still has: the new build is not put in its place"
    )]
    Behind {
        /// The projection.
        consumer: String,
        /// How many streams.
        streams: u64,
    },
    /// The build is gone, or somebody else has put it in the place of the live one.
    #[error("the new build of {consumer} was swapped in or discarded by somebody else")]
    Overtaken {
        /// The projection.
        consumer: String,
    },
    /// The application's code, or this library's, has panicked.
    #[error("{consumer} {message}")]
    Panicked {
        /// The projection.
        consumer: String,
        /// What the panic said.
        message: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FeedError {
    /// Whether it may be gone by itself.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Source(error) => matches!(error, SourceError::Unavailable { .. }),
            Self::Store(error) => {
                matches!(error.kind(), ErrorKind::TryAgain | ErrorKind::Unknown)
            }
            _ => false,
        }
    }
}
