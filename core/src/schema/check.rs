//! Keeps a program from being shipped that cannot read what it has stored.

mod change;
mod compare;
mod error;
mod files;
mod golden;
mod gone;
mod mode;
mod problem;
mod remedy;
mod rust;
mod shapes;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use rehydrate_port::SchemaVersion;

use self::compare::Comparison;
pub use self::error::{CheckError, NoExample};
use self::golden::Golden;
pub use self::mode::Mode;
pub use self::problem::Problem;
use super::AnyEvent;
use super::golden::missing;
use super::lock::{EventEnum, Kind, Lock, show};
use crate::error::whole_text;
use crate::event::Event;

/// The file with every shape that has been shipped.
const LOCK: &str = "events.lock";

/// The folder with a folder of golden events for each enum.
const GOLDEN: &str = "events.golden";

/// Compares event enums with `events.lock` and `events.golden` in a folder.
///
/// [`check!`](crate::schema::check) is the short form for the folder of one's own crate.
///
/// ```
/// use rehydrate::schema::Check;
/// # use rehydrate::Event;
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # enum LampEvent { SwitchedOn }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("rehydrate-check-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
///
/// let check = Check::in_folder(&folder).event::<LampEvent>();
/// check.update()?; // once, and after each compatible change
/// check.check()?; // in a test
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is checked yet"]
pub struct Check {
    folder: PathBuf,
    events: Vec<AnyEvent>,
}

/// What was checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// How many event types there are.
    pub types: usize,
    /// How many schema versions they have.
    pub versions: usize,
    /// How many golden events were read.
    pub golden: usize,
    /// The files that were written.
    pub written: Vec<PathBuf>,
    /// What was added to the lock.
    pub news: Vec<String>,
    /// What cannot be seen into, so that a change in it is only found if a golden event shows it.
    pub unseen: Vec<Unseen>,
}

/// A place in an event that is not described.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unseen {
    /// The event enum.
    pub event_enum: String,
    /// The stored type.
    pub event_type: String,
    /// The schema version.
    pub schema_version: SchemaVersion,
    /// The place in the payload, as the lock names it.
    pub path: String,
    /// Its type, as it is written in the code.
    pub code: String,
}

