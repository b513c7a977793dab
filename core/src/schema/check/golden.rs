//! The golden events of all enums.

use std::fs;
use std::path::{Path, PathBuf};

use rehydrate_port::SchemaVersion;

use super::super::golden::{self, Misplaced, entries};
use super::super::lock::{EventEnum, Lock};
use super::super::{AnyEvent, Meaning};
use super::CheckError;
use super::compare::Comparison;
use super::files::failed;
use super::problem::Problem;
use super::text::Text;

/// The golden events that there are.
#[derive(Debug)]
pub(super) struct Golden<'a> {
    pub(super) found: Vec<golden::Golden>,
    /// The enum of each of them.
    enums: Vec<&'a AnyEvent>,
    misplaced: Vec<(String, Misplaced)>,
    /// The folders of enums that have another name now.
    renamed: Vec<(PathBuf, PathBuf)>,
}

impl<'a> Golden<'a> {
    pub(super) fn read(
        folder: &Path,
        events: &'a [AnyEvent],
        comparison: &Comparison,
    ) -> Result<Self, CheckError> {
        let mut all = Self {
            found: Vec::new(),
            enums: Vec::new(),
            misplaced: Vec::new(),
            renamed: Vec::new(),
        };
        for path in entries(folder).map_err(|error| failed("read", folder, error))? {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                all.folder(&path, name, events, comparison)?;
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let reason = "it is in no folder of an event enum: move it into one".to_owned();
                all.misplaced.push((name, Misplaced { path, reason }));
            }
        }
        Ok(all)
    }

    fn folder(
        &mut self,
        path: &Path,
        name: String,
        events: &'a [AnyEvent],
        comparison: &Comparison,
    ) -> Result<(), CheckError> {
        let renamed = comparison.renamed.iter().find(|(was, _)| *was == name);
        let now = renamed.map_or(&name, |(_, now)| now);
        let Some(event) = events.iter().find(|event| event.schema().name == now) else {
            let known: Vec<_> = events.iter().map(|event| event.schema().name).collect();
            let reason = format!(
                "no event enum has this name, so nothing in the folder is read; the check has {}",
                known.join(", ")
            );
            let path = path.to_owned();
            self.misplaced.push((name, Misplaced { path, reason }));
            return Ok(());
        };
        let (found, misplaced) = golden::read(path).map_err(|error| failed("read", path, error))?;
        let target = path.with_file_name(now);
        if renamed.is_some() && target.exists() {
            let reason =
                format!("`{name}` is called `{now}` now: move its files to the folder {now}");
            let path = path.to_owned();
            self.misplaced.push((name, Misplaced { path, reason }));
            return Ok(());
        }
        for mut golden in found {
            let file = golden.path.file_name().unwrap_or_default().to_owned();
            golden.path = target.join(file);
            self.found.push(golden);
            self.enums.push(event);
        }
        let misplaced = misplaced.into_iter();
        self.misplaced.extend(misplaced.map(|of| (now.clone(), of)));
        if renamed.is_some() {
            self.renamed.push((path.to_owned(), target));
        }
        Ok(())
    }

    /// Golden events are only written with a lock.
    pub(super) fn refuse_lost_lock(&self, lock: &Path) -> Result<(), CheckError> {
        match self.found.first() {
            None => Ok(()),
            Some(golden) => Err(CheckError::Lock {
                path: lock.to_owned(),
                line: None,
                reason: format!(
                    "it is gone, and {} is there: restore it from the last commit that has it, or, \
                     if nothing was ever shipped, delete events.golden, too",
                    golden.path.display()
                ),
            }),
        }
    }

    /// Gives the folders of renamed enums their new names.
    pub(super) fn rename(&self) -> Result<(), CheckError> {
        for (from, to) in &self.renamed {
            fs::rename(from, to).map_err(|error| failed("rename", from, error))?;
        }
        Ok(())
    }

    /// Reads all of them, and adds what is wrong.
    pub(super) fn check(&self, comparison: &mut Comparison, shipped: &Lock, folder: &Path) {
        for (event_enum, of) in &self.misplaced {
            // The folder of an enum that is gone is no problem of its own.
            let mut known = comparison.problems.iter_mut();
            let gone = known.find(|problem| problem.event_enum == *event_enum);
            if let Some(parting) = gone.and_then(|problem| problem.parting_of_enum()) {
                parting.golden.push(relative(&of.path, folder));
                continue;
            }
            let path = relative(&of.path, folder);
            comparison.problems.push(Problem {
                event_enum: event_enum.clone(),
                event_type: None,
                schema_version: None,
                headline: format!("{path}: {}", of.reason),
                changes: Vec::new(),
                remedy: MISPLACED.to_owned(),
                parting: None,
            });
        }
        for (golden, event) in self.found.iter().zip(&self.enums) {
            let name = event.schema().name;
            let path = relative(&golden.path, folder);
            let was = comparison.renamed.iter().find(|(_, now)| now == name);
            let was = shipped.enums.get(was.map_or(name, |(was, _)| was));
            let wrong = match unknown(golden, event) {
                Some(what) => Some((what, UNKNOWN)),
                None if !is_shipped(golden, was) => Some((lost(golden), LOST)),
                None => {
                    let lock = comparison.lock.enums.get(name);
                    let checked = lock.map(|lock| golden::check(golden, event, lock));
                    checked.and_then(Result::err).map(|what| (what, UNREADABLE))
                }
            };
            let Some((what, remedy)) = wrong else {
                continue;
            };
            let mut known = comparison.problems.iter_mut();
            let event_type = &golden.event_type;
            let version = golden.schema_version;
            if let Some(known) = known.find(|of| of.is_about(name, event_type, version)) {
                match &mut known.parting {
                    Some(parting) => parting.golden.push(path),
                    None => known.changes.push(format!("golden event {path}: {what}")),
                }
                continue;
            }
            let mut text = Text::default();
            for paragraph in remedy {
                text.prose(2, paragraph);
            }
            comparison.problems.push(Problem {
                event_enum: name.to_owned(),
                event_type: Some(event_type.clone()),
                schema_version: Some(SchemaVersion(version)),
                headline: format!(
                    "{name}, stored as `{event_type}`, version {version}: the golden event {path} \
                     is not what it was:"
                ),
                changes: vec![what],
                remedy: text.finish(),
                parting: None,
            });
        }
    }
}

