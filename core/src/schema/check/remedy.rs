//! What to write instead, as code to paste.

use super::super::lock::{Node, Step};
use super::super::{EventSchema, EventTypeSchema, FieldSchema, Shape, TypeSchema};
use super::change::{Change, What, attributes, names, only_in};
use super::rust;
use super::text::Text;

/// A version whose shape has changed.
pub(super) struct Changed<'a> {
    pub(super) schema: &'a EventSchema,
    pub(super) code: &'a EventTypeSchema,
    pub(super) is_legacy: bool,
    pub(super) version: u32,
    pub(super) shipped: &'a Node,
    pub(super) changes: &'a [Change],
}

/// How the type of an older payload is called by convention.
pub(super) fn past_name(code: &str, version: u32) -> String {
    let plain = code.trim_end_matches(|c: char| c.is_ascii_digit());
    // A legacy type is called after its newest payload, `MergedV2`.
    let stem = plain.strip_suffix('V').filter(|_| plain.len() < code.len());
    format!("{}V{version}", stem.unwrap_or(code))
}

/// The attribute with these older versions.
pub(super) fn history_attribute(history: &[String]) -> String {
    let line = format!("#[event(history({}))]", history.join(", "));
    if line.len() > 90 {
        format!("#[event(history(\n    {},\n))]", history.join(",\n    "))
    } else {
        line
    }
}

/// The types of the older versions, as they stand in `history`.
pub(super) fn past(code: &EventTypeSchema) -> Vec<String> {
    let past = code.versions.split_last().map_or(&[][..], |(_, past)| past);
    let name = |shape: &Shape| match shape {
        Shape::Type { name, .. } => (*name).to_owned(),
        _ => "_".to_owned(),
    };
    past.iter().map(name).collect()
}

impl Changed<'_> {
    pub(super) fn remedy(&self) -> String {
        let newest = self.code.newest().get();
        let mut text = Text::default();
        if self.is_legacy || self.version < newest {
            self.restore(&mut text);
        } else {
            self.new_version(&mut text);
        }
        self.cheaper(&mut text);
        text.finish()
    }

    /// The type of an older version must stay as it was shipped.
    fn restore(&self, text: &mut Text) {
        let index = self.version.saturating_sub(1) as usize;
        let name = match self.code.versions.get(index) {
            Some(Shape::Type { name, .. }) => (*name).to_owned(),
            _ => past_name(self.code.code, self.version),
        };
        let version = self.version;
        text.prose(
            2,
            &format!(
                "`{name}` reads what was stored as version {version}, and must keep that shape \
                 for as long as events of it exist:"
            ),
        );
        text.code(6, &rust::types(self.shipped, &name));
    }

    fn new_version(&self, text: &mut Text) {
        let Self { code, version, .. } = self;
        let next = version + 1;
        let mut name = past_name(code.code, *version);
        if name == self.target() || past(code).contains(&name) {
            name.insert_str(0, "Shipped");
        }
        text.prose(
            2,
            &format!(
                "Keep the shipped shape as a type of its own and add it to the history. Today's \
                 shape is then version {next}, and version {version} is upcast to it:"
            ),
        );
        let mut history = past(code);
        let last = history.iter().rev().find(|name| *name != "_").cloned();
        history.push(name.clone());
        let attribute = history_attribute(&history);
        let upcast = self.upcast(&name);
        let types = rust::types(self.shipped, &name);
        text.code(
            6,
            &format!("{types}\n{attribute}\n{}\n\n{upcast}", self.variant()),
        );
        if let Some(last) = last {
            let target = self.target();
            text.prose(
                2,
                &format!(
                    "The link before it now ends there: `impl From<{last}> for {target}` becomes \
                     `impl From<{last}> for {name}`."
                ),
            );
        }
    }

    /// The variant's line in the enum.
    fn variant(&self) -> String {
        let name = self.code.code;
        match self.code.versions.last() {
            Some(Shape::Type { name: ty, .. }) => format!("{name}({ty}),"),
            Some(Shape::Fields { .. }) => format!("{name} {{ … }},"),
            _ => format!("{name},"),
        }
    }

    /// What the newest of the past is upcast to.
    fn target(&self) -> &str {
        match self.code.versions.last() {
            Some(Shape::Type { name, .. }) => name,
            _ => self.schema.name,
        }
    }

    fn upcast(&self, past: &str) -> String {
        let target = self.target();
        let code = self.code.code;
        let (start, fields) = match self.code.versions.last() {
            Some(Shape::Fields { fields, .. }) => (format!("Self::{code}"), Some(*fields)),
            Some(Shape::Type {
                name: ty,
                shape: TypeSchema::Struct { name, fields, .. },
            }) => match without_paths(ty) {
                ty if ty == format!("Box<{name}>") => (format!("Self::new({name}"), Some(*fields)),
                ty if ty.split('<').next() == Some(*name) => ("Self".to_owned(), Some(*fields)),
                _ => (format!("todo!(\"{ty} from {past}\")"), None),
            },
            Some(Shape::Type { name, .. }) => (format!("todo!(\"{name} from {past}\")"), None),
            _ => (format!("Self::{code}"), None),
        };
        let body = match fields {
            None => start,
            Some(fields) => {
                let lines = fields.iter().map(|field| self.assignment(field));
                let lines: String = lines.map(|line| format!("            {line}\n")).collect();
                let end = if start.contains('(') { ")" } else { "" };
                format!("{start} {{\n{lines}        }}{end}")
            }
        };
        let old = if body.contains("old.") { "old" } else { "_old" };
        format!(
            "impl From<{past}> for {target} {{\n    fn from({old}: {past}) -> Self {{\n        \
             {body}\n    }}\n}}"
        )
    }

    fn assignment(&self, field: &FieldSchema) -> String {
        let name = rust::ident(field.name);
        let Some((key, part)) = self.source(field) else {
            let is_option = field.ty.split('<').next().map(without_paths);
            return if is_option.as_deref() == Some("Option") {
                format!("{name}: None,")
            } else {
                format!("{name}: todo!(\"what it was when it was not stored\"),")
            };
        };
        let (old, was) = (rust::ident(key), rust::plain(part));
        if without_paths(&was) == without_paths(field.ty) {
            format!("{name}: old.{old},")
        } else {
            format!("{name}: todo!(\"{} from old.{old}\"),", field.ty)
        }
    }

    /// The shipped field that holds what this one holds.
    fn source(&self, field: &FieldSchema) -> Option<(&str, &Node)> {
        let renamed = self.changes.iter().find_map(|change| match &change.what {
            What::Renamed { to } if to.name() == Some(field.key) && change.path.len() == 1 => {
                change.path.first()
            }
            _ => None,
        });
        let own = if field.is_flattened {
            Step::Flattened(field.name.to_owned())
        } else {
            Step::Field(field.key.to_owned())
        };
        let (step, part) = self.shipped.parts.get_key_value(renamed.unwrap_or(&own))?;
        step.name().map(|name| (name, part))
    }

    /// What is less work, where something is.
    fn cheaper(&self, text: &mut Text) {
        let mut hints: Vec<String> = self.changes.iter().filter_map(hint).collect();
        let removed = self.changes.iter().filter(|change| change.is_removed());
        let removed: Vec<String> = removed.map(Change::place).collect();
        if !removed.is_empty() {
            let removed = removed.join(", ");
            hints.push(format!("{removed}: put back what was removed"));
        }
        if hints.is_empty() {
            return;
        }
        text.empty_line();
        text.prose(2, "Less work, where it is all that is needed:");
        for hint in hints {
            text.prose(4, &format!("- {hint}"));
        }
    }
}

