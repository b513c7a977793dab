//! Everybody's turns.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use peers_harness::{Measurement, Outcome, busy};

use crate::contestants::{ALL, Backend, Contestant, ES_ENTITY, Group};
use crate::options::Options;
use crate::postgres::Server;
use crate::probe::{Probe, part};
use crate::programs::{Programs, run as run_to_end};
use crate::results::Results;
use crate::seeds::{Seed, Seeds};
use crate::sqlite;

/// The database that a contestant writes to in its turn.
const TURN: &str = "turn";

/// Measures, and returns what was measured.
pub(crate) async fn run(options: &Options) -> Outcome<Results> {
    let folder = Options::folder()?;
    let chosen: Vec<_> = ALL.iter().filter(|one| options.chooses(one)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = ALL.iter().map(|one| one.name).collect();
        return Err(format!("nobody is chosen; there are {}", names.join(", ")).into());
    }
    let _alone = alone_in(&folder)?;
    let has_es_entity = chosen.iter().any(|one| one.program == ES_ENTITY);
    let needs_server = has_es_entity
        || options.has(Backend::Pg) && chosen.iter().any(|one| one.is_on(Backend::Pg));
    let server = needs_server.then(|| Server::start(&folder)).transpose()?;
    let database = match &server {
        Some(server) if has_es_entity => server.with_tables_of_es_entity().await?,
        _ => String::new(),
    };
    let makers = ALL.iter().filter(|one| {
        let first = ALL.iter().find(|other| other.seed == one.seed);
        chosen.iter().any(|other| other.seed == one.seed)
            && first.is_some_and(|first| first.name == one.name)
    });
    let built: Vec<_> = chosen.iter().copied().chain(makers).collect();
    let programs = Programs::build(&built, &options.profile, &database)?;
    let data = folder.join("sqlite");
    fs::create_dir_all(&data)?;
    let seeds = Seeds {
        programs: &programs,
        server: server.as_ref(),
        folder: &data,
        small: options.small,
    };
    if !options.commands().is_empty() || options.workloads().has("w5") || options.wants_memory() {
        seeds.make(&chosen, options).await?;
    }
    let mut turns = Turns {
        options,
        seeds,
        results: Results::begin(&folder, options)?,
        folder,
    };
    for round in 0..options.rounds() {
        turns.round(round, &chosen).await?;
    }
    Ok(turns.results)
}

/// Two runs in one folder would stop each other's server.
fn alone_in(folder: &Path) -> Outcome<File> {
    let lock = File::create(folder.join("lock"))?;
    lock.try_lock()
        .map_err(|error| format!("another run uses {}: {error}", folder.display()))?;
    Ok(lock)
}

struct Turns<'a> {
    options: &'a Options,
    seeds: Seeds<'a>,
    folder: PathBuf,
    results: Results,
}

