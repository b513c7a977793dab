//! Compares a shipped shape with the code's.

use std::fmt;

use super::super::lock::{Kind, Line, Node, Step, show};

/// What has become of a shape.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// What was stored is no longer read, or read as something else.
    pub(super) breaking: Vec<Change>,
    /// What was stored is read as before.
    pub(super) fine: Vec<String>,
}

/// A change after which something that was stored is no longer read.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) path: Vec<Step>,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Added { kind: String },
    Removed { kind: String },
    Renamed { to: Step },
    Retyped { from: String, to: String },
    Required { kind: String },
    DefaultRemoved,
    AliasRemoved { alias: String },
    Noted { from: String, to: String },
    NoLongerDescribed { code: String },
    UnseenChanged { from: String, to: String },
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        match &self.what {
            What::Added { kind } => write!(
                f,
                "{place} was added ({kind}) and has no default: what is stored has no such field"
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
            What::Noted { from, to } => match (from.as_str(), to.as_str()) {
                ("", to) => write!(f, "{place} has got `#[serde({to})]`"),
                (from, "") => write!(f, "{place} has lost `#[serde({from})]`"),
                (from, to) => write!(
                    f,
                    "{place} had `#[serde({from})]` and now has `#[serde({to})]`"
                ),
            },
            What::NoLongerDescribed { code } => write!(
                f,
                "{place} is no longer described: a change inside of `{code}` would not be seen"
            ),
            What::UnseenChanged { from, to } => write!(
                f,
                "{place} was shipped as `{from}` and is now `{to}`; neither is described, so nobody \
                 can see whether their JSON is the same"
            ),
        }
    }
}

/// Compares what was shipped with what the code has.
pub(super) fn compare(shipped: &Node, code: &Node) -> Changes {
    let mut walk = Walk::default();
    walk.node(shipped, code);
    walk.changes
}

#[derive(Default)]
struct Walk {
    changes: Changes,
    shipped: Vec<Step>,
    code: Vec<Step>,
    /// The outer places, as they were shipped and as they are called now.
    outer: Vec<(String, String)>,
}

impl Walk {
    fn breaking(&mut self, what: What) {
        let path = self.shipped.clone();
        self.changes.breaking.push(Change { path, what });
    }

    fn fine(&mut self, what: &str) {
        let place = show(&self.code);
        self.changes.fine.push(format!("`{place}` {what}"));
    }

    fn node(&mut self, shipped: &Node, code: &Node) {
        self.outer.push((show(&self.shipped), show(&self.code)));
        if self.kind(&shipped.line, &code.line) {
            self.line(&shipped.line, &code.line);
            self.parts(shipped, code);
        }
        self.outer.pop();
    }

    /// Whether the parts are worth a look.
    fn kind(&mut self, shipped: &Line, code: &Line) -> bool {
        let retyped = || What::Retyped {
            from: shipped.kind(),
            to: code.kind(),
        };
        match (&shipped.kind, &code.kind) {
            (Kind::Opaque(from), Kind::Opaque(to)) if from == to => true,
            (Kind::Opaque(from), Kind::Opaque(to)) => {
                let (from, to) = (from.clone(), to.clone());
                self.breaking(What::UnseenChanged { from, to });
                false
            }
            (Kind::Opaque(_), _) => {
                self.fine("is described");
                // The parts of what is described are news, all of them.
                self.line(shipped, code);
                false
            }
            (_, Kind::Opaque(to)) => {
                let code = to.clone();
                self.breaking(What::NoLongerDescribed { code });
                false
            }
            (Kind::As(from), Kind::As(to)) => {
                let known = self.outer.iter().any(|(was, is)| was == from && is == to);
                if !known && from != to {
                    self.breaking(retyped());
                }
                true
            }
            (from, to) if from == to => true,
            (from, to) if from.widens_to(to) => {
                self.fine(&format!("is wider: {to} instead of {from}"));
                true
            }
            _ => {
                self.breaking(retyped());
                false
            }
        }
    }

