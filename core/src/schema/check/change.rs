//! Changes after which something that was stored is no longer read as before.

use std::fmt;

use super::super::lock::{Step, note, show};

/// A change after which something that was stored is no longer read.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) path: Vec<Step>,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Added {
        kind: String,
    },
    /// It is new, and may be missing; but something stored may have it for something else.
    Taken {
        by: Step,
    },
    Removed {
        kind: String,
    },
    Renamed {
        to: Step,
    },
    Retyped {
        from: String,
        to: String,
    },
    Required {
        kind: String,
    },
    DefaultRemoved,
    AliasRemoved {
        alias: String,
    },
    /// An alias that is the name of something beside it.
    AliasTaken {
        alias: String,
        by: Step,
    },
    Noted {
        from: String,
        to: String,
    },
    NoLongerDescribed {
        code: String,
    },
    UnseenChanged {
        from: String,
        to: String,
    },
    /// A variant without a tag is tried before these, and was not.
    TriedBefore {
        others: Vec<Step>,
        is_new: bool,
    },
    /// It reads more than it did, and these are tried after it.
    ReadsMore {
        what: String,
        others: Vec<Step>,
    },
}

impl Change {
    pub(super) fn is_removed(&self) -> bool {
        matches!(self.what, What::Removed { .. })
    }

    /// The place in the words of the code.
    pub(super) fn place(&self) -> String {
        let path = show(&self.path);
        match self.path.last() {
            None => "the payload".to_owned(),
            Some(Step::Variant(_)) => format!("variant `{path}`"),
            Some(_) => format!("field `{path}`"),
        }
    }
}

/// Their names, to be read.
pub(super) fn names(steps: &[Step]) -> String {
    let names = steps.iter().filter_map(Step::name);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The attributes that the parts of a note stand for.
pub(super) fn attributes(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| note::attribute(part));
    format!("`#[serde({})]`", parts.collect::<Vec<_>>().join(", "))
}

/// The parts that only the first of two notes has.
pub(super) fn only_in<'a>(note: &'a str, other: &str) -> Vec<&'a str> {
    let mut parts = note::parts(note);
    parts.retain(|part| !note::has(other, part));
    parts
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        match &self.what {
            What::Added { kind } => write!(
                f,
                "{place} was added ({kind}) and has no default: what is stored has no such field"
            ),
            What::Taken { by } => write!(
                f,
                "{place} was added, and what is stored may have that key as a part of {}",
                names(std::slice::from_ref(by))
            ),
            What::Removed { kind } => {
                write!(f, "{place} was removed; it was shipped as {kind}")
            }
            What::Renamed { to } => {
                let to = to.name().unwrap_or_default();
                write!(
                    f,
                    "{place} was removed and `{to}` was added with the same type: renamed?"
                )
            }
            What::Retyped { from, to } => {
                write!(
                    f,
                    "{place} has another type: it was shipped as {from} and is now {to}"
                )
            }
            What::Required { kind } => write!(
                f,
                "{place} can no longer be null: it was shipped as {kind}?, and what is stored may be null"
            ),
            What::DefaultRemoved => write!(
                f,
                "{place} no longer has a default, and what is stored may be without it"
            ),
            What::AliasRemoved { alias } => write!(
                f,
                "{place} is no longer read under its older name `{alias}`"
            ),
            What::AliasTaken { alias, by } => write!(
                f,
                "{place} is read as `{alias}`, too, and so is {}: only one of them gets it",
                names(std::slice::from_ref(by))
            ),
            What::Noted { from, to } => noted(f, &place, from, to),
            What::NoLongerDescribed { code } => write!(
                f,
                "{place} is no longer described: a change inside of `{code}` would not be seen"
            ),
            What::UnseenChanged { from, to } => write!(
                f,
                "{place} was shipped as `{from}` and is now `{to}`; neither is described, so nobody \
                 can see whether their JSON is the same"
            ),
            What::TriedBefore { .. } | What::ReadsMore { .. } => tried(f, &place, &self.what),
        }
    }
}

/// About variants without a tag, which are tried one after the other.
fn tried(f: &mut fmt::Formatter<'_>, place: &str, what: &What) -> fmt::Result {
    match what {
        What::TriedBefore { others, is_new } => {
            let tried = if *is_new {
                "is new, and tried"
            } else {
                "is now tried"
            };
            write!(
                f,
                "{place} {tried} before {}: without a tag the first variant that fits is taken, so \
                 what was stored as one may be read as another",
                names(others)
            )
        }
        What::ReadsMore { what, others } => write!(
            f,
            "{place} {what}; it is a part of a variant without a tag, which may now take what was \
             stored as {}",
            names(others)
        ),
        _ => Ok(()),
    }
}

fn noted(f: &mut fmt::Formatter<'_>, place: &str, from: &str, to: &str) -> fmt::Result {
    let (lost, got) = (only_in(from, to), only_in(to, from));
    match (lost.is_empty(), got.is_empty()) {
        (true, _) => write!(f, "{place} has got {}", attributes(&got)),
        (_, true) => write!(f, "{place} has lost {}", attributes(&lost)),
        _ => write!(
            f,
            "{place} had {} and now has {}",
            attributes(&lost),
            attributes(&got)
        ),
    }
}
