//! Opening a store: finding out what can be wrong with the file before anybody writes to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehydrate_port::{Identity, StoreError};
use sqlx::ConnectOptions as _;

use super::Inner;
use super::connection::WriterConnection;
use super::direct;
use super::error::{Meaning, explain, meaning};
use super::migrate::{migrate, verify};
use super::options::{Access, Place, SqliteOptions};
use super::readers::Readers;
use super::statements;
use super::writer::Writer;
use crate::dialect::pace::Pace;
use crate::dialect::usage::Usage;

/// The private folder of a store that does not outlive its process; deleted when dropped.
pub(super) type Folder = tempfile::TempDir;

/// How long to wait before asking again for what SQLite does not wait for itself.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn open(options: &SqliteOptions) -> Result<Inner, StoreError> {
    let (file, name, folder) = locate(options)?;
    check_path(&file, options.access(), &name)?;
    let writer = match options.access() {
        Access::Read => None,
        Access::Create | Access::Write => {
            let connection = open_writer(options, &file, &name).await?;
            let writer = Writer::new(connection, options, &file, Arc::clone(&name));
            Some(Arc::new(writer))
        }
    };
    let readers = Arc::new(Readers::new(options, &file, Arc::clone(&name)));
    // The first one now, so that what is wrong with reading shows now, too.
    verify(&mut *readers.acquire().await?, &name).await?;
    readers.read(direct::watermark).await?;
    Ok(Inner {
        identity: Identity::unique(),
        name,
        readers,
        writer,
        usage: Usage::default(),
        pace: Pace::default(),
        _folder: folder,
    })
}

fn locate(options: &SqliteOptions) -> Result<(PathBuf, Arc<str>, Option<Folder>), StoreError> {
    match options.place() {
        Place::File(file) => Ok((file.clone(), file.display().to_string().into(), None)),
        Place::Temporary => {
            let folder = tempfile::Builder::new()
                .prefix("rehydrate-")
                .tempdir()
                .map_err(|error| {
                    let reason = "there is no folder for temporary files that can be written to";
                    cannot_open("the store in memory", reason, Some(error))
                })?;
            let file = folder.path().join("events.db");
            Ok((file, "the store in memory".into(), Some(folder)))
        }
    }
}

fn check_path(file: &Path, access: Access, name: &str) -> Result<(), StoreError> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if file == Path::new("") {
        Err(cannot_open(name, "its path is empty", None))
    } else if file.to_str().is_none_or(|path| path.contains('\0')) {
        let reason = "its path is not UTF-8, or has a zero byte in it";
        Err(cannot_open(name, reason, None))
    } else if !folder.is_dir() {
        let reason = format!("there is no folder {}: create it first", folder.display());
        Err(cannot_open(name, &reason, None))
    } else if file.is_dir() {
        Err(cannot_open(name, "it is a folder, not a file", None))
    } else if access != Access::Create && !file.exists() {
        let reason = "there is no such file, and the options forbid to create it";
        Err(cannot_open(name, reason, None))
    } else {
        Ok(())
    }
}

fn cannot_open(store: &str, reason: &str, source: Option<std::io::Error>) -> StoreError {
    StoreError::CannotOpen {
        store: store.to_owned(),
        reason: reason.to_owned(),
        source: source.map(Into::into),
    }
}

async fn open_writer(
    options: &SqliteOptions,
    file: &Path,
    name: &str,
) -> Result<WriterConnection, StoreError> {
    let mut connection = WriterConnection::open(options.writer(file), options.direct_writer(file))
        .await
        .map_err(|error| explain(name, "open the file", error))?;
    use_wal(&mut connection, options.patience(), name).await?;
    migrate(&mut connection, name).await?;
    probe(options, file, name).await?;
    Ok(connection)
}

async fn use_wal(
    connection: &mut WriterConnection,
    patience: Duration,
    name: &str,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    loop {
        let mode: Result<String, _> = sqlx::query_scalar(statements::USE_WAL)
            .fetch_one(connection.sql())
            .await;
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => {
                let reason = "its file system has no write-ahead log (a network drive?): put it on \
                    a local disk";
                return Err(cannot_open(name, reason, None));
            }
            // SQLite does not wait here, where another process is creating the same file.
            Err(error) if meaning(&error) == Meaning::Busy && begun.elapsed() < patience => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(explain(name, "switch to a write-ahead log", error)),
        }
    }
}

/// Finds out whether the file may be written: where it may not, SQLite opens it for reading
/// without a word.
async fn probe(options: &SqliteOptions, file: &Path, name: &str) -> Result<(), StoreError> {
    let probing = async {
        let mut connection = options
            .writer(file)
            .busy_timeout(Duration::ZERO)
            .connect()
            .await?;
        sqlx::query(statements::PROBE_WRITE)
            .execute(&mut connection)
            .await
    };
    match probing.await {
        Ok(_) => Ok(()),
        // Whoever may not write is told so before having to wait.
        Err(error) if meaning(&error) == Meaning::Busy => Ok(()),
        Err(error) => Err(explain(name, "write", error)),
    }
}
