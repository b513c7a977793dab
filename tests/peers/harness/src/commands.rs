//! W1 to W4: creating, commands, a large commit, loading.

use std::sync::Arc;
use std::time::Instant;

use crate::arguments::Workloads;
use crate::domain::{deposit, event, expected_account};
use crate::id::{Id, Kind};
use crate::machine::processor_seconds;
use crate::peer::{Loaded, Outcome, Peer, Source, Task};
use crate::report::Measurement;
use crate::seed::TAIL;
use crate::sizes::{CommandSizes, Sizes};
use crate::together;

/// Runs W1 to W4 on one connection.
///
/// # Errors
/// The contestant failed, or it came to a wrong result.
pub async fn measure<P: Peer>(peer: &P, sizes: &Sizes, workloads: &Workloads) -> Outcome {
    if workloads.has("w1") {
        create(peer, sizes).await?;
    }
    if workloads.has("w2") {
        for commands in &sizes.commands {
            command(peer, *commands, Source::Events).await?;
        }
        if P::loads_from(Source::Snapshot) {
            command(peer, sizes.longest(), Source::Snapshot).await?;
        }
        if P::loads_from(Source::Cache) {
            let commands = CommandSizes {
                each: sizes.cached_commands,
                ..sizes.shortest()
            };
            command(peer, commands, Source::Cache).await?;
        }
    }
    if workloads.has("w3") {
        batch(peer, sizes).await?;
    }
    if workloads.has("w4") {
        load(peer, sizes, Source::Events).await?;
        if P::loads_from(Source::Snapshot) {
            load(peer, sizes, Source::Snapshot).await?;
        }
    }
    Ok(())
}