    fn line(&mut self, shipped: &Line, code: &Line) {
        let is_field = matches!(self.code.last(), Some(Step::Field(_) | Step::Flattened(_)));
        match (shipped.is_nullable(), code.is_nullable()) {
            (true, false) => self.breaking(What::Required {
                kind: shipped.kind.to_string(),
            }),
            (false, true) => self.fine("may be null"),
            _ if is_field && shipped.may_be_missing() && !code.may_be_missing() => {
                self.breaking(What::DefaultRemoved);
            }
            _ if !shipped.has_default && code.has_default => self.fine("has a default"),
            _ => {}
        }
        let called = |name: &str| self.code.last().and_then(Step::name) == Some(name);
        let lost = shipped.aliases.difference(&code.aliases);
        let lost: Vec<_> = lost.filter(|alias| !called(alias)).cloned().collect();
        for alias in lost {
            self.breaking(What::AliasRemoved { alias });
        }
        for alias in code.aliases.difference(&shipped.aliases) {
            self.fine(&format!("is read as `{alias}`, too"));
        }
        if shipped.note != code.note {
            if without(&shipped.note, DENY) == code.note {
                self.fine("no longer denies unknown fields");
            } else {
                let (from, to) = (shipped.note.clone(), code.note.clone());
                self.breaking(What::Noted { from, to });
            }
        }
    }

    fn parts(&mut self, shipped: &Node, code: &Node) {
        let mut gone: Vec<(&Step, &Node)> = Vec::new();
        let mut added: Vec<(&Step, &Node)> = code.parts.iter().collect();
        for (step, part) in &shipped.parts {
            let Some(index) = find(&added, step) else {
                gone.push((step, part));
                continue;
            };
            let (now, code) = added.remove(index);
            self.within(step, now, |walk| walk.node(part, code));
        }
        let untagged = is_untagged(code);
        for (step, part) in gone {
            let same = |(step2, other): &(&Step, &Node)| {
                std::mem::discriminant(step) == std::mem::discriminant(*step2)
                    && other.line.kind() == part.line.kind()
                    && other.parts == part.parts
            };
            let renamed = added
                .iter()
                .position(same)
                .map(|index| added.remove(index).0);
            let kind = part.line.kind();
            let what = match renamed {
                Some(_) if untagged => continue,
                Some(to) => What::Renamed { to: to.clone() },
                None => What::Removed { kind },
            };
            self.within(step, step, |walk| walk.breaking(what));
        }
        for (step, part) in added {
            self.within(step, step, |walk| walk.added(step, part));
        }
    }

    fn added(&mut self, step: &Step, part: &Node) {
        let is_map = matches!(part.line.kind, Kind::Map);
        let may_be_missing = match step {
            Step::Field(_) => part.line.may_be_missing(),
            Step::Flattened(_) => part.line.may_be_missing() || is_map,
            // The other steps belong to kinds, which are compared.
            _ => true,
        };
        let kind = part.line.kind();
        if may_be_missing {
            self.fine(&format!("is new: {kind}"));
        } else {
            self.breaking(What::Added { kind });
        }
    }

    fn within(&mut self, shipped: &Step, code: &Step, then: impl FnOnce(&mut Self)) {
        self.shipped.push(shipped.clone());
        self.code.push(code.clone());
        then(self);
        self.shipped.pop();
        self.code.pop();
    }
}

fn is_untagged(node: &Node) -> bool {
    use super::super::lock::Tag;
    node.line.kind == Kind::Enum(Tag::Untagged)
}

/// The part with that name, or that is read under it.
fn find(parts: &[(&Step, &Node)], step: &Step) -> Option<usize> {
    let exactly = parts.iter().position(|(other, _)| *other == step);
    let aliased = |(other, part): &(&Step, &Node)| {
        std::mem::discriminant(*other) == std::mem::discriminant(step)
            && step
                .name()
                .is_some_and(|name| part.line.aliases.contains(name))
    };
    exactly.or_else(|| parts.iter().position(aliased))
}

pub(super) const DENY: &str = "deny_unknown_fields";

fn without(note: &str, attribute: &str) -> String {
    let kept = note.split(", ").filter(|part| *part != attribute);
    kept.collect::<Vec<_>>().join(", ")
}
