//! Whether a payload is written as it was stored.

use chrono::DateTime;
use serde_json::{Map, Number, Value};

use super::super::lock::{Kind, Node, Step, Tag, note, show};

/// The first difference that is more than a field that may be missing, or a newer name.
pub(super) fn differ(stored: &Value, written: &Value, shape: &Node) -> Option<String> {
    let mut walk = Walk { path: Vec::new() };
    walk.value(stored, written, Some(shape))
}

struct Walk {
    path: Vec<Step>,
}

impl Walk {
    fn difference(&self, what: &str) -> Option<String> {
        let place = show(&self.path);
        let place = if self.path.is_empty() {
            "the payload"
        } else {
            &place
        };
        Some(format!("`{place}` {what}"))
    }

    fn value(&mut self, stored: &Value, written: &Value, node: Option<&Node>) -> Option<String> {
        if let Some((node, Kind::Enum(tag))) = node.map(|node| (node, &node.line.kind)) {
            return self.variant(stored, written, node, tag);
        }
        match (stored, written) {
            (Value::Object(stored), Value::Object(written)) => {
                match node.filter(|node| node.line.kind == Kind::Map) {
                    Some(map) => self.map(stored, written, map),
                    None => self.object(stored, written, node, &[]),
                }
            }
            (Value::Array(stored), Value::Array(written)) if stored.len() == written.len() => {
                if node.is_some_and(|node| node.line.kind == Kind::Set) {
                    // Some sets have another order each time.
                    return self.array(&sorted(stored), &sorted(written), node);
                }
                self.array(stored, written, node)
            }
            (Value::Number(stored), Value::Number(written)) if is_equal(stored, written) => None,
            _ if stored == written || is_same_time(stored, written, node) => None,
            _ => self.difference(&format!(
                "was stored as {stored} and is written as {written}"
            )),
        }
    }

    fn array(
        &mut self,
        stored: &[Value],
        written: &[Value],
        node: Option<&Node>,
    ) -> Option<String> {
        let mut pairs = stored.iter().zip(written).enumerate();
        pairs.find_map(|(index, (stored, written))| {
            let step = Step::Index(index);
            let part = node.and_then(|node| {
                let parts = &node.parts;
                parts.get(&step).or_else(|| parts.get(&Step::Element))
            });
            self.within(step, stored, written, part)
        })
    }

    fn within(
        &mut self,
        step: Step,
        stored: &Value,
        written: &Value,
        node: Option<&Node>,
    ) -> Option<String> {
        self.path.push(step);
        let difference = self.value(stored, written, node);
        self.path.pop();
        difference
    }

    fn object(
        &mut self,
        stored: &Map<String, Value>,
        written: &Map<String, Value>,
        node: Option<&Node>,
        tags: &[&str],
    ) -> Option<String> {
        let mut seen = Vec::new();
        for (key, value) in stored {
            if tags.contains(&key.as_str()) {
                continue;
            }
            let part = node.and_then(|node| part(node, key));
            let key = part.map_or(key.as_str(), |(key, _)| key);
            let part = part.map(|(_, part)| part);
            seen.push(key);
            let step = Step::Field(key.to_owned());
            let is_noted = part.is_some_and(|part| is_left_out(&part.line.note));
            match written.get(key) {
                Some(now) => {
                    if let Some(difference) = self.within(step, value, now, part) {
                        return Some(difference);
                    }
                }
                // What is null may as well be left out; so may what a note says a function makes.
                None if value.is_null() || is_noted => {}
                None => {
                    self.path.push(step);
                    return self.difference(&format!("was stored as {value} and is not written"));
                }
            }
        }
        for (key, value) in written {
            let is_known = seen.contains(&key.as_str()) || tags.contains(&key.as_str());
            if !is_known && !may_be_extra(node, key) {
                self.path.push(Step::Field(key.clone()));
                return self.difference(&format!("was not stored and is written as {value}"));
            }
        }
        None
    }

    fn map(
        &mut self,
        stored: &Map<String, Value>,
        written: &Map<String, Value>,
        node: &Node,
    ) -> Option<String> {
        let keys = node.parts.get(&Step::Key);
        let now = |key: &str| {
            let found = keys.and_then(|keys| variant(keys, key));
            found.map_or_else(|| key.to_owned(), |(now, _)| now.to_owned())
        };
        let renamed = stored.iter().map(|(key, value)| (now(key), value.clone()));
        let renamed: Map<String, Value> = renamed.collect();
        for (key, value) in &renamed {
            let step = Step::Field(key.clone());
            let of = node.parts.get(&Step::Value);
            let difference = match written.get(key) {
                Some(now) => self.within(step, value, now, of),
                None => {
                    self.path.push(step);
                    return self.difference(&format!("was stored as {value} and is not written"));
                }
            };
            if difference.is_some() {
                return difference;
            }
        }
        let (key, value) = written
            .iter()
            .find(|(key, _)| !renamed.contains_key(*key))?;
        self.path.push(Step::Field(key.clone()));
        self.difference(&format!("was not stored and is written as {value}"))
    }

