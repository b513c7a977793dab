//! What the contestants find in their databases. It is made once and copied for every turn.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, slice};

use peers_harness::Outcome;

use crate::contestants::{ALL, Backend, Contestant};
use crate::options::Options;
use crate::postgres::Server;
use crate::programs::Programs;
use crate::sqlite;

/// Streams of the log that shows whether memory is flat: ten times as many as of the other one.
const LONG: &str = "10000";

/// A log that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    /// What W5 replays.
    Replay,
    /// That, and the accounts of W2 and W4.
    Commands,
    /// Ten times as much as W5 replays.
    Long,
}

/// The kept databases.
#[derive(Debug)]
pub(crate) struct Seeds<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) server: Option<&'a Server>,
    pub(crate) folder: &'a Path,
    pub(crate) small: bool,
}

impl Seeds<'_> {
    /// Makes what is missing for these contestants.
    pub(crate) async fn make(&self, chosen: &[&'static Contestant], options: &Options) -> Outcome {
        let seeds: BTreeSet<&str> = chosen.iter().map(|one| one.seed).collect();
        for backend in [Backend::Pg, Backend::Sqlite] {
            if !options.has(backend) {
                continue;
            }
            for &seed in &seeds {
                let who = chosen.iter().filter(|one| one.seed == seed);
                let who: Vec<_> = who.filter(|one| one.is_on(backend)).collect();
                // Whoever comes first in the list makes it, whoever is chosen.
                let Some(maker) = ALL.iter().find(|one| one.seed == seed) else {
                    continue;
                };
                if who.is_empty() || !maker.is_on(backend) {
                    continue;
                }
                let wants_long = options.wants_memory() && who.iter().any(|one| one.shows_memory());
                self.make_of(maker, backend, options.reseed, wants_long)
                    .await?;
            }
        }
        Ok(())
    }

    async fn make_of(
        &self,
        maker: &Contestant,
        backend: Backend,
        anew: bool,
        wants_long: bool,
    ) -> Outcome {
        let mut wanted = vec![Seed::Replay, Seed::Commands];
        if wants_long {
            wanted.push(Seed::Long);
        }
        for seed in wanted {
            if !anew && self.is_there(maker, backend, seed).await? {
                continue;
            }
            let begun = Instant::now();
            match backend {
                Backend::Pg => self.fill_database(maker, seed).await?,
                Backend::Sqlite | Backend::Memory => self.fill_file(maker, seed).await?,
            }
            let seconds = begun.elapsed().as_secs();
            println!("seeded {backend:?} {}: {seed:?}, {seconds} s", maker.seed);
        }
        Ok(())
    }

    async fn fill_database(&self, maker: &Contestant, seed: Seed) -> Outcome {
        let server = self.server()?;
        let name = self.name(maker, seed);
        server.drop_database("making").await?;
        let create = match seed {
            Seed::Commands => {
                let replay = self.name(maker, Seed::Replay);
                format!("CREATE DATABASE making TEMPLATE {replay} STRATEGY file_copy")
            }
            Seed::Replay | Seed::Long => "CREATE DATABASE making".to_owned(),
        };
        let lax = "ALTER DATABASE making SET synchronous_commit = off";
        server.execute("postgres", &[&create, lax]).await?;
        self.fill(maker, seed, &server.url("making"))?;
        server.execute("making", &["VACUUM (ANALYZE)"]).await?;
        server.drop_database(&name).await?;
        let strict = "ALTER DATABASE making RESET synchronous_commit";
        let rename = format!("ALTER DATABASE making RENAME TO {name}");
        server.execute("postgres", &[strict, &rename]).await
    }

    async fn fill_file(&self, maker: &Contestant, seed: Seed) -> Outcome {
        let making = self.folder.join("making.sqlite");
        sqlite::remove(&making)?;
        if seed == Seed::Commands {
            sqlite::copy(&self.file(maker, Seed::Replay), &making)?;
        }
        self.fill(maker, seed, &making.display().to_string())?;
        sqlite::settle(&making).await?;
        let file = self.file(maker, seed);
        sqlite::remove(&file)?;
        fs::rename(&making, file)?;
        sqlite::remove(&making)
    }

    fn fill(&self, maker: &Contestant, seed: Seed, url: &str) -> Outcome {
        let mut arguments = match seed {
            Seed::Replay => vec!["seed-replay", url],
            Seed::Commands => vec!["seed-commands", url],
            Seed::Long => vec!["seed-replay", url, "--streams", LONG],
        };
        if self.small && seed != Seed::Long {
            arguments.push("--small");
        }
        self.programs.call(maker, &arguments).map(drop)
    }

    async fn is_there(&self, maker: &Contestant, backend: Backend, seed: Seed) -> Outcome<bool> {
        match backend {
            Backend::Pg => self.server()?.has(&self.name(maker, seed)).await,
            Backend::Sqlite | Backend::Memory => Ok(self.file(maker, seed).exists()),
        }
    }

    pub(crate) fn server(&self) -> Outcome<&Server> {
        self.server.ok_or_else(|| "no server was started".into())
    }

    /// The database on the server.
    pub(crate) fn name(&self, contestant: &Contestant, seed: Seed) -> String {
        let size = if self.small { "small" } else { "full" };
        let name = format!("{}_{seed:?}_{size}", contestant.seed).to_lowercase();
        name.replace('-', "_")
    }

    /// The file of SQLite.
    pub(crate) fn file(&self, contestant: &Contestant, seed: Seed) -> PathBuf {
        let name = self.name(contestant, seed);
        self.folder.join(name).with_extension("sqlite")
    }

    /// How a contestant is told the size of a log.
    pub(crate) fn size(&self, seed: Seed) -> &[&'static str] {
        match seed {
            Seed::Long => &["--streams", LONG],
            Seed::Replay | Seed::Commands if self.small => slice::from_ref(&"--small"),
            Seed::Replay | Seed::Commands => &[],
        }
    }
}
