//! Compares all that was shipped with the code.

use std::collections::BTreeSet;

use rehydrate_port::SchemaVersion;

use super::super::lock::{EventEnum, EventType, Lock, Node, Version};
use super::super::{AnyEvent, EventSchema, EventTypeSchema};
use super::gone::{Gone, Shortened, alias_gone, alias_moved, enum_gone, given_up};
use super::problem::Problem;
use super::remedy::Changed;
use super::shapes;

/// What has become of all that was shipped.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) problems: Vec<Problem>,
    /// What the code has and the lock has not.
    pub(super) news: Vec<String>,
    /// The lock as it should be.
    pub(super) lock: Lock,
    /// The enums that have another name now: the shipped one, and today's.
    pub(super) renamed: Vec<(String, String)>,
}

pub(super) fn compare(shipped: &Lock, events: &[AnyEvent]) -> Comparison {
    let mut comparison = Comparison::default();
    let mut unmatched: BTreeSet<&str> = events.iter().map(|event| event.schema().name).collect();
    unmatched.retain(|name| !shipped.enums.contains_key(*name));
    for event in events {
        let name = event.schema().name.to_owned();
        comparison
            .lock
            .enums
            .insert(name, EventEnum::of(event.schema()));
    }
    for (name, of) in &shipped.enums {
        let now = match events.iter().find(|event| event.schema().name == name) {
            Some(event) => Some(event.schema()),
            None => renamed(of, events, &unmatched),
        };
        let Some(schema) = now else {
            comparison.problems.push(enum_gone(name, of));
            continue;
        };
        if schema.name != name {
            unmatched.remove(schema.name);
            comparison
                .renamed
                .push((name.clone(), schema.name.to_owned()));
            let news = format!("`{name}` is called `{}` now", schema.name);
            comparison.news.push(news);
        }
        comparison.event_enum(of, schema);
    }
    for name in unmatched {
        let types = comparison
            .lock
            .enums
            .get(name)
            .map_or(0, |of| of.types.len());
        let s = if types == 1 { "" } else { "s" };
        comparison
            .news
            .push(format!("`{name}` is new, with {types} event type{s}"));
    }
    if comparison.news.is_empty() && comparison.lock != *shipped {
        comparison
            .news
            .push("it is not as this program writes it".to_owned());
    }
    comparison
}

/// The enum of another name that has most of these types.
fn renamed<'a>(
    of: &EventEnum,
    events: &'a [AnyEvent],
    unmatched: &BTreeSet<&str>,
) -> Option<&'a EventSchema> {
    let new = events.iter().map(AnyEvent::schema);
    let new = new.filter(|schema| unmatched.contains(schema.name));
    let known = new.map(|schema| {
        let code = EventEnum::of(schema);
        let names = of.types.keys();
        (
            names.filter(|name| code.find(name).is_some()).count(),
            schema,
        )
    });
    let (count, schema) = known.max_by_key(|(count, _)| *count)?;
    (count * 2 > of.types.len()).then_some(schema)
}

/// A type that was shipped, and what the code has in its place.
struct Place<'a> {
    schema: &'a EventSchema,
    /// As it was shipped, or an older name.
    name: &'a str,
    code: &'a EventTypeSchema,
    is_legacy: bool,
}

impl Comparison {
    fn event_enum(&mut self, shipped: &EventEnum, schema: &EventSchema) {
        let code = EventEnum::of(schema);
        let mut known: BTreeSet<&String> = BTreeSet::new();
        for (name, of) in &shipped.types {
            let Some((now, found)) = code.find(name) else {
                self.gone(shipped, &code, schema, name, of);
                continue;
            };
            known.insert(now);
            self.aliases(&code, schema, name, now, of);
            if now != name {
                self.news.push(format!("`{name}` is stored as `{now}` now"));
            }
            if found.is_retired {
                if !of.is_retired {
                    self.news.push(format!("`{name}` is retired"));
                }
                self.keep_shapes(schema.name, now, of);
                continue;
            }
            if found.is_legacy && !of.is_legacy {
                self.news.push(format!("`{name}` is legacy"));
            }
            self.versions(schema, name, now, of, found);
        }
        let new = code.types.iter().filter(|(name, _)| !known.contains(name));
        for (name, of) in new {
            let retired = if of.is_retired { ", retired" } else { "" };
            self.news.push(format!(
                "type `{name}` of `{}` is new{retired}",
                schema.name
            ));
        }
    }

    /// A retired type has no shapes in the code, so the lock keeps those that it had.
    fn keep_shapes(&mut self, event_enum: &str, name: &str, of: &EventType) {
        let event_enum = self.lock.enums.get_mut(event_enum);
        if let Some(kept) = event_enum.and_then(|of| of.types.get_mut(name)) {
            kept.versions.extend(of.versions.clone());
        }
    }

    fn gone(
        &mut self,
        shipped: &EventEnum,
        code: &EventEnum,
        schema: &EventSchema,
        name: &str,
        of: &EventType,
    ) {
        let new = schema.types.iter().filter(|new| {
            let names = std::iter::once(&new.name).chain(new.aliases);
            let mut names = names.copied();
            !names.any(|name| shipped.find(name).is_some())
        });
        let same = new.filter(|new| {
            let new = code.types.get(new.name);
            new.is_some_and(|new| {
                let shipped = of.versions.iter();
                let mut pairs = shipped.map(|(version, shape)| (shape, new.versions.get(version)));
                pairs.all(|(shape, new)| new == Some(shape))
            })
        });
        let candidates: Vec<&EventTypeSchema> = same.collect();
        let what = match (of.is_retired, of.is_legacy) {
            (true, _) => "no longer in `retired(…)`",
            (_, true) => "no longer in `legacy(…)`",
            _ => "gone: no variant, alias, `retired` or `legacy` reads it",
        };
        let gone = Gone {
            schema,
            name,
            of,
            candidates: &candidates,
        };
        self.problems.push(Problem {
            event_enum: schema.name.to_owned(),
            event_type: Some(name.to_owned()),
            schema_version: None,
            headline: format!("{}: the stored type `{name}` is {what}.", schema.name),
            changes: Vec::new(),
            remedy: gone.remedy(),
            parting: Some(gone.parting(code)),
        });
    }