    fn variant(
        &mut self,
        stored: &Value,
        written: &Value,
        node: &Node,
        tag: &Tag,
    ) -> Option<String> {
        let differs = || {
            Some(format!(
                "was stored as {stored} and is written as {written}"
            ))
        };
        let told = match tag {
            Tag::External => told_outside(stored).zip(told_outside(written)),
            Tag::Internal(tag) | Tag::Adjacent(tag, _) => {
                let name = |value: &Value| value.get(tag)?.as_str().map(str::to_owned);
                name(stored).zip(name(written))
            }
            Tag::Untagged => None,
        };
        let Some((was, is)) = told else {
            // Which variant it is cannot be told, so nothing is known of what is optional in it.
            return self.value_of_any(stored, written, node);
        };
        let Some((now, part)) = variant(node, &was) else {
            return self.value_of_any(stored, written, node);
        };
        if now != is {
            return differs().and_then(|text| self.difference(&text));
        }
        self.path.push(Step::Variant(now.to_owned()));
        let difference = match (tag, stored, written) {
            (Tag::Internal(tag), Value::Object(stored), Value::Object(written)) => {
                self.object(stored, written, Some(part), &[tag])
            }
            (Tag::Adjacent(_, place), ..) => {
                let null = &Value::Null;
                let content = |value: &Value| value.get(place).unwrap_or(null).clone();
                self.value(&content(stored), &content(written), Some(part))
            }
            (_, Value::Object(stored), Value::Object(written)) => {
                let null = &Value::Null;
                let (stored, written) = (stored.get(&was), written.get(&is));
                self.value(stored.unwrap_or(null), written.unwrap_or(null), Some(part))
            }
            _ => None,
        };
        self.path.pop();
        difference
    }

    /// Without the tag of an enum one only knows that all that was stored must come back.
    fn value_of_any(&mut self, stored: &Value, written: &Value, node: &Node) -> Option<String> {
        let fitting = node.parts.values().any(|part| {
            let mut walk = Walk {
                path: self.path.clone(),
            };
            walk.value(stored, written, Some(part)).is_none()
        });
        if fitting {
            return None;
        }
        self.value(stored, written, None)
    }
}

/// Whether it is never written, or a function makes it where it is not.
fn is_left_out(note: &str) -> bool {
    let mut parts = note::parts(note).into_iter();
    parts.any(|part| part == note::NOT_WRITTEN || note::is_default(part))
}

/// Whether two texts are one point in time; the zone may be that of the machine.
fn is_same_time(one: &Value, other: &Value, node: Option<&Node>) -> bool {
    let is_time = |node: &Node| node.line.kind == Kind::Value("date-time".to_owned());
    let time = |value: &Value| DateTime::parse_from_rfc3339(value.as_str()?).ok();
    node.is_some_and(is_time) && time(one).is_some_and(|one| Some(one) == time(other))
}

fn sorted(values: &[Value]) -> Vec<Value> {
    let mut sorted = values.to_vec();
    sorted.sort_by_key(Value::to_string);
    sorted
}

fn is_equal(one: &Number, other: &Number) -> bool {
    let is_float = one.is_f64() || other.is_f64();
    one == other || (is_float && one.as_f64() == other.as_f64())
}

/// The variant's name if it is not told by a tag within.
fn told_outside(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Object(object) if object.len() == 1 => object.keys().next().cloned(),
        _ => None,
    }
}

fn variant<'a>(node: &'a Node, name: &str) -> Option<(&'a str, &'a Node)> {
    let found = node
        .parts
        .iter()
        .find(|(step, part)| step.name() == Some(name) || part.line.aliases.contains(name));
    found.and_then(|(step, part)| Some((step.name()?, part)))
}

/// The field that is read under this key, with the key that is written.
fn part<'a>(node: &'a Node, key: &str) -> Option<(&'a str, &'a Node)> {
    let fields = || {
        let parts = node.parts.iter();
        parts.filter_map(|(step, part)| match step {
            Step::Field(name) => Some((name.as_str(), part)),
            _ => None,
        })
    };
    let named = fields().find(|(name, _)| *name == key);
    named
        .or_else(|| fields().find(|(_, part)| part.line.aliases.contains(key)))
        .or_else(|| flattened(node).find_map(|inner| self::part(inner, key)))
}

fn flattened(node: &Node) -> impl Iterator<Item = &Node> {
    let parts = node.parts.iter();
    let inner = parts.filter(|(step, _)| matches!(step, Step::Flattened(_)));
    inner.map(|(_, part)| part)
}

/// Whether the lock calls a field optional that was not stored.
fn may_be_extra(node: Option<&Node>, key: &str) -> bool {
    let Some(node) = node else { return false };
    let is_tag = node.line.note.contains(&format!("tag = {key:?}"));
    let optional = part(node, key)
        .is_some_and(|(_, part)| part.line.may_be_missing() || !part.line.note.is_empty());
    is_tag || optional || flattened(node).next().is_some()
}