async fn create<P: Peer>(peer: &P, sizes: &Sizes) -> Outcome {
    for number in 0..sizes.created / 20 {
        peer.create(&Id::fresh(Kind::Create, number)).await?;
    }
    let used = processor_seconds()?;
    let mut times = Vec::new();
    let mut last = Id::fresh(Kind::Create, 0);
    let begun = Instant::now();
    for number in 0..sizes.created {
        last = Id::fresh(Kind::Create, number);
        let begun = Instant::now();
        peer.create(&last).await?;
        times.push(microseconds(begun));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let used = (processor_seconds()? - used) * 1e6 / times.len() as f64;
    compare(peer.load(&last, Source::Events).await?, &last, 1)?;
    Measurement::of_latencies("w1", times, seconds).print()?;
    Measurement::new("w1_processor", &[("us", used)]).print()
}

/// W1 by several writers, each on a connection of its own where the contestant has connections.
pub(crate) async fn create_at_once<P: Peer>(peer: &Arc<P>, sizes: &Sizes) -> Outcome {
    // Every connection is opened, and has its statements, before the time begins.
    write_at_once(peer, sizes.writers, 20).await?;
    let each = sizes.created / sizes.writers;
    let begun = Instant::now();
    let created = write_at_once(peer, sizes.writers, each).await?;
    let seconds = begun.elapsed().as_secs_f64();
    for id in &created {
        compare(peer.load(id, Source::Events).await?, id, 1)?;
    }
    let rate = (each * sizes.writers) as f64 / seconds;
    Measurement::new("w1_writers", &[("ops_s", rate)]).print()
}

/// The last account of each writer.
async fn write_at_once<P: Peer>(peer: &Arc<P>, writers: u64, each: u64) -> Outcome<Vec<Id>> {
    let mut last = Vec::new();
    let mut tasks: Vec<Task> = Vec::new();
    for writer in 0..writers {
        let base = Id::fresh(Kind::Create, writer).number;
        let base = u64::try_from(base & u128::from(u64::MAX))?;
        let id = move |number: u64| Id::new(Kind::Create, base.wrapping_add(number << 32));
        last.push(id(each - 1));
        let peer = Arc::clone(peer);
        tasks.push(P::spawn(Box::pin(async move {
            for number in 0..each {
                peer.create(&id(number)).await?;
            }
            Ok(())
        })));
    }
    together::all(tasks).await?;
    Ok(last)
}

async fn command<P: Peer>(peer: &P, commands: CommandSizes, source: Source) -> Outcome {
    let (kind, warm_up, tail, name) = match source {
        Source::Events => (Kind::Command, Kind::Load, 0, ""),
        Source::Snapshot => (
            Kind::CommandFromSnapshot,
            Kind::LoadFromSnapshot,
            TAIL,
            "_snapshot",
        ),
        Source::Cache => (Kind::CommandFromCache, Kind::Load, 0, "_cache"),
    };
    // The statements are prepared, and the tables are in memory, before the time begins.
    for _ in 0..3 {
        peer.load(&Id::new(warm_up, 0), source).await?;
    }
    if source == Source::Cache {
        for account in 0..commands.accounts {
            peer.load(&commands.id(kind, account), source).await?;
        }
    }
    let before = commands.events + tail;
    let mut times = Vec::new();
    let begun = Instant::now();
    for number in 0..commands.each {
        for account in 0..commands.accounts {
            let id = commands.id(kind, account);
            let deposit = deposit(&id, before + number);
            let begun = Instant::now();
            peer.command(&id, source, deposit).await?;
            times.push(microseconds(begun));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    for account in [0, commands.accounts - 1] {
        let id = commands.id(kind, account);
        let mut expected = expected_account(&id, before);
        for number in before..before + commands.each {
            expected.apply(&deposit(&id, number).into_event(&id));
        }
        same(peer.load(&id, source).await?, expected.loaded())?;
        if source == Source::Cache {
            // What is kept in memory is in the store, too.
            same(peer.load(&id, Source::Events).await?, expected.loaded())?;
        }
    }
    let name = format!("w2_{}{name}", commands.events);
    Measurement::of_latencies(&name, times, seconds).print()
}

async fn batch<P: Peer>(peer: &P, sizes: &Sizes) -> Outcome {
    let events = sizes.batch;
    let warm_up = Id::fresh(Kind::Batch, 0);
    peer.batch(&warm_up, Source::Events, 0, events).await?;
    for number in 1..=sizes.batches {
        let id = Id::fresh(Kind::Batch, number);
        let begun = Instant::now();
        peer.batch(&id, Source::Events, 0, events).await?;
        let seconds = begun.elapsed().as_secs_f64();
        compare(peer.load(&id, Source::Events).await?, &id, events)?;
        let rate = events as f64 / seconds;
        Measurement::new("w3", &[("events_s", rate), ("ms", seconds * 1e3)]).print()?;
    }
    Ok(())
}

async fn load<P: Peer>(peer: &P, sizes: &Sizes, source: Source) -> Outcome {
    let (name, kind, events) = match source {
        Source::Snapshot => ("w4_snapshot", Kind::LoadFromSnapshot, sizes.loaded + TAIL),
        Source::Events | Source::Cache => ("w4", Kind::Load, sizes.loaded),
    };
    let id = Id::new(kind, 0);
    let expected = expected_account(&id, events).loaded();
    same(peer.load(&id, source).await?, expected)?;
    let mut times = Vec::new();
    for _ in 0..sizes.loads {
        let begun = Instant::now();
        let found = peer.load(&id, source).await?;
        times.push(begun.elapsed().as_secs_f64());
        same(found, expected)?;
    }
    times.sort_by(f64::total_cmp);
    let seconds = times[times.len() / 2];
    let milliseconds = ("ms", seconds * 1e3);
    match source {
        // What is before the snapshot is not read.
        Source::Snapshot => Measurement::new(name, &[milliseconds]),
        Source::Events | Source::Cache => {
            let rate = events as f64 / seconds;
            Measurement::new(name, &[milliseconds, ("events_s", rate)])
        }
    }
    .print()
}

fn compare(found: Loaded, id: &Id, events: u64) -> Outcome {
    let mut expected = crate::domain::Account::default();
    for number in 0..events {
        expected.apply(&event(id, number));
    }
    same(found, expected.loaded())
}

fn same(found: Loaded, expected: Loaded) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("wrong state: {found:?} in place of {expected:?}").into())
    }
}

fn microseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6
}
