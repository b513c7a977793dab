//! Prints `events.lock`: sorted, a line a field, so that a diff of it can be read.

use std::collections::BTreeSet;

use super::node::{Line, Node};
use super::path::{ROOT, show};
use super::{EventType, FORMAT, Kind, Lock, Version};

const HEAD: &str = "\
# Every event type, schema version and field that has been shipped: stored events look like this.
# A test compares it with the code and updates it: `REHYDRATE_UPDATE=1 cargo test`. Commit it; do
# not edit it, but for what no store holds any more, where that test says which lines.
";

impl Lock {
    /// The file's text.
    pub(in crate::schema) fn print(&self) -> String {
        let mut text = format!("{HEAD}format = {FORMAT}\n");
        for (name, event_enum) in &self.enums {
            if event_enum.types.is_empty() {
                text.push_str(&format!("\n[{}]\n", key(name)));
            }
            for (event_type, of) in &event_enum.types {
                print_type(&mut text, &table(name, event_type), of);
            }
        }
        text
    }
}

impl EventType {
    /// Its lines.
    pub(in crate::schema) fn print(&self, event_enum: &str, name: &str) -> String {
        let mut text = String::new();
        print_type(&mut text, &table(event_enum, name), self);
        text.trim().to_owned()
    }
}

/// The name of a type's table.
pub(in crate::schema) fn table(event_enum: &str, name: &str) -> String {
    format!("{}.{}", key(event_enum), key(name))
}

pub(in crate::schema) fn print_aliases(aliases: &BTreeSet<String>) -> String {
    format!("alias = {}", list(aliases.iter()))
}

fn print_type(text: &mut String, table: &str, of: &EventType) {
    let mut own = Vec::new();
    if of.is_retired {
        own.push("retired = true".to_owned());
    }
    if of.is_legacy {
        own.push("legacy = true".to_owned());
    }
    if !of.aliases.is_empty() {
        own.push(print_aliases(&of.aliases));
    }
    for (version, shape) in &of.versions {
        if *shape == Version::Unsupported {
            own.push(format!("v{version} = \"unsupported\""));
        }
    }
    if !own.is_empty() {
        text.push_str(&format!("\n[{table}]\n{}\n", own.join("\n")));
    }
    for (version, shape) in &of.versions {
        if let Version::Shape(node) = shape {
            text.push_str(&format!("\n[{table}.v{version}]\n"));
            print_shape(text, node);
        }
    }
}

fn print_shape(text: &mut String, node: &Node) {
    for (path, line) in node.lines() {
        let path = show(&path);
        // That a payload is an object goes without saying.
        if path != ROOT || *line != Line::new(Kind::Object) {
            text.push_str(&format!("{} = {}\n", key(&path), value(line)));
        }
    }
}

fn value(line: &Line) -> String {
    let kind = quoted(&line.kind());
    let mut more = String::new();
    if line.has_default {
        more.push_str(", default = true");
    }
    if !line.aliases.is_empty() {
        more.push_str(&format!(", alias = {}", list(line.aliases.iter())));
    }
    if !line.note.is_empty() {
        more.push_str(&format!(", note = {}", quoted(&line.note)));
    }
    if let Some(order) = line.order {
        more.push_str(&format!(", order = {order}"));
    }
    if more.is_empty() {
        kind
    } else {
        format!("{{ type = {kind}{more} }}")
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let texts: Vec<_> = texts.map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The text as a basic string of TOML, which is what JSON writes but for the delete character.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}
