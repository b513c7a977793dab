//! An enum of many events that each have a history: our derive beside serde's.

use std::env;
use std::fmt::Write as _;
use std::path::Path;

use super::packages::{Packages, ours};
use super::spent::{LOG, Spent};

/// What is compared.
const CRATES: [&str; 3] = ["derived", "used", "ours"];

/// Prints what the crates with the enum take, without what they depend on.
pub(crate) fn measure(folder: &Path, variants: usize, rounds: usize) {
    let packages = packages(folder, variants);
    println!("An enum of {variants} events with a history, medians of {rounds} rounds:");
    println!();
    println!(
        "| | serde's derives | each used once | and `derive(Event)` | ratio | to derives alone |"
    );
    println!("|---|---|---|---|---|---|");
    let lines = CRATES.map(|name| expanded_lines(&packages, name));
    let of = |one: usize, other: usize| ratio_of(lines[one], lines[other]);
    println!(
        "| lines after expansion | {} | {} | {} | {:.2} | {:.2} |",
        lines[0],
        lines[1],
        lines[2],
        of(2, 1),
        of(2, 0)
    );
    for command in ["check", "build"] {
        let log = folder.join("rustc.log");
        let compile = |name: &str| {
            packages.touch(name);
            let mut cargo = packages.cargo(command, name, "target");
            let wrapper = env::current_exe().expect("this program is a file");
            cargo.env(LOG, &log).env("RUSTC_WORKSPACE_WRAPPER", wrapper);
            Spent::running(&mut cargo);
            Spent::taken_from(&log)
        };
        // What they depend on is built with the first of each, and its time is forgotten.
        for name in CRATES {
            compile(name);
        }
        let mut taken: [Vec<Spent>; 3] = Default::default();
        for _ in 0..rounds {
            for (name, taken) in CRATES.iter().zip(&mut taken) {
                taken.push(compile(name));
            }
        }
        let [unused, serde, rehydrate] = taken.map(|all| Spent::median(&all));
        let row = |what: &str, of: fn(Spent) -> f64| {
            println!(
                "| `cargo {command}`, {what} | {:.2} s | {:.2} s | {:.2} s | {:.2} | {:.2} |",
                of(unused),
                of(serde),
                of(rehydrate),
                of(rehydrate) / of(serde),
                of(rehydrate) / of(unused)
            );
        };
        row("clock", |spent| spent.wall);
        row("processor", |spent| spent.cpu);
    }
    println!();
}

fn ratio_of(one: usize, other: usize) -> f64 {
    let number = |number| u32::try_from(number).map_or(f64::NAN, f64::from);
    number(one) / number(other)
}

fn packages(folder: &Path, variants: usize) -> Packages {
    let serde = "serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"";
    let core = ours().join("core");
    let own = format!("{serde}\nrehydrate = {{ path = {core:?}, default-features = false }}");
    let ours = source(variants, "rehydrate::Event, Serialize, Deserialize", true);
    let theirs = source(variants, "Serialize, Deserialize", false);
    let used = theirs.clone() + &uses(variants);
    let all = [
        ("derived", serde.to_owned(), theirs),
        ("used", serde.to_owned(), used),
        ("ours", own, ours),
    ];
    Packages::write(folder.join("enums"), &all)
}

/// The enum, and what its events looked like before.
fn source(variants: usize, derives: &str, has_history: bool) -> String {
    let mut enumeration = format!("#[derive({derives})]\npub enum AccountEvent {{\n");
    let mut past = String::new();
    for number in 0..variants {
        let history = format!("    #[event(history(Changed{number}V1))]\n");
        let history = if has_history { &history } else { "" };
        let (fields, old, new) = match number % 4 {
            0 => (
                "cents: i64, currency: String, at: i64",
                "cents: i64",
                "cents: old.cents, currency: \"EUR\".to_owned(), at: 0",
            ),
            1 => (
                "owner: String, address: Option<String>",
                "owner: String",
                "owner: old.owner, address: None",
            ),
            2 => (
                "tags: Vec<String>, by: u64",
                "tags: Vec<String>",
                "tags: old.tags, by: 0",
            ),
            _ => (
                "is_open: bool, reason: String, count: u32, limit: Option<u64>",
                "reason: String, count: u32",
                "is_open: true, reason: old.reason, count: old.count, limit: None",
            ),
        };
        let _ = writeln!(enumeration, "{history}    Changed{number} {{ {fields} }},");
        let _ = write!(
            past,
            "
#[derive(Deserialize)]
pub struct Changed{number}V1 {{ {old} }}

impl From<Changed{number}V1> for AccountEvent {{
    fn from(old: Changed{number}V1) -> Self {{
        Self::Changed{number} {{ {new} }}
    }}
}}
"
        );
    }
    format!("use serde::{{Deserialize, Serialize}};\n\n{enumeration}}}\n{past}")
}

/// Every derived function once, as a generic one is compiled only where it is used. `derive(Event)`
/// uses them all.
fn uses(variants: usize) -> String {
    let mut uses = String::from(
        "
pub fn write(event: &AccountEvent) -> serde_json::Result<String> {
    serde_json::to_string(event)
}

pub fn read(version: u32, json: &str) -> serde_json::Result<AccountEvent> {
    match version {
",
    );
    for number in 0..variants {
        let _ = writeln!(
            uses,
            "        {number} => serde_json::from_str::<Changed{number}V1>(json).map(Into::into),"
        );
    }
    uses + "        _ => serde_json::from_str(json),\n    }\n}\n"
}

fn expanded_lines(packages: &Packages, name: &str) -> usize {
    let mut cargo = packages.cargo("rustc", name, "target");
    // The stable compiler shows it when it is told that it is not one.
    cargo
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1");
    let run = cargo.output().expect("cargo can be run");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{name} does not compile: {said}");
    String::from_utf8_lossy(&run.stdout).lines().count()
}
