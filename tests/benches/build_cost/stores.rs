//! A program with the store crate and one database, beside one with sqlx alone; and beside one with
//! sqlx and the crates that whoever keeps events in it by hand needs for them.

use std::fs;
use std::path::Path;

use super::packages::{Packages, ours};
use super::spent::Spent;

/// The databases, and what the store needs of sqlx for each.
const DATABASES: [(&str, &str); 2] = [
    ("sqlite", r#""runtime-tokio", "sqlite""#),
    (
        "postgres",
        r#""runtime-tokio", "postgres", "chrono", "uuid""#,
    ),
];

/// What events by hand need: JSON with derives, ids and times.
const FOR_EVENTS: &str = r#"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
uuid = { version = "1", features = ["fast-rng", "serde", "v7"] }
chrono = { version = "0.4", default-features = false, features = ["now", "serde", "std"] }
"#;

const NAMES: [&str; 3] = ["alone", "events", "store"];

/// Prints what it takes to build them from nothing.
pub(crate) fn measure(folder: &Path, rounds: usize) {
    println!("A store and one database, built from nothing, medians of {rounds} rounds:");
    println!();
    println!(
        "| | sqlx alone | with serde, uuid and chrono | rehydrate-sqlx | to sqlx alone | to that with serde, uuid and chrono |"
    );
    println!("|---|---|---|---|---|---|");
    for (database, features) in DATABASES {
        let packages = packages(folder, database, features);
        let build = |name: &str| {
            let target = packages.target(name);
            if target.exists() {
                fs::remove_dir_all(&target).expect("it can be removed");
            }
            Spent::running(&mut packages.cargo("build", name, name))
        };
        let mut spent = NAMES.map(|_| Vec::new());
        for _ in 0..rounds {
            for (name, spent) in NAMES.iter().zip(&mut spent) {
                spent.push(build(name));
            }
        }
        let crates = NAMES.map(|name| crates(&packages, name));
        let spent = spent.map(|all| Spent::median(&all));
        let row = |what: &str, of: fn(Spent) -> f64| {
            let [alone, events, store] = spent.map(of);
            println!(
                "| {database}, {what} | {alone:.1} s | {events:.1} s | {store:.1} s | {:.2} | {:.2} |",
                store / alone,
                store / events
            );
        };
        row("clock", |spent| spent.wall);
        row("processor", |spent| spent.cpu);
        let [alone, events, store] = crates;
        println!("| {database}, crates | {alone} | {events} | {store} | | |");
    }
}

fn packages(folder: &Path, database: &str, features: &str) -> Packages {
    let alone = format!(
        r#"sqlx = {{ version = "0.9", default-features = false, features = [{features}] }}"#
    );
    let store = format!(
        "rehydrate-sqlx = {{ path = {:?}, default-features = false, features = [{database:?}] }}",
        ours().join("sqlx-store")
    );
    let events = format!("{alone}{FOR_EVENTS}");
    let dependencies = [alone, events, store];
    let all: Vec<_> = NAMES
        .into_iter()
        .zip(dependencies)
        .map(|(name, dependencies)| (name, dependencies, String::new()))
        .collect();
    Packages::write(folder.join(database), &all)
}

/// How many crates a build has compiled: cargo keeps a folder for each.
fn crates(packages: &Packages, name: &str) -> usize {
    let kept = packages.target(name).join("debug/.fingerprint");
    fs::read_dir(kept).expect("it was built").count()
}
