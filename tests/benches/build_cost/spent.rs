//! What a command takes: by the clock, and of the processor, which a busy machine disturbs less.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

/// Where this program, as cargo's wrapper around rustc, writes down what a crate took.
pub(crate) const LOG: &str = "REHYDRATE_BENCH_RUSTC_LOG";

/// In seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl Spent {
    /// Runs a command to its end; it has to succeed.
    pub(crate) fn running(command: &mut Command) -> Self {
        let (cpu, begun) = (cpu_of_children(), Instant::now());
        let run = command.output().expect("it can be run");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{command:?} has failed: {said}");
        Self {
            wall: begun.elapsed().as_secs_f64(),
            cpu: cpu_of_children() - cpu,
        }
    }

    /// The middle of each.
    pub(crate) fn median(all: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| {
            let mut sorted: Vec<f64> = all.iter().map(of).collect();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() / 2]
        };
        Self {
            wall: middle(|one| one.wall),
            cpu: middle(|one| one.cpu),
        }
    }

    /// What the crates took that the wrapper has seen, and forgets it.
    pub(crate) fn taken_from(log: &Path) -> Self {
        let text = fs::read_to_string(log).expect("the wrapper has written it");
        fs::remove_file(log).expect("it can be removed");
        let mut sum = Self::default();
        for line in text.lines() {
            let (wall, cpu) = line.split_once(' ').expect("two numbers");
            sum.wall += wall.parse::<f64>().expect("seconds");
            sum.cpu += cpu.parse::<f64>().expect("seconds");
        }
        sum
    }
}

/// Runs rustc, if cargo has started this program to do that.
pub(crate) fn as_wrapper() -> Option<ExitCode> {
    let log = env::var_os(LOG)?;
    let mut arguments = env::args_os().skip(1);
    let mut rustc = Command::new(arguments.next()?);
    let arguments: Vec<_> = arguments.collect();
    let (cpu, begun) = (cpu_of_children(), Instant::now());
    let status = rustc.args(&arguments).status().expect("rustc can be run");
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_of_children() - cpu);
    // Cargo also asks rustc what it can do.
    let is_crate = |argument: &OsString| argument.to_string_lossy().starts_with("--emit=");
    if arguments.iter().any(is_crate) {
        let file = fs::File::options().append(true).create(true).open(log);
        let mut file = file.expect("it can be opened");
        writeln!(file, "{wall} {cpu}").expect("it can be written");
    }
    Some(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Seconds of the processor that ended children have taken; 0 where there is no `/proc`.
fn cpu_of_children() -> f64 {
    // Linux counts in hundredths of a second, on every machine that it is built for.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in brackets, which may have anything in it.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(13).take(2);
    let ticks: f64 = fields.filter_map(|text| text.parse::<f64>().ok()).sum();
    ticks / TICKS
}
