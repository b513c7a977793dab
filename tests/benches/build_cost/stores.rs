//! A program with the store crate and one database, beside one with sqlx alone.

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

/// Prints what it takes to build them from nothing.
pub(crate) fn measure(folder: &Path, rounds: usize) {
    println!("A store and one database, built from nothing, medians of {rounds} rounds:");
    println!();
    println!("| | crates | sqlx alone | crates | rehydrate-sqlx | ratio |");
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
        let (mut theirs, mut own) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            theirs.push(build("alone"));
            own.push(build("store"));
        }
        let crates = ["alone", "store"].map(|name| crates(&packages, name));
        let [theirs, own] = [theirs, own].map(|all| Spent::median(&all));
        let row = |what: &str, of: fn(Spent) -> f64| {
            println!(
                "| {database}, {what} | {} | {:.1} s | {} | {:.1} s | {:.2} |",
                crates[0],
                of(theirs),
                crates[1],
                of(own),
                of(own) / of(theirs)
            );
        };
        row("clock", |spent| spent.wall);
        row("processor", |spent| spent.cpu);
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
    let both = [
        ("alone", alone, String::new()),
        ("store", store, String::new()),
    ];
    Packages::write(folder.join(database), &both)
}

/// How many crates a build has compiled: cargo keeps a folder for each.
fn crates(packages: &Packages, name: &str) -> usize {
    let kept = packages.target(name).join("debug/.fingerprint");
    fs::read_dir(kept).expect("it was built").count()
}
