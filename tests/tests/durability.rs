//! What was acknowledged is there after the process is killed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures_util::TryStreamExt;
use rehydrate::{CommandContext, Decoded, Position, Repository};
use rehydrate_sqlx::{SqliteStore, Synchronous};
use rehydrate_tests::account::{Account, AccountEvent};
use tempfile::TempDir;

fn start_writer(url: &str, run: &str, synchronous: Synchronous) -> Child {
    let normal = (synchronous == Synchronous::Normal).then_some("normal");
    Command::new(env!("CARGO_BIN_EXE_acknowledging_writer"))
        .args([url, run])
        .args(normal)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the writer (SIGKILL) after some acknowledgements; returns all that it got out.
fn kill_after(mut writer: Child, lines: usize) -> Vec<(u64, u64, u64)> {
    let mut output = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for _ in 0..lines {
        acknowledged.push(output.next().unwrap().unwrap());
    }
    writer.kill().unwrap();
    // What was still in the pipe was acknowledged too; the last line may be half a line.
    acknowledged.extend(output.map_while(Result::ok));
    writer.wait().unwrap();
    let parse = |line: &String| {
        let mut numbers = line.split(' ').map(str::parse);
        let stream = numbers.next()?.ok()?;
        let version = numbers.next()?.ok()?;
        Some((stream, version, numbers.next()?.ok()?))
    };
    acknowledged.iter().filter_map(parse).collect()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_once_after_the_process_is_killed() {
    killed_again_and_again(Synchronous::Full, [40, 300, 700]).await;
}

/// A process that is killed takes nothing from the system's memory along. These appends are written
/// where they are asked for, with checkpoints beside them.
#[tokio::test]
async fn so_it_is_where_no_append_waits_for_the_disk() {
    killed_again_and_again(Synchronous::Normal, [900, 3_000, 2_100]).await;
}

async fn killed_again_and_again(synchronous: Synchronous, lines: [usize; 3]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.db");
    let url = format!("sqlite://{}", path.display());
    let mut acknowledged = HashMap::new();
    for (run, lines) in ["first", "second", "third"].into_iter().zip(lines) {
        let lines = kill_after(start_writer(&url, run, synchronous), lines);
        println!("{run} run: killed after {} acknowledgements", lines.len());
        for (stream, version, number) in lines {
            let previous = acknowledged.insert((stream, version), (run, number));
            assert_eq!(
                previous, None,
                "version {version} of {stream} was given out twice"
            );
        }
        let store = SqliteStore::open(&path).await.unwrap();
        let accounts: Repository<Account> = Repository::new(store.clone());
        let mut stored = HashMap::new();
        for stream in 0..5 {
            let entries: Vec<_> = accounts.history(&stream).try_collect().await.unwrap();
            for (version, entry) in (1..).zip(entries) {
                assert_eq!(entry.version.get(), version, "no hole");
                let run = entry.metadata.custom["run"].as_str().unwrap().to_owned();
                let Decoded::One(AccountEvent::Deposited { cents }) = entry.events else {
                    panic!("only deposits were made");
                };
                let twice = stored.insert((run, cents), (stream, version));
                assert_eq!(twice, None, "an event was stored twice");
            }
            let quick = accounts.load(&stream).await.unwrap();
            let full = accounts
                .clone()
                .without_snapshots()
                .load(&stream)
                .await
                .unwrap();
            assert_eq!(*quick, *full, "snapshots survived too");
        }
        for ((stream, version), (run, number)) in &acknowledged {
            let place = stored.get(&((*run).to_owned(), *number));
            assert_eq!(
                place,
                Some(&(*stream, *version)),
                "acknowledged, so it is there"
            );
        }
        assert_eq!(
            accounts.store().watermark().await.unwrap(),
            Position(stored.len() as u64)
        );
        // Whoever was not answered sends the command again, and it happens once.
        let context = CommandContext::new().idempotency_key(format!("{run}/0"));
        let deposit = |account: &Account| account.deposit(0);
        let again = accounts.execute_with(&0, context, deposit).await.unwrap();
        assert!(again.is_duplicate());
    }
}
