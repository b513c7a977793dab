//! A shape as a tree of places, each of which is a line of the lock.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::{Kind, Tag};
use super::note;
use super::path::{Step, show};
use crate::schema::{FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};

/// A place in a payload and all that is within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Node {
    pub(in crate::schema) line: Line,
    pub(in crate::schema) parts: BTreeMap<Step, Node>,
}

/// Whether a value may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Null {
    Never,
    /// It may be null; a field of it is there.
    Allowed,
    /// It may be null, and a field of it may be missing.
    Optional,
}

impl Null {
    /// What stands after the kind.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Never => "",
            Self::Allowed => " or null",
            Self::Optional => "?",
        }
    }
}

/// What the lock says about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Line {
    pub(in crate::schema) kind: Kind,
    pub(in crate::schema) null: Null,
    pub(in crate::schema) has_default: bool,
    pub(in crate::schema) aliases: BTreeSet<String>,
    pub(in crate::schema) note: String,
    /// When a variant without a tag is tried: the first one that fits is what was stored.
    pub(in crate::schema) order: Option<usize>,
}

impl Line {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            null: Null::Never,
            has_default: false,
            aliases: BTreeSet::new(),
            note: String::new(),
            order: None,
        }
    }

    /// Whether a payload without this field can be read.
    pub(in crate::schema) fn may_be_missing(&self) -> bool {
        self.has_default || self.null == Null::Optional
    }

    pub(in crate::schema) fn is_nullable(&self) -> bool {
        self.null != Null::Never
    }

    /// The kind, and whether it may be null.
    pub(in crate::schema) fn kind(&self) -> String {
        format!("{}{}", self.kind, self.null.suffix())
    }

    fn add(&mut self, aliases: &[&str], note: &str) {
        self.aliases.extend(aliases.iter().map(ToString::to_string));
        if !note.is_empty() {
            let separator = if self.note.is_empty() { "" } else { ", " };
            self.note = format!("{}{separator}{note}", self.note);
        }
    }
}

impl Node {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            line: Line::new(kind),
            parts: BTreeMap::new(),
        }
    }

    fn with(mut self, step: Step, part: Self) -> Self {
        self.parts.insert(step, part);
        self
    }

    /// The tree of an event's content; `None` for what is unsupported.
    pub(in crate::schema) fn of_shape(shape: &Shape) -> Option<Self> {
        let mut outer = Outer::default();
        match shape {
            Shape::Unsupported => None,
            // A unit variant is written as an empty object, so that it may get fields later.
            Shape::Unit => Some(Self::new(Kind::Object)),
            Shape::Fields { fields, note } => Some(outer.object(fields, note)),
            Shape::Type { shape, .. } => Some(outer.node(shape)),
        }
    }

    /// All places, each with what the lock says about it, the outer ones first.
    pub(in crate::schema) fn lines(&self) -> Vec<(Vec<Step>, &Line)> {
        let mut lines = Vec::new();
        self.collect(&mut Vec::new(), &mut lines);
        lines
    }

    fn collect<'a>(&'a self, path: &mut Vec<Step>, lines: &mut Vec<(Vec<Step>, &'a Line)>) {
        lines.push((path.clone(), &self.line));
        for (step, part) in &self.parts {
            path.push(step.clone());
            part.collect(path, lines);
            path.pop();
        }
    }

    /// The place at a path.
    pub(super) fn at_mut(&mut self, path: &[Step]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |node, step| node.parts.get_mut(step))
    }
}

/// What stands after the kind of a value that serde cannot keep before it knows what it is.
pub(in crate::schema) const IN_A_BUFFER: &str = " in a buffer";

fn is_wide(kind: &str) -> bool {
    kind.starts_with("u128") || kind.starts_with("i128")
}

/// Where one is: the named types around, so that one that stands within itself is named by its
/// path, which says what its JSON is, and not by its name in the code, which does not.
#[derive(Default)]
struct Outer {
    path: Vec<Step>,
    named: Vec<(&'static str, String)>,
    /// Whether serde keeps the value before it knows what it is.
    is_buffered: bool,
}

impl Outer {
    fn node(&mut self, shape: &TypeSchema) -> Node {
        match *shape {
            TypeSchema::Value(kind) if self.is_buffered && is_wide(kind) => {
                Node::new(Kind::Value(format!("{kind}{IN_A_BUFFER}")))
            }
            TypeSchema::Value(kind) => Node::new(Kind::Value(kind.to_owned())),
            TypeSchema::Optional(inner) => {
                let mut node = self.node(inner);
                node.line.null = Null::Optional;
                node
            }
            TypeSchema::Nullable(inner) => {
                let mut node = self.node(inner);
                node.line.null = Null::Allowed;
                node
            }
            TypeSchema::List(of) => {
                Node::new(Kind::List).with(Step::Element, self.within(Step::Element, of))
            }
            TypeSchema::Set(of) => {
                Node::new(Kind::Set).with(Step::Element, self.within(Step::Element, of))
            }
            TypeSchema::Map { key, value } => Node::new(Kind::Map)
                .with(Step::Key, self.key(key))
                .with(Step::Value, self.within(Step::Value, value)),
            TypeSchema::Array { of, length } => {
                Node::new(Kind::Array(length)).with(Step::Element, self.within(Step::Element, of))
            }
            TypeSchema::Tuple(parts) => {
                let mut node = Node::new(Kind::Tuple(parts.len()));
                for (index, part) in parts.iter().enumerate() {
                    node = node.with(Step::Index(index), self.within(Step::Index(index), part));
                }
                node
            }
            TypeSchema::Struct { name, fields, note } => {
                self.named(name, |outer| outer.object(fields, note))
            }
            TypeSchema::Enum {
                name,
                tagging,
                variants,
            } => self.named(name, |outer| outer.variants(tagging, variants)),
            TypeSchema::Recursive(name) => Node::new(self.recursive(name)),
            TypeSchema::Opaque(code) => Node::new(Kind::Opaque(code.to_owned())),
        }
    }