pub(super) fn without_paths(ty: &str) -> String {
    let words: Vec<_> = ty.split_whitespace().collect();
    let ty = words.concat();
    let parts = ty.split_inclusive(['<', '>', ',', '(', ')', '[', ']', ';', '&']);
    parts
        .map(|part| part.rsplit("::").next().unwrap_or(part))
        .collect()
}

fn hint(change: &Change) -> Option<String> {
    let place = change.place();
    let path = &change.path;
    let name = path.last().and_then(Step::name).unwrap_or_default();
    Some(match &change.what {
        What::Added { kind } => {
            let inner = plain_kind(kind);
            let needs = if kind.contains("enum") {
                ", which the enum must have,"
            } else {
                ""
            };
            format!(
                "{place}: `#[serde(default)]`, if a default{needs} is right for what is stored; or \
                 make it an `Option<{inner}>`"
            )
        }
        What::Taken { .. } => format!(
            "{place}: if no store has that key in it, give it another one: \
             `#[serde(rename = \"…\")]`"
        ),
        What::Renamed { to } => {
            let now = to.name().unwrap_or_default();
            format!(
                "{place}: if `{now}` is the same thing, write `#[serde(alias = {name:?})]` on it: \
                 both are read, and `{now}` is written; or `#[serde(rename = {name:?})]`: it is \
                 stored as before"
            )
        }
        What::Required { .. } => format!("{place}: leave it an `Option`"),
        What::DefaultRemoved => format!("{place}: put back `#[serde(default)]`"),
        What::AliasRemoved { alias } => {
            format!("{place}: put back `#[serde(alias = {alias:?})]`")
        }
        What::AliasTaken { alias, .. } => {
            format!("{place}: take away `#[serde(alias = {alias:?})]`")
        }
        What::Noted { from, to } => {
            let (lost, got) = (only_in(from, to), only_in(to, from));
            let mut steps = Vec::new();
            if !lost.is_empty() {
                steps.push(format!("put back {}", attributes(&lost)));
            }
            if !got.is_empty() {
                steps.push(format!("take away {}", attributes(&got)));
            }
            format!("{place}: {}", steps.join(" and "))
        }
        What::TriedBefore { others, .. } => {
            format!("{place}: write it behind {}", names(others))
        }
        What::NoLongerDescribed { code } | What::UnseenChanged { to: code, .. }
            if code.contains('=') =>
        {
            format!(
                "{place}: nobody can see what code of one's own writes. If its JSON is as it was, \
                 give the field a type that has this code as its `Serialize` and `Deserialize`, \
                 and implement `rehydrate::schema::Describe` for it"
            )
        }
        What::NoLongerDescribed { code } => format!(
            "{place}: if its JSON is as it was, add `#[derive(rehydrate::Describe)]` to `{code}`, \
             or implement `rehydrate::schema::Describe` for it"
        ),
        What::UnseenChanged { to, .. } => format!(
            "{place}: if its JSON is as it was, add `#[derive(rehydrate::Describe)]` to `{to}`; \
             the golden events then show that it is"
        ),
        What::Removed { .. } | What::Retyped { .. } | What::ReadsMore { .. } => return None,
    })
}

/// A kind as a type, if it is an easy one.
fn plain_kind(kind: &str) -> &str {
    match kind {
        "string" => "String",
        "object" | "list" | "map" | "enum" => "…",
        kind if kind.contains(' ') => "…",
        kind => kind,
    }
}