    fn aliases(
        &mut self,
        code: &EventEnum,
        schema: &EventSchema,
        name: &str,
        now: &str,
        of: &EventType,
    ) {
        for alias in &of.aliases {
            let called = called(schema, now);
            match code.find(alias) {
                Some((found, _)) if found == now => {}
                Some((found, other)) if other.is_retired => {
                    self.keep_shapes(schema.name, found, of)
                }
                Some((found, other)) if found == alias => {
                    self.versions(schema, alias, found, of, other)
                }
                Some((found, _)) => {
                    let headline = format!(
                        "{called}, stored as `{now}`, had the older name `{alias}`, which is read \
                         as `{found}` now."
                    );
                    let remedy = alias_moved(schema, now, of, alias);
                    self.problem(schema, name, None, headline, remedy);
                }
                None => {
                    let headline = format!(
                        "{called}, stored as `{now}`, is no longer read under its older name \
                         `{alias}`."
                    );
                    let (remedy, parting) = alias_gone(schema.name, name, of, alias);
                    let problem = self.problem(schema, name, None, headline, remedy);
                    problem.parting = Some(parting);
                }
            }
        }
    }

    fn versions(
        &mut self,
        schema: &EventSchema,
        name: &str,
        now: &str,
        of: &EventType,
        found: &EventType,
    ) {
        let Some(code) = code_of(schema, now) else {
            return;
        };
        let place = Place {
            schema,
            name,
            code,
            is_legacy: found.is_legacy,
        };
        if found.newest() < of.newest() {
            let headline = format!(
                "{}, stored as `{name}`: its history was shortened. Shipped up to version {}, and \
                 the code has {}.",
                called(schema, now),
                of.newest(),
                found.newest()
            );
            let remedy = Shortened { code, of }.remedy();
            self.problem(schema, name, None, headline, remedy);
            return;
        }
        for (version, shape) in &of.versions {
            let Version::Shape(shipped) = shape else {
                if found.versions.get(version).is_some_and(|now| now != shape) {
                    self.news
                        .push(format!("version {version} of `{now}` is read again"));
                }
                continue;
            };
            match found.versions.get(version) {
                Some(Version::Shape(node)) => {
                    self.shape(&place, *version, shipped, node);
                }
                _ => {
                    let headline = format!(
                        "{}, stored as `{name}`, version {version}: it was shipped, and is `_` in \
                         the history now.",
                        called(schema, now)
                    );
                    let remedy = given_up(schema.name, code, *version, shipped);
                    self.problem(schema, name, Some(*version), headline, remedy);
                }
            }
        }
        for version in of.newest() + 1..=found.newest() {
            self.news
                .push(format!("version {version} of `{now}` is new"));
        }
        for alias in found
            .aliases
            .difference(&of.aliases)
            .filter(|alias| *alias != name)
        {
            self.news.push(format!("`{now}` is read as `{alias}`, too"));
        }
    }

    fn shape(&mut self, place: &Place<'_>, version: u32, shipped: &Node, node: &Node) {
        let Place {
            schema,
            name,
            code,
            is_legacy,
        } = *place;
        let changes = shapes::compare(shipped, node);
        let news = changes.fine.iter();
        self.news
            .extend(news.map(|news| format!("`{}` v{version}: {news}", code.name)));
        if changes.breaking.is_empty() {
            return;
        }
        let today = if code.newest() == version && !is_legacy {
            "today's shape"
        } else {
            "an older shape"
        };
        let called = called(schema, code.name);
        let headline =
            format!("{called}, stored as `{name}`, version {version} ({today}), was changed:");
        let texts = changes.breaking.iter().map(ToString::to_string).collect();
        let changed = Changed {
            schema,
            code,
            is_legacy,
            version,
            shipped,
            changes: &changes.breaking,
        };
        let problem = self.problem(schema, name, Some(version), headline, changed.remedy());
        problem.changes = texts;
    }

    fn problem(
        &mut self,
        schema: &EventSchema,
        name: &str,
        version: Option<u32>,
        headline: String,
        remedy: String,
    ) -> &mut Problem {
        self.problems.push_mut(Problem {
            event_enum: schema.name.to_owned(),
            event_type: Some(name.to_owned()),
            schema_version: version.map(SchemaVersion),
            headline,
            changes: Vec::new(),
            remedy,
            parting: None,
        })
    }
}

/// The description of a type, which says how the code calls it.
fn code_of<'a>(schema: &'a EventSchema, name: &str) -> Option<&'a EventTypeSchema> {
    let mut all = schema.types.iter().chain(schema.legacy);
    all.find(|of| of.name == name)
}

/// The type in the words of the code.
fn called(schema: &EventSchema, name: &str) -> String {
    match code_of(schema, name) {
        Some(of) if schema.legacy.contains(of) => {
            format!("{} (legacy of {})", of.code, schema.name)
        }
        Some(of) => format!("{}::{}", schema.name, of.code),
        None => format!("`{name}` of {}", schema.name),
    }
}
