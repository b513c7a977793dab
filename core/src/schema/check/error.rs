//! Why a check fails.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use rehydrate_port::SchemaVersion;

use super::text::Text;
use super::{Problem, Unseen};

const UPDATE: &str = "REHYDRATE_UPDATE=1 cargo test";

/// Why a check fails; its `Display` says what has happened and what to write instead.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckError {
    /// Something that was shipped would no longer be read as before. Nothing was written.
    Incompatible {
        /// All of it.
        problems: Vec<Problem>,
        /// What cannot be seen into.
        unseen: Vec<Unseen>,
    },
    /// The code has something that the files do not have yet: update them and commit them.
    Outdated {
        /// The folder of the files.
        folder: PathBuf,
        /// What is not in the lock.
        news: Vec<String>,
        /// The golden events that are missing.
        missing: Vec<PathBuf>,
        /// What cannot be seen into.
        unseen: Vec<Unseen>,
    },
    /// The files were updated, but for golden events that only a human can write.
    NoExample {
        /// Those files.
        files: Vec<NoExample>,
        /// The files that were written.
        written: Vec<PathBuf>,
    },
    /// The lock cannot be read.
    Lock {
        /// The file.
        path: PathBuf,
        /// The number of the line, if it is known.
        line: Option<usize>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file cannot be read or written.
    File {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Two enums have one name, by which the lock tells them apart.
    SameName {
        /// The name.
        name: String,
    },
}

/// A golden event that could not be made up: the code refuses every payload that was tried.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NoExample {
    /// The file that is missing.
    pub path: PathBuf,
    /// The stored type.
    pub event_type: String,
    /// The schema version.
    pub schema_version: SchemaVersion,
    /// Why the likeliest payload was refused.
    pub reason: String,
}

impl Error for CheckError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incompatible { problems, unseen } => write_problems(f, problems, unseen),
            Self::Outdated {
                folder,
                news,
                missing,
                unseen,
            } => {
                let mut text = Text::default();
                let folder = folder.display();
                text.prose(
                    0,
                    &format!("events.lock and events.golden are not up to date in {folder}:"),
                );
                for news in news {
                    text.prose(2, &format!("- {news}"));
                }
                for path in missing {
                    text.prose(2, &format!("- there is no golden event {}", path.display()));
                }
                text.empty_line();
                text.prose(
                    0,
                    "All of it is compatible with what was shipped. From now on it must stay as it \
                     is, so write it down and commit the files:",
                );
                text.code(4, UPDATE);
                write!(f, "{}", text.finish())?;
                write_unseen(f, unseen)
            }
            Self::NoExample { files, .. } => write_no_example(f, files),
            Self::Lock { path, line, reason } => {
                write!(f, "{}", path.display())?;
                if let Some(line) = line {
                    write!(f, ", line {line}")?;
                }
                write!(f, ": {reason}")
            }
            Self::File { action, path, .. } => write!(f, "cannot {action} {}", path.display()),
            Self::SameName { name } => write!(
                f,
                "`{name}` is the name of two event enums, or of a key of the lock: events.lock \
                 tells them apart by their names, so rename one, or name it once"
            ),
        }
    }
}

fn write_problems(
    f: &mut fmt::Formatter<'_>,
    problems: &[Problem],
    unseen: &[Unseen],
) -> fmt::Result {
    let mut text = Text::default();
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    text.prose(
        0,
        &format!(
            "This program would not read what has been stored, as events.lock has it: {count}. \
             Nothing was written."
        ),
    );
    writeln!(f, "{}", text.finish())?;
    for (number, problem) in (1..).zip(problems) {
        writeln!(f, "\n{}", problem.after(&format!("({number}) ")))?;
    }
    let mut text = Text::default();
    text.prose(
        0,
        "If a version was never shipped, so that it is only on your branch: take events.lock and \
         events.golden from the released commit, then update them:",
    );
    text.code(
        4,
        &format!("git checkout <released commit> -- events.lock events.golden\n{UPDATE}"),
    );
    write!(f, "\n{}", text.finish())?;
    write_unseen(f, unseen)
}

pub(super) fn write_unseen(f: &mut fmt::Formatter<'_>, unseen: &[Unseen]) -> fmt::Result {
    if unseen.is_empty() {
        return Ok(());
    }
    let mut text = Text::default();
    text.prose(
        0,
        "Not seen into, so that a change inside is only found if a golden event shows it; add \
         `#[derive(rehydrate::Describe)]` to these types:",
    );
    for of in unseen {
        let Unseen {
            event_enum,
            event_type,
            schema_version,
            path,
            code,
        } = of;
        text.prose(
            2,
            &format!("- {event_enum} `{event_type}` v{schema_version} `{path}`: {code}"),
        );
    }
    write!(f, "\n\n{}", text.finish())
}

fn write_no_example(f: &mut fmt::Formatter<'_>, files: &[NoExample]) -> fmt::Result {
    let mut text = Text::default();
    text.prose(
        0,
        "The rest was written, but the code refuses every golden event that could be made up for:",
    );
    for file in files {
        text.prose(2, &format!("- {}", file.path.display()));
        text.prose(4, &file.reason);
        text.prose(
            4,
            "Write the file by hand, best with the payload of a stored event \
            (`ops stream <id> --raw --json` prints them):",
        );
        let event_type = serde_json::Value::from(file.event_type.as_str());
        let version = file.schema_version;
        text.code(
            6,
            &format!(
                "{{\n  \"type\": {event_type},\n  \"schema_version\": {version},\n  \"payload\": …\n}}"
            ),
        );
    }
    f.write_str(&text.finish())
}
