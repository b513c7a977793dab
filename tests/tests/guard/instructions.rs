//! Instructions of decode and apply, as a share of what the same takes by hand.
//!
//! Both are counted by callgrind in one program that is built with optimizations, so neither the
//! machine's load nor, but for a little, its processor and the compiler's version matter. Twice as
//! many rounds minus as many: what the program does before and after drops out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// Instructions of rehydrate for 100 by hand: what was measured, and a tenth more.
const RECORDED: [(&str, u64); 4] = [("text", 113), ("lent", 90), ("numbers", 118), ("old", 116)];

const ROUNDS: u64 = 3;
const EVENTS_A_ROUND: u64 = 1_000;

#[test]
fn an_event_takes_no_more_instructions_than_is_recorded() {
    if !has_valgrind() {
        return;
    }
    let program = build();
    let mut wrong = Vec::new();
    for (kind, recorded) in RECORDED {
        let [by_hand, rehydrate] =
            ["hand", "rehydrate"].map(|way| instructions(&program, way, kind));
        let measured = rehydrate * 100 / by_hand;
        let line = format!(
            "{kind}: {rehydrate} instructions an event, by hand {by_hand}: {measured} %, recorded are {recorded} %"
        );
        println!("{line}");
        if measured > recorded {
            wrong.push(line);
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{}",
        wrong.join("\n"),
        how_to_go_on(&program)
    );
}

fn how_to_go_on(program: &Path) -> String {
    let program = program.display();
    format!(
        "Decoding and applying an event has become dearer. Where the instructions go:
  valgrind --tool=callgrind --callgrind-out-file=callgrind.out {program} rehydrate <kind> 3
  callgrind_annotate --inclusive=yes callgrind.out
and the same with `hand` in place of `rehydrate`. The bounds are in
tests/tests/guard/instructions.rs: what was measured, and a tenth more."
    )
}

fn has_valgrind() -> bool {
    let is_there = Command::new("valgrind").arg("--version").output().is_ok();
    let is_ci = env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(is_there || !is_ci, "valgrind is not installed");
    if !is_there {
        eprintln!("not run: the instructions of an event are not counted without valgrind");
    }
    is_there
}

/// Builds the program as a package of its own, which needs nothing but the core: with
/// optimizations the crates of this one would take minutes.
fn build() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = tests.parent().expect("it is in the workspace");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guard");
    fs::create_dir_all(&package).expect("the folder can be made");
    let manifest = format!(
        r#"[package]
name = "guard"
edition = "2024"
[workspace]
[[bin]]
name = "fold"
path = {fold:?}
[dependencies]
chrono = {{ version = "0.4", default-features = false }}
rehydrate = {{ path = {core:?}, default-features = false }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"
uuid = "1"
[profile.release]
debug = "line-tables-only"
"#,
        fold = tests.join("tests/guard/fold.rs"),
        core = workspace.join("core"),
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the manifest can be written");
    // With the versions of the workspace, which have been fetched.
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock"))
        .expect("the lock file can be copied");
    let target = package.join("target");
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--offline", "--quiet"])
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .output();
    succeeded("cargo build", built);
    target.join("release/fold")
}

/// Instructions an event.
fn instructions(program: &Path, way: &str, kind: &str) -> u64 {
    let [once, twice] = [ROUNDS, ROUNDS * 2].map(|rounds| collected(program, way, kind, rounds));
    (twice - once) / (ROUNDS * EVENTS_A_ROUND)
}

fn collected(program: &Path, way: &str, kind: &str, rounds: u64) -> u64 {
    let out = tempfile::NamedTempFile::new().expect("a file can be made");
    let run = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.path().display()))
        .arg(program)
        .args([way, kind, &rounds.to_string()])
        .output();
    succeeded("valgrind", run);
    let written = fs::read_to_string(out.path()).expect("callgrind has written it");
    let total = written
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|number| number.trim().parse().ok());
    total.expect("callgrind says how many instructions there were")
}

fn succeeded(what: &str, run: std::io::Result<Output>) {
    let run = run.unwrap_or_else(|error| panic!("{what} cannot be run: {error}"));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{what} has failed: {said}");
}