impl Check {
    /// A check against the files in this folder, usually that of a crate's `Cargo.toml`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            events: Vec::new(),
        }
    }

    /// Checks this event enum, too.
    pub fn event<E: Event>(self) -> Self {
        self.any(AnyEvent::of::<E>())
    }

    /// Checks this event enum, too.
    pub fn any(mut self, event: AnyEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Compares, and writes nothing.
    ///
    /// # Errors
    /// See [`CheckError`]; its `Display` says what to write instead.
    pub fn check(&self) -> Result<Checked, CheckError> {
        self.run(Mode::Check)
    }

    /// Compares, and adds to the files what is new; writes nothing if something shipped has changed.
    ///
    /// # Errors
    /// See [`CheckError`]; its `Display` says what to write instead.
    pub fn update(&self) -> Result<Checked, CheckError> {
        self.run(Mode::Update)
    }

    /// Compares, and adds to the files what is new if the mode says so.
    ///
    /// # Errors
    /// See [`CheckError`]; its `Display` says what to write instead.
    pub fn run(&self, mode: Mode) -> Result<Checked, CheckError> {
        self.refuse_twins()?;
        let _alone = (mode == Mode::Update).then(|| files::alone(&self.folder));
        let path = self.folder.join(LOCK);
        let text = files::read(&path)?;
        let shipped = match &text {
            None => Lock::default(),
            Some(text) => Lock::parse(text).map_err(|error| CheckError::Lock {
                path: path.clone(),
                line: error.line,
                reason: error.reason,
            })?,
        };
        let mut comparison = compare::compare(&shipped, &self.events);
        let golden = Golden::read(&self.folder.join(GOLDEN), &self.events, &comparison)?;
        if text.is_none() {
            golden.refuse_lost_lock(&path)?;
            comparison.news = vec![format!("there is no {LOCK} yet")];
        }
        golden.check(&mut comparison, &shipped, &self.folder);
        let unseen = unseen(&comparison.lock);
        if !comparison.problems.is_empty() {
            let problems = comparison.problems;
            return Err(CheckError::Incompatible { problems, unseen });
        }
        let checked = Checked {
            types: comparison
                .lock
                .enums
                .values()
                .map(|of| of.types.len())
                .sum(),
            versions: versions(&comparison.lock),
            golden: golden.found.len(),
            written: Vec::new(),
            news: comparison.news.clone(),
            unseen,
        };
        match mode {
            Mode::Check => self.refuse_news(&comparison, &golden, checked),
            Mode::Update => self.write(&path, text.as_deref(), &comparison, &golden, checked),
        }
    }

    /// Runs as the environment says, and panics with the whole message if something is wrong.
    ///
    /// This is what [`check!`](crate::schema::check) calls.
    ///
    /// # Panics
    /// If the check fails.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test says with a panic that it has failed")]
    pub fn assert(&self) {
        let mode = Mode::from_env();
        match self.run(mode) {
            Ok(checked) if mode == Mode::Update => eprintln!("{checked}"),
            Ok(_) => {}
            Err(error) => {
                let misunderstood = Mode::misunderstood();
                let more = misunderstood.map(|told| format!("\n\n{told}"));
                panic!("{}{}", whole_text(&error), more.unwrap_or_default());
            }
        }
    }

    /// The lock tells enums apart by their names.
    fn refuse_twins(&self) -> Result<(), CheckError> {
        let mut names = BTreeSet::from(["format"]);
        for event in &self.events {
            let name = event.schema().name;
            if !names.insert(name) {
                let name = name.to_owned();
                return Err(CheckError::SameName { name });
            }
        }
        Ok(())
    }

    fn refuse_news(
        &self,
        comparison: &Comparison,
        golden: &Golden,
        checked: Checked,
    ) -> Result<Checked, CheckError> {
        let folder = self.folder.join(GOLDEN);
        let missing = missing(&folder, &comparison.lock, &self.events, &golden.found);
        if comparison.news.is_empty() && missing.is_empty() {
            return Ok(checked);
        }
        Err(CheckError::Outdated {
            folder: self.folder.clone(),
            news: comparison.news.clone(),
            missing: missing.into_iter().map(|missing| missing.path).collect(),
            unseen: checked.unseen,
        })
    }

    fn write(
        &self,
        path: &Path,
        text: Option<&str>,
        comparison: &Comparison,
        golden: &Golden,
        mut checked: Checked,
    ) -> Result<Checked, CheckError> {
        let folder = self.folder.join(GOLDEN);
        let mut refused = Vec::new();
        let mut examples = Vec::new();
        for missing in missing(&folder, &comparison.lock, &self.events, &golden.found) {
            match missing.write() {
                Ok(text) => examples.push((missing.path, text)),
                Err(reason) => refused.push(NoExample {
                    path: missing.path,
                    event_type: missing.event_type.to_owned(),
                    schema_version: SchemaVersion(missing.version),
                    reason,
                }),
            }
        }
        golden.rename()?;
        let lock = comparison.lock.print();
        if text != Some(lock.as_str()) {
            examples.push((path.to_owned(), lock));
        }
        for (path, text) in examples {
            files::write(&path, &text)?;
            checked.written.push(path);
        }
        if refused.is_empty() {
            return Ok(checked);
        }
        Err(CheckError::NoExample {
            files: refused,
            written: checked.written,
        })
    }
}

fn versions(lock: &Lock) -> usize {
    let types = lock.enums.values().flat_map(|of| of.types.values());
    types.map(|of| of.versions.len()).sum()
}

fn unseen(lock: &Lock) -> Vec<Unseen> {
    let enums = lock.enums.iter();
    enums.flat_map(|(name, of)| unseen_of(name, of)).collect()
}

fn unseen_of(event_enum: &str, of: &EventEnum) -> Vec<Unseen> {
    let mut unseen = Vec::new();
    for (event_type, of) in &of.types {
        for (version, shape) in &of.versions {
            for (path, line) in shape.shape().into_iter().flat_map(|shape| shape.lines()) {
                if let Kind::Opaque(code) = &line.kind {
                    unseen.push(Unseen {
                        event_enum: event_enum.to_owned(),
                        event_type: event_type.clone(),
                        schema_version: SchemaVersion(*version),
                        path: show(&path),
                        code: code.clone(),
                    });
                }
            }
        }
    }
    unseen
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} event types in {} versions are as they were shipped; {} golden events were read",
            self.types, self.versions, self.golden
        )?;
        for path in &self.written {
            write!(f, "\nwritten: {}", path.display())?;
        }
        error::write_unseen(f, &self.unseen)
    }
}
