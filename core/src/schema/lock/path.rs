//! Places in a payload: `lines[].article`, `method|card.last4`, `totals{}`.

use std::fmt::Write as _;

/// One step from a place in a payload to a place within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::schema) enum Step {
    /// `.cents`
    Field(String),
    /// `.+extra`: the fields of this one stand beside the others.
    Flattened(String),
    /// `{key}`
    Key,
    /// `{}`
    Value,
    /// `[]`
    Element,
    /// `[0]`
    Index(usize),
    /// `|card`
    Variant(String),
}

/// The whole payload.
pub(super) const ROOT: &str = ".";

/// The path as it stands in the lock.
pub(in crate::schema) fn show(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(key) => {
                dot(&mut text);
                name(&mut text, key);
            }
            Step::Flattened(key) => {
                dot(&mut text);
                text.push('+');
                name(&mut text, key);
            }
            Step::Key => text.push_str("{key}"),
            Step::Value => text.push_str("{}"),
            Step::Element => text.push_str("[]"),
            Step::Index(index) => {
                // Writing to a text cannot fail.
                let _ = write!(text, "[{index}]");
            }
            Step::Variant(key) => {
                text.push('|');
                name(&mut text, key);
            }
        }
    }
    if text.is_empty() {
        text.push_str(ROOT);
    }
    text
}

fn dot(text: &mut String) {
    if !text.is_empty() {
        text.push('.');
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '.' | '[' | ']' | '{' | '}' | '|' | '+' | '"' | '\\') || c.is_control()
}

fn name(text: &mut String, key: &str) {
    // A path may stand before the mark of what may be null.
    let looks_null = key.contains('?') || key.ends_with(" or null");
    if key.is_empty() || key.contains(is_special) || looks_null {
        text.push_str(&super::write::quoted(key));
    } else {
        text.push_str(key);
    }
}

/// The path of such a text, if it is one.
pub(super) fn parse(text: &str) -> Option<Vec<Step>> {
    if text == ROOT {
        return Some(Vec::new());
    }
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (step, tail) = step(rest, steps.is_empty())?;
        steps.push(step);
        rest = tail;
    }
    Some(steps)
}

fn step(text: &str, is_first: bool) -> Option<(Step, &str)> {
    if let Some(tail) = text.strip_prefix("{key}") {
        return Some((Step::Key, tail));
    }
    if let Some(tail) = text.strip_prefix("{}") {
        return Some((Step::Value, tail));
    }
    if let Some(tail) = text.strip_prefix("[]") {
        return Some((Step::Element, tail));
    }
    if let Some(tail) = text.strip_prefix('[') {
        let (index, tail) = tail.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), tail));
    }
    if let Some(tail) = text.strip_prefix('|') {
        let (key, tail) = parse_name(tail)?;
        return Some((Step::Variant(key), tail));
    }
    let field = text.strip_prefix('.').or(is_first.then_some(text))?;
    match field.strip_prefix('+') {
        Some(flattened) => {
            let (key, tail) = parse_name(flattened)?;
            Some((Step::Flattened(key), tail))
        }
        None => {
            let (key, tail) = parse_name(field)?;
            Some((Step::Field(key), tail))
        }
    }
}

fn parse_name(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let mut quoted = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let key = quoted.next()?.ok()?;
        let tail = text.get(quoted.byte_offset()..)?;
        return Some((key, tail));
    }
    let end = text.find(is_special).unwrap_or(text.len());
    let (key, tail) = text.split_at(end);
    (!key.is_empty()).then(|| (key.to_owned(), tail))
}

impl Step {
    /// The name of a field or a variant.
    pub(in crate::schema) fn name(&self) -> Option<&str> {
        match self {
            Self::Field(name) | Self::Flattened(name) | Self::Variant(name) => Some(name),
            Self::Key | Self::Value | Self::Element | Self::Index(_) => None,
        }
    }
}
