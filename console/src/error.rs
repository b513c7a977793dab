//! Why a command was not carried out.

use std::io;

use rehydrate::{
    BoxError, CopyError, LoadError, OperationError, RebuildError, ReplayError, StoreError,
    UpcastCopyError, VerifyLogError,
};

use crate::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpsError {
    /// The command line names something that is not there to be named.
    #[error("{0}")]
    Usage(String),
    /// It does not exist, or not any more.
    #[error("{0}")]
    Missing(String),
    #[error("{what}")]
    Because { what: String, source: BoxError },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    UpcastCopy(#[from] UpcastCopyError),
    #[error(transparent)]
    VerifyLog(#[from] VerifyLogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write the result")]
    Write(#[from] io::Error),
    #[error("the result cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl OpsError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Operation(OperationError::Unknown { .. }) => Exit::Usage,
            // Whoever read the output has gone away, as `head` does.
            Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
            _ => Exit::Attention,
        }
    }
}