impl Turns<'_> {
    async fn round(&mut self, round: u32, chosen: &[&'static Contestant]) -> Outcome {
        for backend in [Backend::Pg, Backend::Sqlite, Backend::Memory] {
            if backend != Backend::Memory && !self.options.has(backend) {
                continue;
            }
            let takes_part = |one: &&&Contestant| match backend {
                Backend::Memory => one.folds,
                Backend::Pg | Backend::Sqlite => one.is_on(backend),
            };
            let mut here: Vec<&Contestant> = chosen.iter().filter(takes_part).copied().collect();
            if here.is_empty() || backend == Backend::Memory && !self.options.workloads().has("w6")
            {
                continue;
            }
            let first = usize::try_from(round)? % here.len();
            here.rotate_left(first);
            for contestant in &here {
                self.turn(round, backend, contestant, false).await?;
            }
            // The same once more says what a difference between two contestants is worth.
            let again = here.iter().find(|one| one.group == Group::Sqlx);
            if let (Some(contestant), true) = (again, backend != Backend::Memory) {
                self.turn(round, backend, contestant, true).await?;
            }
        }
        Ok(())
    }

    async fn turn(
        &mut self,
        round: u32,
        backend: Backend,
        contestant: &Contestant,
        again: bool,
    ) -> Outcome {
        let patience = Duration::from_secs(self.options.patience);
        let mut probe = Probe::of_a_quiet_machine(&self.folder, patience)?;
        let begun = Instant::now();
        let before = busy()?;
        let measured = match backend {
            Backend::Pg => self.on_postgres(contestant, again).await?,
            Backend::Sqlite => self.on_sqlite(contestant, again)?,
            Backend::Memory => self.call(contestant, &["fold"], Seed::Replay)?,
        };
        probe.stolen = part(before, busy()?).1;
        let name = contestant.name;
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "round {round} {backend:?} {name}{}: {seconds:.1} s, {:.0} % busy before",
            if again { " again" } else { "" },
            probe.busy * 100.0
        );
        let name = if again {
            format!("{name} again")
        } else {
            name.to_owned()
        };
        self.results.add(round, backend, &name, probe, measured)
    }

    async fn on_postgres(&self, contestant: &Contestant, again: bool) -> Outcome<Vec<Measurement>> {
        let server = self.seeds.server()?;
        let mut measured = Vec::new();
        let commands = self.options.commands();
        if !commands.is_empty() {
            let seed = self.seeds.name(contestant, Seed::Commands);
            server.copy(&seed, TURN).await?;
            run_to_end(&mut std::process::Command::new("sync"))?;
            measured.extend(self.commands(contestant, &server.url(TURN), &commands)?);
            server.drop_database(TURN).await?;
        }
        for (seed, times) in self.replays(contestant, again) {
            let name = self.seeds.name(contestant, seed);
            server.warm_up(&name).await?;
            measured.extend(self.replay(contestant, &server.url(&name), seed, times)?);
        }
        Ok(measured)
    }

    fn on_sqlite(&self, contestant: &Contestant, again: bool) -> Outcome<Vec<Measurement>> {
        let mut measured = Vec::new();
        let commands = self.options.commands();
        if !commands.is_empty() {
            let file = self.seeds.folder.join(TURN).with_extension("sqlite");
            let seed = self.seeds.file(contestant, Seed::Commands);
            sqlite::copy(&seed, &file)?;
            measured.extend(self.commands(contestant, &text(&file), &commands)?);
            sqlite::remove(&file)?;
        }
        for (seed, times) in self.replays(contestant, again) {
            let file = self.seeds.file(contestant, seed);
            measured.extend(self.replay(contestant, &text(&file), seed, times)?);
        }
        Ok(measured)
    }

    /// Which logs are replayed, and how often.
    fn replays(&self, contestant: &Contestant, again: bool) -> Vec<(Seed, u32)> {
        let mut replays = Vec::new();
        if self.options.workloads().has("w5") {
            replays.push((Seed::Replay, contestant.replays));
        }
        if self.options.wants_memory() && contestant.shows_memory() && !again {
            replays.push((Seed::Long, 1));
        }
        replays
    }

    fn commands(
        &self,
        contestant: &Contestant,
        url: &str,
        workloads: &str,
    ) -> Outcome<Vec<Measurement>> {
        let arguments = ["commands", url, "--workloads", workloads];
        self.call(contestant, &arguments, Seed::Commands)
    }

    fn replay(
        &self,
        contestant: &Contestant,
        url: &str,
        seed: Seed,
        times: u32,
    ) -> Outcome<Vec<Measurement>> {
        let mut measured = Vec::new();
        for _ in 0..times {
            for mut one in self.call(contestant, &["replay", url], seed)? {
                if seed == Seed::Long {
                    one.workload.push_str("_long");
                }
                measured.push(one);
            }
        }
        Ok(measured)
    }

    fn call(
        &self,
        contestant: &Contestant,
        arguments: &[&str],
        seed: Seed,
    ) -> Outcome<Vec<Measurement>> {
        let arguments = [arguments, self.seeds.size(seed)].concat();
        self.seeds.programs.call(contestant, &arguments)
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