const MISPLACED: &str = "  Every .json file in events.golden is a promise that such an event is \
    read, so none is ignored.";

const UNKNOWN: &[&str] = &[
    "If a store holds such an event, let the enum read it: a variant, an alias, `retired`, \
     `legacy` or a version in `history`. If none does (`ops schema census` lists what there is), \
     delete the file.",
];

const UNREADABLE: &[&str] = &[
    "Events like it are in the stores. Its description in the lock is the same, so look at what \
     reads and writes it: the `From`, `TryFrom` or `Upcast` of its history, a hand-written \
     `Serialize` or `Deserialize`, a `with` module, a type of another crate that is not described.",
    "Make it read and write this file again; or, if the JSON must change, keep the shipped shape \
     and code as a type of its own, in `#[event(history(…))]`, and upcast it to today's.",
    "If the file itself is wrong (edited by hand and never stored), correct it.",
];

const LOST: &[&str] = &[
    "A merge may have lost it: take events.lock from the last commit that has it, and run \
     `REHYDRATE_UPDATE=1 cargo test`, which adds what is new.",
    "If it was never shipped, move the file away until the update has written events.lock; it makes \
     up a golden event, too.",
];

fn lost(golden: &golden::Golden) -> String {
    format!(
        "events.lock has no version {} of `{}`",
        golden.schema_version, golden.event_type
    )
}

/// Whether the lock has what the golden event shows; of a retired type it may have the name only.
fn is_shipped(golden: &golden::Golden, lock: Option<&EventEnum>) -> bool {
    let found = lock.and_then(|lock| lock.find(&golden.event_type));
    found.is_some_and(|(_, of)| of.is_retired || of.versions.contains_key(&golden.schema_version))
}

fn unknown(golden: &golden::Golden, event: &AnyEvent) -> Option<String> {
    let name = event.schema().name;
    let event_type = &golden.event_type;
    let version = golden.schema_version;
    match event.schema().meaning(event_type, SchemaVersion(version)) {
        Meaning::Tolerated | Meaning::UnknownType => {
            Some(format!("{name} has no event type `{event_type}`"))
        }
        Meaning::NewerVersion { newest } => Some(format!(
            "{name} knows `{event_type}` up to version {newest}, and not version {version}"
        )),
        Meaning::UnsupportedVersion => Some(format!(
            "{name} does not support version {version} of `{event_type}`: it is `_` in its history"
        )),
        _ => None,
    }
}

fn relative(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .display()
        .to_string()
}
