//! cqrs-es 0.5.

mod account;
mod peer;

use cqrs_es::persist::PersistedEventRepository;
use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use sqlx::{PgPool, SqlitePool};

use crate::peer::{Frameworks, replay};

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    if arguments.is_postgres() {
        go::<PostgresEventRepository>(&arguments).await
    } else {
        go::<SqliteEventRepository>(&arguments).await
    }
}

async fn go<R: Opened>(arguments: &Arguments) -> Outcome {
    let url = &arguments.url;
    match arguments.phase {
        Phase::Replay => {
            let repository = R::on(&R::open(url, 1).await?);
            return measure_replay(&arguments.sizes, replay(repository)).await;
        }
        Phase::SeedReplay => R::create_tables(url).await?,
        _ => {}
    }
    run(arguments, async |connections| {
        let pool = R::open(url, connections).await?;
        Ok(Frameworks::new(|| R::on(&pool)))
    })
    .await
}

/// The two databases.
trait Opened: PersistedEventRepository + Send + Sync + Sized + 'static {
    type Pool: Send + Sync;

    fn create_tables(url: &str) -> impl Future<Output = Outcome> + Send;
    fn open(url: &str, connections: usize) -> impl Future<Output = Outcome<Self::Pool>> + Send;
    fn on(pool: &Self::Pool) -> Self;
}

impl Opened for PostgresEventRepository {
    type Pool = PgPool;

    async fn create_tables(url: &str) -> Outcome {
        let pool = Self::open(url, 1).await?;
        let tables = sqlx::raw_sql(include_str!("postgres.sql"));
        tables.execute(&pool).await?;
        Ok(())
    }

    async fn open(url: &str, connections: usize) -> Outcome<PgPool> {
        peers_shared::postgres(url, connections).await
    }

    fn on(pool: &PgPool) -> Self {
        Self::new(pool.clone())
    }
}

impl Opened for SqliteEventRepository {
    type Pool = SqlitePool;

    async fn create_tables(path: &str) -> Outcome {
        let pool = Self::open(path, 1).await?;
        let tables = sqlx::raw_sql(include_str!("sqlite.sql"));
        tables.execute(&pool).await?;
        Ok(())
    }

    async fn open(path: &str, connections: usize) -> Outcome<SqlitePool> {
        peers_shared::sqlite(path, connections).await
    }

    fn on(pool: &SqlitePool) -> Self {
        Self::new(pool.clone())
    }
}
