//! A payload of a shape.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::lock::{Kind, Node, Step, Tag, note};
use super::candidates;

/// For places where there is a choice, the number of what was chosen; the first, if there is none.
pub(super) type Choices = BTreeMap<Vec<Step>, usize>;

/// A payload, and the places in it where there is a choice: how many there are.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) payload: Value,
    pub(super) places: Vec<(Vec<Step>, usize)>,
}

/// The payload with these choices.
pub(super) fn example(shape: &Node, choices: &Choices) -> Example {
    let mut build = Build {
        choices,
        path: Vec::new(),
        places: Vec::new(),
    };
    let payload = build.value(shape).unwrap_or(Value::Null);
    Example {
        payload,
        places: build.places,
    }
}

struct Build<'a> {
    choices: &'a Choices,
    path: Vec<Step>,
    places: Vec<(Vec<Step>, usize)>,
}

impl Build<'_> {
    fn choose(&mut self, options: usize) -> usize {
        self.places.push((self.path.clone(), options));
        let chosen = self.choices.get(&self.path).copied().unwrap_or(0);
        if chosen < options { chosen } else { 0 }
    }

    /// A value; `None` where the shape stands within itself, so that an outer place ends it.
    fn value(&mut self, node: &Node) -> Option<Value> {
        match self.content(node) {
            None if node.line.is_nullable() => Some(Value::Null),
            value => value,
        }
    }

    fn content(&mut self, node: &Node) -> Option<Value> {
        match &node.line.kind {
            Kind::Value(_) | Kind::Opaque(_) => {
                let mut values = candidates::of(&node.line.kind);
                if node.line.is_nullable() {
                    values.push(Value::Null);
                }
                let chosen = self.choose(values.len());
                Some(values.swap_remove(chosen))
            }
            Kind::Unit => Some(Value::Null),
            Kind::As(_) => None,
            Kind::Object => self.object(node).map(Value::Object),
            Kind::List => {
                let chosen = self.choose(3);
                let of = self.part(node, Step::Element);
                Some(match (of, chosen) {
                    (Some(of), 0) => Value::from(vec![of]),
                    (Some(of), 2) => Value::from(vec![of.clone(), of]),
                    _ => Value::from(Vec::<Value>::new()),
                })
            }
            Kind::Set => {
                let chosen = self.choose(2);
                let of = self.part(node, Step::Element).filter(|_| chosen == 0);
                Some(of.into_iter().collect())
            }
            Kind::Map => {
                let key = self.part(node, Step::Key);
                let value = self.part(node, Step::Value);
                let key = key.and_then(|key| key_text(&key));
                let entry = key.zip(value).into_iter();
                Some(Value::Object(entry.collect()))
            }
            Kind::Array(length) => {
                let of = self.part(node, Step::Element)?;
                Some(Value::from(vec![of; *length]))
            }
            Kind::Tuple(length) => {
                let parts = (0..*length).map(|index| self.part(node, Step::Index(index)));
                let parts: Option<Vec<Value>> = parts.collect();
                parts.map(Value::from)
            }
            Kind::Enum(tag) => self.variant(node, tag),
        }
    }

    fn part(&mut self, node: &Node, step: Step) -> Option<Value> {
        let part = node.parts.get(&step)?;
        self.path.push(step);
        let value = self.value(part);
        self.path.pop();
        value
    }

    fn object(&mut self, node: &Node) -> Option<Map<String, Value>> {
        let mut object = Map::new();
        for (step, part) in &node.parts {
            // What is not written or not read is no good example, if it may be missing.
            let note = &part.line.note;
            let is_one_way = note::has(note, note::NOT_WRITTEN) || note::has(note, note::NOT_READ);
            if is_one_way && part.line.may_be_missing() {
                continue;
            }
            match (step, self.part(node, step.clone())) {
                (Step::Field(key), Some(value)) => {
                    object.insert(read_as(note, key), value);
                }
                (Step::Flattened(_), Some(Value::Object(more))) => object.extend(more),
                (_, None) if !part.line.may_be_missing() => return None,
                _ => {}
            }
        }
        Some(object)
    }

    fn variant(&mut self, node: &Node, tag: &Tag) -> Option<Value> {
        let mut variants: Vec<_> = node.parts.iter().collect();
        // A plain variant is the better example; without a tag, the first one is.
        variants.sort_by_key(|(_, part)| (!part.line.note.is_empty(), part.line.order));
        if variants.is_empty() {
            return None;
        }
        let chosen = self.choose(variants.len());
        variants.rotate_left(chosen);
        variants.into_iter().find_map(|(step, part)| {
            let key = step.name()?;
            let content = self.part(node, step.clone())?;
            let is_untagged = note::has(&part.line.note, note::UNTAGGED);
            let tag = if is_untagged { &Tag::Untagged } else { tag };
            Some(tagged(&read_as(&part.line.note, key), part, content, tag))
        })
    }
}

/// The key under which it is read.
fn read_as(note: &str, key: &str) -> String {
    let literal = note::read_as(note);
    let read = literal.and_then(|literal| serde_json::from_str(literal).ok());
    read.unwrap_or_else(|| key.to_owned())
}

fn tagged(key: &str, part: &Node, content: Value, tag: &Tag) -> Value {
    let is_unit = part.line.kind == Kind::Unit;
    let mut object = Map::new();
    match tag {
        Tag::External if is_unit => return Value::from(key),
        Tag::External => {
            object.insert(key.to_owned(), content);
        }
        Tag::Internal(tag) => {
            object.insert(tag.clone(), Value::from(key));
            if let Value::Object(fields) = content {
                object.extend(fields);
            }
        }
        Tag::Adjacent(tag, place) => {
            object.insert(tag.clone(), Value::from(key));
            if !is_unit {
                object.insert(place.clone(), content);
            }
        }
        Tag::Untagged => return content,
    }
    Value::Object(object)
}

fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        _ => None,
    }
}
