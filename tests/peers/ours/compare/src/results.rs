//! What was measured, kept as lines of JSON: one file a run.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use peers_harness::{Measurement, Outcome};
use serde::{Deserialize, Serialize};

use crate::contestants::Backend;
use crate::options::Options;
use crate::probe::Probe;

/// A measurement, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) round: u32,
    pub(crate) backend: Backend,
    pub(crate) contestant: String,
    pub(crate) profile: String,
    pub(crate) probe: Probe,
    #[serde(flatten)]
    pub(crate) measured: Measurement,
}

/// All measurements of a run.
#[derive(Debug)]
pub(crate) struct Results {
    file: PathBuf,
    profile: String,
    pub(crate) records: Vec<Record>,
}

impl Results {
    /// A run that has measured nothing yet.
    pub(crate) fn begin(folder: &Path, options: &Options) -> Outcome<Self> {
        let folder = folder.join("results");
        fs::create_dir_all(&folder)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let file = folder.join(format!("{now}.jsonl"));
        File::create(&file)?;
        Ok(Self {
            file,
            profile: options.profile.clone(),
            records: Vec::new(),
        })
    }

    /// The newest run that is kept.
    pub(crate) fn latest(options: &Options) -> Outcome<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(Options::folder()?.join("results"))? {
            files.push(entry?.path());
        }
        files.sort();
        let file = files.pop().ok_or("nothing was measured yet")?;
        let text = fs::read_to_string(&file)?;
        let records = text.lines().map(serde_json::from_str);
        Ok(Self {
            profile: options.profile.clone(),
            records: records.collect::<Result<_, _>>()?,
            file,
        })
    }

    pub(crate) fn add(
        &mut self,
        round: u32,
        backend: Backend,
        contestant: &str,
        probe: Probe,
        measured: Vec<Measurement>,
    ) -> Outcome {
        let mut file = OpenOptions::new().append(true).open(&self.file)?;
        for measured in measured {
            let record = Record {
                round,
                backend,
                contestant: contestant.to_owned(),
                profile: self.profile.clone(),
                probe,
                measured,
            };
            writeln!(file, "{}", serde_json::to_string(&record)?)?;
            self.records.push(record);
        }
        Ok(())
    }

    /// A figure in each round: the median, if it was measured several times in one.
    pub(crate) fn rounds(
        &self,
        backend: Backend,
        contestant: &str,
        workload: &str,
        figure: &str,
    ) -> BTreeMap<u32, f64> {
        let mut rounds: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for record in &self.records {
            if record.backend == backend
                && record.contestant == contestant
                && record.measured.workload == workload
                && let Some(value) = record.measured.value(figure)
            {
                rounds.entry(record.round).or_default().push(value);
            }
        }
        rounds
            .into_iter()
            .filter_map(|(round, values)| Some((round, median(values)?)))
            .collect()
    }

    /// A figure over all rounds.
    pub(crate) fn figure(
        &self,
        backend: Backend,
        contestant: &str,
        workload: &str,
        figure: &str,
    ) -> Option<f64> {
        let rounds = self.rounds(backend, contestant, workload, figure);
        median(rounds.into_values().collect())
    }
}

/// The value in the middle, or between the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[last.div_ceil(2)]))
}