    /// serde reads a number from a key, but not from one that it has kept.
    fn key(&mut self, shape: &TypeSchema) -> Node {
        let mut node = self.within(Step::Key, shape);
        if let Kind::Value(kind) = &mut node.line.kind
            && self.is_buffered
            && kind.starts_with(['u', 'i'])
            && kind.contains(|c: char| c.is_ascii_digit())
            && !kind.starts_with("ip")
            && !kind.ends_with(IN_A_BUFFER)
        {
            kind.push_str(IN_A_BUFFER);
        }
        node
    }

    fn within(&mut self, step: Step, shape: &TypeSchema) -> Node {
        self.path.push(step);
        let node = self.node(shape);
        self.path.pop();
        node
    }

    fn named(&mut self, name: &'static str, node: impl FnOnce(&mut Self) -> Node) -> Node {
        self.named.push((name, show(&self.path)));
        let node = node(self);
        self.named.pop();
        node
    }

    fn recursive(&self, name: &str) -> Kind {
        let mut outer = self.named.iter().rev();
        let path = outer
            .find(|(named, _)| *named == name)
            .map(|(_, path)| path);
        Kind::As(path.map_or_else(|| name.to_owned(), Clone::clone))
    }

    fn object(&mut self, fields: &[FieldSchema], note: &str) -> Node {
        let mut node = Node::new(Kind::Object);
        node.line.add(&[], note);
        for field in fields {
            self.field(&mut node, field);
        }
        node
    }

    fn field(&mut self, object: &mut Node, field: &FieldSchema) {
        if field.is_flattened {
            return self.flattened(object, field);
        }
        let step = Step::Field(field.key.to_owned());
        let mut node = self.within(step.clone(), &field.shape);
        node.line.has_default = field.has_default;
        node.line.add(field.aliases, field.note);
        object.parts.insert(step, node);
    }

    /// The JSON of a flattened struct is that of its fields; what has no fixed fields keeps a place
    /// of its own.
    fn flattened(&mut self, object: &mut Node, field: &FieldSchema) {
        if let TypeSchema::Struct {
            name,
            fields,
            note: "",
        } = field.shape
        {
            // Its path is not that of the object around, which has more fields.
            self.path.push(Step::Flattened(String::new()));
            self.named.push((name, show(&self.path)));
            self.path.pop();
            self.buffered(true, |outer| {
                for field in fields {
                    outer.field(object, field);
                }
            });
            self.named.pop();
            return;
        }
        let step = Step::Flattened(field.name.to_owned());
        let mut node = self.buffered(true, |outer| outer.within(step.clone(), &field.shape));
        node.line.has_default = field.has_default;
        node.line.add(&[], field.note);
        object.parts.insert(step, node);
    }

    fn buffered<T>(&mut self, is_buffered: bool, then: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.is_buffered;
        self.is_buffered |= is_buffered;
        let result = then(self);
        self.is_buffered = before;
        result
    }

    fn variants(&mut self, tagging: Tagging, variants: &[VariantSchema]) -> Node {
        let mut node = Node::new(Kind::Enum(Tag::of(tagging)));
        let mut order = 0;
        for variant in variants {
            let step = Step::Variant(variant.key.to_owned());
            let is_untagged =
                tagging == Tagging::Untagged || note::has(variant.note, note::UNTAGGED);
            let is_buffered = is_untagged || matches!(tagging, Tagging::Internal { .. });
            self.path.push(step.clone());
            let content = |outer: &mut Self| outer.variant(tagging, &variant.content);
            let mut content = self.buffered(is_buffered, content);
            self.path.pop();
            if is_untagged {
                order += 1;
                content.line.order = Some(order);
            }
            content.line.add(variant.aliases, variant.note);
            node.parts.insert(step, content);
        }
        node
    }

    fn variant(&mut self, tagging: Tagging, content: &Shape) -> Node {
        match (content, tagging) {
            // These are how serde writes a variant without content beside its tag, or alone.
            (Shape::Unit | Shape::Unsupported, Tagging::Internal { .. }) => Node::new(Kind::Object),
            (Shape::Unit | Shape::Unsupported, Tagging::Untagged) => {
                Node::new(Kind::Value("null".to_owned()))
            }
            (Shape::Unit | Shape::Unsupported, _) => Node::new(Kind::Unit),
            (Shape::Fields { fields, note }, _) => self.object(fields, note),
            (Shape::Type { shape, .. }, _) => self.node(shape),
        }
    }
}
