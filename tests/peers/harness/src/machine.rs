//! What Linux says about the machine and about this process.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use crate::domain::{Event, event};
use crate::id::{Id, Kind};
use crate::peer::Outcome;

/// How fast this core is just now: nanoseconds to decode an event, the best of three turns.
///
/// On a virtual machine the neighbours change it by a factor of two within seconds.
#[must_use]
pub fn nanoseconds_of_a_decode() -> f64 {
    let id = Id::new(Kind::Create, 1);
    let texts: Vec<String> = (0..500)
        .filter_map(|number| serde_json::to_string(&event(&id, number)).ok())
        .collect();
    let turn = || {
        let begun = Instant::now();
        for text in &texts {
            black_box(serde_json::from_str::<Event>(text).ok());
        }
        begun.elapsed().as_secs_f64() * 1e9 / texts.len() as f64
    };
    turn().min(turn()).min(turn())
}

/// Counters of all processors since the machine was started: busy, idle and stolen, in ticks.
///
/// # Errors
/// This is not Linux.
pub fn busy() -> Outcome<[f64; 3]> {
    let all = fs::read_to_string("/proc/stat")?;
    let line = all.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|number| number.parse().ok())
        .collect();
    let [user, nice, system, idle, waiting, irq, soft, stolen] = ticks[..] else {
        return Err("/proc/stat does not begin with the sum of all processors".into());
    };
    let worked = user + nice + system + irq + soft + stolen;
    Ok([worked, idle + waiting, stolen])
}

/// Memory of this process in MiB.
pub(crate) struct Memory {
    pub(crate) peak: f64,
    pub(crate) now: f64,
}

impl Memory {
    pub(crate) fn of_this_process() -> Outcome<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.and_then(|line| line.split_whitespace().nth(1));
            kib.and_then(|kib| kib.parse::<f64>().ok())
                .map(|kib| kib / 1024.0)
                .ok_or_else(|| format!("/proc/self/status has no {name}"))
        };
        Ok(Self {
            peak: mib("VmHWM:")?,
            now: mib("VmRSS:")?,
        })
    }

    /// Lets the peak begin anew. Not every kernel allows it; then it is the peak since the start.
    pub(crate) fn forget_peak() {
        let _ = fs::write("/proc/self/clear_refs", "5");
    }
}

/// Seconds of processor time that this process has used.
pub(crate) fn processor_seconds() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may have spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|number| number.parse().ok())
        .collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
