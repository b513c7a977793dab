//! Appends to a store without end and says what was acknowledged, to be killed by a test.
//!
//! `acknowledging_writer STORE RUN` prints a line `STREAM VERSION NUMBER` after each append;
//! `acknowledging_writer SQLITE-URL RUN normal` does not wait for the disk.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate::{CommandContext, EventStore, Repository};
use rehydrate_sqlx::{SqliteOptions, SqliteStore, Synchronous};
use rehydrate_tests::account::{Account, AccountEvent};

const WRITERS: u64 = 8;
const STREAMS: u64 = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(run)) = (arguments.next(), arguments.next()) else {
        return Err("usage: acknowledging_writer STORE RUN".into());
    };
    let store: Arc<dyn EventStore> = match arguments.next().as_deref() {
        None => rehydrate_sqlx::connect(&url).await?,
        Some("normal") => {
            let options: SqliteOptions = url.parse()?;
            let options = options.synchronous(Synchronous::Normal);
            Arc::new(SqliteStore::connect(options).await?)
        }
        Some(other) => return Err(format!("`{other}` is not `normal`").into()),
    };
    let accounts: Repository<Account> = Repository::new(store);
    let next = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(write(accounts.clone(), Arc::clone(&next), run.clone())))
        .collect();
    for writer in writers {
        writer.await??;
    }
    Ok(())
}

async fn write(
    accounts: Repository<Account>,
    next: Arc<AtomicU64>,
    run: String,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let stream = number % STREAMS;
        let context = CommandContext::new()
            .idempotency_key(format!("{run}/{number}"))
            .metadata("run", run.as_str());
        let deposit = |_: &Account| {
            Ok::<_, std::convert::Infallible>(AccountEvent::Deposited { cents: number })
        };
        let account = accounts.execute_with(&stream, context, deposit).await?;
        // One write a line, so that lines of several writers do not mix.
        let line = format!("{stream} {} {number}\n", account.version());
        std::io::stdout().lock().write_all(line.as_bytes())?;
    }
}
