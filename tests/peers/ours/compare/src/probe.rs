//! How quiet the machine is.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use peers_harness::{Outcome, busy, nanoseconds_of_a_decode};
use serde::{Deserialize, Serialize};

/// A machine is quiet when less than this part of it is used by others.
const QUIET: f64 = 0.12;

/// The machine before a contestant's turn, and, for `stolen`, during it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Probe {
    /// The part of the processors that others used.
    pub(crate) busy: f64,
    /// Nanoseconds to decode an event: how fast a core is.
    pub(crate) decode_ns: f64,
    /// Microseconds to make 8 KiB durable.
    pub(crate) sync_us: f64,
    /// The part of the processors that the host took away while it was measured.
    pub(crate) stolen: f64,
}

impl Probe {
    /// Waits for a quiet machine, for so long at most, and looks at it.
    pub(crate) fn of_a_quiet_machine(folder: &Path, patience: Duration) -> Outcome<Self> {
        let begun = Instant::now();
        let mut used = busy_for_a_moment()?;
        while used > QUIET && begun.elapsed() < patience {
            sleep(Duration::from_secs(2));
            used = busy_for_a_moment()?;
        }
        Ok(Self {
            busy: used,
            decode_ns: nanoseconds_of_a_decode(),
            sync_us: microseconds_of_a_sync(folder)?,
            stolen: 0.0,
        })
    }
}

fn busy_for_a_moment() -> Outcome<f64> {
    let before = busy()?;
    sleep(Duration::from_secs(1));
    Ok(part(before, busy()?).0)
}

/// Which part of the time between two looks was work, and which was taken away by the host.
pub(crate) fn part(before: [f64; 3], after: [f64; 3]) -> (f64, f64) {
    let [worked, idle, stolen] = [0, 1, 2].map(|at| after[at] - before[at]);
    let all = (worked + idle).max(1.0);
    (worked / all, stolen / all)
}

fn microseconds_of_a_sync(folder: &Path) -> Outcome<f64> {
    let file = File::create(folder.join("sync.probe"))?;
    let mut times = Vec::new();
    for _ in 0..30 {
        file.write_all_at(&[b'x'; 8192], 0)?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
