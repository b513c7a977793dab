//! A load generator: reads and pays through HTTP without pause, and counts everything.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Client, Reply};

/// What a fine of the load costs, and is paid with at once.
const CENTS: i64 = 700;

/// Requests that go on until they are told to stop.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Report>>,
}

/// What has come of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) reads: u64,
    pub(crate) payments: i64,
    pub(crate) failed: Vec<String>,
    pub(crate) longest: Duration,
}

impl Report {
    pub(crate) fn paid_cents(&self) -> i64 {
        self.payments * CENTS
    }

    fn add(mut self, other: Self) -> Self {
        self.reads += other.reads;
        self.payments += other.payments;
        self.failed.extend(other.failed);
        self.longest = self.longest.max(other.longest);
        self
    }

    fn send(&mut self, request: impl FnOnce() -> Result<Reply, ureq::Error>) -> Option<Reply> {
        let begun = Instant::now();
        let reply = request();
        self.longest = self.longest.max(begun.elapsed());
        match reply {
            Ok(reply) if reply.status < 300 => Some(reply),
            reply => {
                self.failed.push(format!("{reply:?}"));
                None
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reads, {} payments, {} failed, the longest took {:?}",
            self.reads,
            self.payments,
            self.failed.len(),
            self.longest
        )
    }
}

impl Load {
    /// Two who read, and two who issue fines and pay them at once. There are `fines` fines with
    /// `cents` paid before: an answer with less is a half one.
    pub(crate) fn start(client: &Client, fines: usize, cents: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicU64::new(0));
        let threads = (0..4).map(|thread| {
            let (client, stop) = (client.clone(), Arc::clone(&stop));
            let number = Arc::clone(&number);
            thread::spawn(move || {
                let mut report = Report::default();
                while !stop.load(Ordering::Relaxed) {
                    if thread < 2 {
                        read(&client, &mut report, fines, cents);
                    } else {
                        pay(&client, &mut report, number.fetch_add(1, Ordering::Relaxed));
                    }
                }
                report
            })
        });
        let threads = threads.collect();
        Self { stop, threads }
    }

    pub(crate) fn stop(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        let reports = self
            .threads
            .into_iter()
            .map(|thread| thread.join().unwrap());
        reports.fold(Report::default(), Report::add)
    }
}

fn read(client: &Client, report: &mut Report, fines: usize, cents: i64) {
    let path = "/fines?outstanding_over=-1";
    if let Some(reply) = report.send(|| client.send("GET", path, &[], None)) {
        let rows = reply.body["fines"].as_array().unwrap();
        let paid: i64 = rows
            .iter()
            .map(|row| row["paid_cents"].as_i64().unwrap())
            .sum();
        if rows.len() < fines || paid < cents {
            let half = format!("{} fines with {paid} cents paid", rows.len());
            report.failed.push(half);
        }
        report.reads += 1;
    }
    if let Some(reply) = report.send(|| client.send("GET", "/takings", &[], None)) {
        if reply.body["days"].as_array().is_none_or(Vec::is_empty) {
            report.failed.push("no takings".to_owned());
        }
        report.reads += 1;
    }
}

fn pay(client: &Client, report: &mut Report, number: u64) {
    let fine = format!("load-{number}");
    let issue = json!({ "fine_id": fine, "amount_cents": CENTS }).to_string();
    let issued = report.send(|| client.send("POST", "/fines", &[], Some(&issue)));
    if issued.is_none() {
        return;
    }
    let path = format!("/fines/{fine}/payments");
    let headers = [("idempotency-key", fine.as_str())];
    let body = json!({ "cents": CENTS }).to_string();
    if report
        .send(|| client.send("POST", &path, &headers, Some(&body)))
        .is_some()
    {
        report.payments += 1;
    }
}
