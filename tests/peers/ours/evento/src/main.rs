//! evento 2 alpha, whose payloads are bitcode.

mod account;
mod peer;
mod replay;

use evento::Executor;
use evento::migrator::{Migrate, Plan};
use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::peer::Accounts;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    if arguments.is_postgres() {
        go::<evento::Postgres>(&arguments).await
    } else {
        go::<evento::Sqlite>(&arguments).await
    }
}

async fn go<E: Opened>(arguments: &Arguments) -> Outcome {
    let url = &arguments.url;
    match arguments.phase {
        Phase::Replay => {
            let executor = E::open(url, 1).await?;
            return measure_replay(&arguments.sizes, replay::all(&executor)).await;
        }
        Phase::SeedReplay => E::create_tables(url).await?,
        _ => {}
    }
    run(arguments, async |count| {
        Ok(Accounts(E::open(url, count).await?))
    })
    .await
}

/// The two databases.
trait Opened: Executor + Clone + Send + Sync + 'static {
    fn create_tables(url: &str) -> impl Future<Output = Outcome> + Send;
    fn open(url: &str, connections: usize) -> impl Future<Output = Outcome<Self>> + Send;
}

impl Opened for evento::Postgres {
    async fn create_tables(url: &str) -> Outcome {
        let mut connection = postgres(url, 1).await?.acquire().await?;
        evento::sql_migrator::new::<sqlx::Postgres>()?
            .run(&mut *connection, &Plan::apply_all())
            .await?;
        Ok(())
    }

    async fn open(url: &str, connections: usize) -> Outcome<Self> {
        Ok(postgres(url, connections).await?.into())
    }
}

impl Opened for evento::Sqlite {
    async fn create_tables(path: &str) -> Outcome {
        let mut connection = sqlite(path, 1).await?.acquire().await?;
        evento::sql_migrator::new::<sqlx::Sqlite>()?
            .run(&mut *connection, &Plan::apply_all())
            .await?;
        Ok(())
    }

    async fn open(path: &str, connections: usize) -> Outcome<Self> {
        Ok(sqlite(path, connections).await?.into())
    }
}

async fn postgres(url: &str, connections: usize) -> Outcome<PgPool> {
    let connections = u32::try_from(connections)?;
    let options = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections);
    Ok(options.connect(url).await?)
}

/// With the settings that every contestant has.
async fn sqlite(path: &str, connections: usize) -> Outcome<SqlitePool> {
    let connections = u32::try_from(connections)?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let options = SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections);
    Ok(options.connect_with(connect).await?)
}
