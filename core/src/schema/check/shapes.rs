//! Compares a shipped shape with the code's.

use super::super::lock::{Kind, Line, Node, Step, Tag, note, show};
use super::change::{Change, What, only_in};
use super::remedy::without_paths;

/// What has become of a shape.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// What was stored is no longer read, or read as something else.
    pub(super) breaking: Vec<Change>,
    /// What was stored is read as before.
    pub(super) fine: Vec<String>,
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
    /// For each variant without a tag around, those that are tried after it.
    tried_after: Vec<Vec<Step>>,
}

/// Something that was shipped, and what it is now.
type Pair<'a> = ((&'a Step, &'a Node), (&'a Step, &'a Node));

impl Walk {
    fn breaking(&mut self, what: What) {
        let path = self.shipped.clone();
        self.changes.breaking.push(Change { path, what });
    }

    fn fine(&mut self, what: &str) {
        let place = show(&self.code);
        self.changes.fine.push(format!("`{place}` {what}"));
    }

    /// It reads all that it read, and more.
    fn reads_more(&mut self, what: &str) {
        match self.tried_after.iter().find(|others| !others.is_empty()) {
            None => self.fine(what),
            Some(others) => self.breaking(What::ReadsMore {
                what: what.to_owned(),
                others: others.clone(),
            }),
        }
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
            (Kind::Opaque(from), Kind::Opaque(to)) if without_paths(from) == without_paths(to) => {
                true
            }
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
            (Kind::Set, Kind::List) => {
                self.fine("is a list, and no set any more");
                true
            }
            (from, to) if from == to => true,
            (from, to) if from.widens_to(to) => {
                self.reads_more(&format!("is wider: {to} instead of {from}"));
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
        let is_required = shipped.is_nullable() && !code.is_nullable();
        if is_required {
            self.breaking(What::Required {
                kind: shipped.kind.to_string(),
            });
        } else if is_field && shipped.may_be_missing() && !code.may_be_missing() {
            self.breaking(What::DefaultRemoved);
        }
        if !shipped.is_nullable() && code.is_nullable() {
            self.reads_more("may be null");
        } else if !shipped.may_be_missing() && code.may_be_missing() {
            self.reads_more("has a default");
        } else if !shipped.has_default && code.has_default {
            self.fine("has a default");
        }
        let called = |name: &str| self.code.last().and_then(Step::name) == Some(name);
        let lost = shipped.aliases.difference(&code.aliases);
        let lost: Vec<_> = lost.filter(|alias| !called(alias)).cloned().collect();
        for alias in lost {
            self.breaking(What::AliasRemoved { alias });
        }
        for alias in code.aliases.difference(&shipped.aliases) {
            self.reads_more(&format!("is read as `{alias}`, too"));
        }
        self.note(shipped, code);
    }

    fn note(&mut self, shipped: &Line, code: &Line) {
        if shipped.note == code.note {
            return;
        }
        // What is read without these is all that was read with them.
        let may_go = [note::DENY, note::LEFT_OUT];
        let (mut lost, mut got) = (
            only_in(&shipped.note, &code.note),
            only_in(&code.note, &shipped.note),
        );
        lost.retain(|part| !may_go.contains(part));
        // What it stands for is not in any payload yet.
        got.retain(|part| {
            *part != note::OTHER && (!note::is_default(part) || shipped.may_be_missing())
        });
        if !lost.is_empty() || !got.is_empty() {
            let (from, to) = (shipped.note.clone(), code.note.clone());
            self.breaking(What::Noted { from, to });
        } else if note::has(&shipped.note, note::DENY) && !note::has(&code.note, note::DENY) {
            self.reads_more("no longer denies unknown fields");
        }
    }

    fn parts(&mut self, shipped: &Node, code: &Node) {
        let mut gone: Vec<(&Step, &Node)> = Vec::new();
        let mut added: Vec<(&Step, &Node)> = code.parts.iter().collect();
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        for (step, part) in &shipped.parts {
            match find(&added, step) {
                Some(index) => pairs.push(((step, part), added.remove(index))),
                None => gone.push((step, part)),
            }
        }
        // What has a name in the code only may be renamed.
        let is_named = |(step, part): &(&Step, &Node)| {
            !matches!(step, Step::Flattened(_)) && part.line.order.is_none()
        };
        let (named, nameless): (Vec<_>, Vec<_>) = gone.into_iter().partition(is_named);
        let mut gone = named;
        for (step, part) in nameless {
            match added.iter().position(|now| is_same(now, (step, part))) {
                Some(index) => pairs.push(((step, part), added.remove(index))),
                None => gone.push((step, part)),
            }
        }
        self.order(&pairs, code);
        self.aliases(&pairs, code, shipped);
        for ((step, part), (now, code_part)) in pairs {
            self.tried_after.push(tried_after(code_part, code));
            self.within(step, now, |walk| walk.node(part, code_part));
            self.tried_after.pop();
        }
        for (step, part) in gone {
            let same =
                |now: &(&Step, &Node)| is_same(now, (step, part)) && now.1.parts == part.parts;
            let renamed = added.iter().position(same);
            let what = match renamed.map(|index| added.remove(index).0) {
                Some(to) => What::Renamed { to: to.clone() },
                None => What::Removed {
                    kind: part.line.kind(),
                },
            };
            self.within(step, step, |walk| walk.breaking(what));
        }
        for (step, part) in added {
            self.within(step, step, |walk| walk.added(step, part, shipped));
        }
    }

    /// Variants without a tag are tried one after the other.
    fn order(&mut self, pairs: &[Pair<'_>], code: &Node) {
        for (step, part) in &code.parts {
            let Some(now) = part.line.order else { continue };
            let own = pairs.iter().find(|(_, (other, _))| *other == step);
            let was = own.map(|((_, shipped), _)| shipped.line.order);
            let later = pairs.iter().filter(|((_, shipped), (_, other))| {
                let is_after = other.line.order.is_some_and(|order| order > now);
                let was_before = match was {
                    None => shipped.line.order.is_some(),
                    Some(was) => shipped.line.order.zip(was).is_some_and(|(a, b)| a < b),
                };
                is_after && was_before
            });
            let others: Vec<Step> = later.map(|(_, (step, _))| (*step).clone()).collect();
            if !others.is_empty() {
                let is_new = own.is_none();
                self.within(step, step, |walk| {
                    walk.breaking(What::TriedBefore { others, is_new });
                });
            }
        }
    }

    /// Of two that are read under one name, one is never read under it.
    fn aliases(&mut self, pairs: &[Pair<'_>], code: &Node, shipped: &Node) {
        for (step, part) in &code.parts {
            let own = pairs.iter().find(|(_, (other, _))| *other == step);
            for alias in &part.line.aliases {
                let was = own.is_some_and(|((_, shipped), _)| shipped.line.aliases.contains(alias));
                let other = code.parts.iter().find(|(other, part)| {
                    let is_same_kind = is_alike(other, step) && *other != step;
                    let is_read = other.name() == Some(alias) || part.line.aliases.contains(alias);
                    is_same_kind && is_read
                });
                let is_field = own.is_some() && matches!(step, Step::Field(_));
                let flattened = taken(shipped, alias).filter(|_| is_field);
                let by = other.map(|(other, _)| other.clone()).or(flattened);
                if let Some(by) = by.filter(|_| !was) {
                    let alias = alias.clone();
                    self.within(step, step, |walk| {
                        walk.breaking(What::AliasTaken { alias, by });
                    });
                }
            }
        }
    }

    fn added(&mut self, step: &Step, part: &Node, shipped: &Node) {
        let is_map = matches!(part.line.kind, Kind::Map);
        let may_be_missing = match step {
            Step::Field(_) => part.line.may_be_missing(),
            Step::Flattened(_) => part.line.may_be_missing() || is_map,
            // The other steps belong to kinds, which are compared.
            _ => true,
        };
        let kind = part.line.kind();
        let key = step.name().filter(|_| matches!(step, Step::Field(_)));
        let mut keys = key
            .into_iter()
            .chain(part.line.aliases.iter().map(String::as_str));
        if let Some(by) = keys.find_map(|key| taken(shipped, key)) {
            self.breaking(What::Taken { by });
        } else if may_be_missing && matches!(step, Step::Variant(_)) {
            self.reads_more(&format!("is new: {kind}"));
        } else if may_be_missing {
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

fn is_alike(one: &Step, other: &Step) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Whether the second may be called like the first by now.
fn is_same(now: &(&Step, &Node), (step, part): (&Step, &Node)) -> bool {
    let is_kind = now.1.line.kind() == part.line.kind();
    let is_nameless = part.line.order.is_some();
    is_alike(now.0, step) && is_kind && (!is_nameless || now.1.parts == part.parts)
}

/// The variants that are tried after this one.
fn tried_after(part: &Node, of: &Node) -> Vec<Step> {
    let Some(own) = part.line.order else {
        return Vec::new();
    };
    let later = of.parts.iter().filter(|(_, other)| {
        let order = other.line.order;
        order.is_some_and(|order| order > own)
    });
    later.map(|(step, _)| step.clone()).collect()
}

/// What is flattened and may be stored with this key.
fn taken(shipped: &Node, key: &str) -> Option<Step> {
    let mut flattened = shipped.parts.iter();
    let found =
        flattened.find(|(step, part)| matches!(step, Step::Flattened(_)) && may_hold(part, key));
    found.map(|(step, _)| step.clone())
}

/// Whether something flattened may be stored with this key.
fn may_hold(flattened: &Node, key: &str) -> bool {
    let has_field = |node: &Node| {
        let mut parts = node.parts.iter();
        parts.any(|(step, part)| match step {
            Step::Field(name) => name == key || part.line.aliases.contains(key),
            Step::Flattened(_) => may_hold(part, key),
            _ => false,
        })
    };
    let mut variants = flattened.parts.iter();
    match &flattened.line.kind {
        Kind::Object => has_field(flattened),
        Kind::Enum(Tag::External) => variants.any(|(step, part)| {
            let is_read = step.name() == Some(key) || part.line.aliases.contains(key);
            is_read || part.line.order.is_some() && may_hold(part, key)
        }),
        Kind::Enum(Tag::Internal(tag)) => {
            tag == key || variants.any(|(_, part)| may_hold(part, key))
        }
        Kind::Enum(Tag::Adjacent(tag, content)) => tag == key || content == key,
        Kind::Enum(Tag::Untagged) => variants.any(|(_, part)| may_hold(part, key)),
        Kind::Unit => false,
        _ => true,
    }
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
