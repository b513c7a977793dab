//! A shipped shape as Rust code, to be pasted.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use super::super::lock::{IN_A_BUFFER, Kind, Node, Step, Tag, note, show};

pub(super) use names::{camel, ident};

const DERIVE: &str = "#[derive(rehydrate::Describe, serde::Deserialize)]";

/// The types of a shape, the outermost first, which gets this name.
pub(super) fn types(node: &Node, name: &str) -> String {
    let mut source = Source::default();
    let path = &mut Vec::new();
    match node.line.kind {
        Kind::Object if !node.line.is_nullable() => {
            source.object(node, name, path);
        }
        Kind::Enum(_) if !node.line.is_nullable() => {
            source.variants(node, name, path);
        }
        _ => {
            source.taken.insert(name.to_owned());
            let index = source.reserve();
            let inner = source.ty(node, &format!("{name}Content"), path);
            source.items[index] = format!("{DERIVE}\nstruct {name}({inner});\n");
        }
    }
    source.items.join("\n")
}

/// The type of a field in a shape, if it has one without further declarations.
pub(super) fn plain(node: &Node) -> String {
    let ty = Source::default().ty(node, "_", &mut Vec::new());
    if is_option(node) {
        format!("Option<{ty}>")
    } else {
        ty
    }
}

/// Whether a default has to be made an `Option`: nothing says what it was, but that a field was not
/// there can always be told.
fn is_option(field: &Node) -> bool {
    field.line.has_default && !has_default(field) && !has_function(field)
}

/// Whether a function makes its default.
fn has_function(field: &Node) -> bool {
    let mut parts = note::parts(&field.line.note).into_iter();
    parts.any(note::is_default)
}

/// Whether its type must have a `Default`, and can have one.
fn needs_default(field: &Node) -> bool {
    has_default(field) && !has_function(field)
}

#[derive(Default)]
struct Source {
    items: Vec<String>,
    /// The types' names by the paths that they describe.
    names: BTreeMap<String, String>,
    /// All names of types.
    taken: BTreeSet<String>,
    /// Whether a struct needs a `Default`, because a field that may be missing has it.
    is_default: bool,
    /// Whether a type needs an order, because it is the key of a map.
    is_key: bool,
}

impl Source {
    /// The place of a type whose parts come after it.
    fn reserve(&mut self) -> usize {
        self.items.push(String::new());
        self.items.len() - 1
    }

    fn ty(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let before = self.is_default;
        // An empty one is a default, whatever it might hold.
        self.is_default &= !node.line.is_nullable()
            && !matches!(node.line.kind, Kind::List | Kind::Set | Kind::Map);
        let ty = match &node.line.kind {
            Kind::Value(kind) => value(kind),
            Kind::Unit => "()".to_owned(),
            Kind::Object => self.object(node, name, path),
            Kind::Enum(_) => self.variants(node, name, path),
            // A list reads every set, whatever is in it.
            Kind::List | Kind::Set => {
                format!("Vec<{}>", self.part(node, Step::Element, name, path))
            }
            Kind::Array(length) => {
                format!("[{}; {length}]", self.part(node, Step::Element, name, path))
            }
            Kind::Map => {
                let before = std::mem::replace(&mut self.is_key, true);
                let key = self.part(node, Step::Key, &format!("{name}Key"), path);
                self.is_key = before;
                let value = self.part(node, Step::Value, name, path);
                format!("std::collections::BTreeMap<{key}, {value}>")
            }
            Kind::Tuple(length) => self.tuple(node, *length, name, path),
            Kind::As(outer) => {
                let Some(name) = self.names.get(outer) else {
                    return format!("serde_json::Value /* put the type of `{outer}` here */");
                };
                match path.last() {
                    Some(Step::Element | Step::Value) => name.clone(),
                    _ => format!("Box<{name}>"),
                }
            }
            // An attribute, `with = "…"`, and not a type.
            Kind::Opaque(code) if code.contains('=') => {
                format!("serde_json::Value /* {code}: take its type and this attribute */")
            }
            Kind::Opaque(code) => code.clone(),
        };
        self.is_default = before;
        if node.line.is_nullable() {
            format!("Option<{ty}>")
        } else {
            ty
        }
    }

    fn tuple(&mut self, node: &Node, length: usize, name: &str, path: &mut Vec<Step>) -> String {
        let parts: Vec<String> = (0..length)
            .map(|index| self.part(node, Step::Index(index), &format!("{name}{index}"), path))
            .collect();
        match parts.as_slice() {
            [one] => format!("({one},)"),
            parts => format!("({})", parts.join(", ")),
        }
    }

    fn part(&mut self, node: &Node, step: Step, name: &str, path: &mut Vec<Step>) -> String {
        let Some(part) = node.parts.get(&step) else {
            return "serde_json::Value".to_owned();
        };
        path.push(step);
        let ty = self.ty(part, name, path);
        path.pop();
        ty
    }

    /// The name of a type: this one, or with a number if it is taken.
    fn name(&mut self, name: &str) -> String {
        let numbers = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbers);
        let free = names.find(|name| !self.taken.contains(name));
        let name = free.unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }

    fn derive(&self) -> String {
        let mut derive = DERIVE.to_owned();
        if self.is_key {
            derive = derive.replace('(', "(PartialEq, Eq, PartialOrd, Ord, ");
        }
        if self.is_default {
            derive = derive.replace('(', "(Default, ");
        }
        derive
    }

    fn object(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let name = &self.name(name);
        let derive = self.derive();
        self.names.insert(show(path), name.clone());
        let index = self.reserve();
        let own = attributes(&node.line.note, note::is_of_struct);
        let attribute = attribute(&own);
        let fields = self.fields(node, name, path);
        let body = if fields.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{\n{}}}", indented(&fields))
        };
        self.items[index] = format!("{derive}\n{attribute}struct {name} {body}\n");
        name.clone()
    }

    fn fields(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let mut fields = String::new();
        let mut idents = BTreeSet::new();
        for (step, part) in &node.parts {
            let Some(key) = step.name() else { continue };
            let mut ident = ident(key);
            while !idents.insert(ident.clone()) {
                ident.push('_');
            }
            let mut attributes = Vec::new();
            if matches!(step, Step::Flattened(_)) {
                attributes.push("flatten".to_owned());
            }
            if part.line.has_default && !has_function(part) {
                attributes.push("default".to_owned());
            }
            let is_called =
                matches!(step, Step::Flattened(_)) || ident.trim_start_matches("r#") == key;
            attributes.extend(named(key, part, is_called));
            fields.push_str(&attribute(&attributes));
            let nested = format!("{name}{}", camel(key));
            let before = self.is_default;
            self.is_default |= part.line.has_default && needs_default(part);
            let mut ty = self.part(node, step.clone(), &nested, path);
            self.is_default = before;
            if is_option(part) {
                ty = format!("Option<{ty}>");
            }
            fields.push_str(&format!("{ident}: {ty},\n"));
        }
        fields
    }

    fn variants(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let name = &self.name(name);
        let derive = self.derive();
        self.names.insert(show(path), name.clone());
        let index = self.reserve();
        let tag = match &node.line.kind {
            Kind::Enum(Tag::Internal(tag)) => format!("#[serde(tag = {tag:?})]\n"),
            Kind::Enum(Tag::Adjacent(tag, content)) => {
                format!("#[serde(tag = {tag:?}, content = {content:?})]\n")
            }
            Kind::Enum(Tag::Untagged) => "#[serde(untagged)]\n".to_owned(),
            _ => String::new(),
        };
        let mut variants = String::new();
        let mut parts: Vec<_> = node.parts.iter().collect();
        // Those without a tag are tried one after the other, and stand after those that have one.
        parts.sort_by_key(|(_, part)| part.line.order);
        for (step, part) in parts {
            let Some(key) = step.name() else { continue };
            let ident = camel(key);
            variants.push_str(&attribute(&named(key, part, ident == key)));
            let nested = format!("{name}{ident}");
            path.push(step.clone());
            let content = self.content(part, &node.line.kind, &nested, path);
            path.pop();
            variants.push_str(&format!("{ident}{content},\n"));
        }
        let body = indented(&variants);
        self.items[index] = format!("{derive}\n{tag}enum {name} {{\n{body}}}\n");
        name.clone()
    }

    fn content(&mut self, part: &Node, of: &Kind, name: &str, path: &mut Vec<Step>) -> String {
        let is_untagged = *of == Kind::Enum(Tag::Untagged);
        let is_internal = matches!(of, Kind::Enum(Tag::Internal(_)));
        // What serde has for structs only needs one.
        let own = attributes(&part.line.note, note::is_of_struct);
        let is_plain = own.is_empty() && !part.line.is_nullable();
        match &part.line.kind {
            Kind::Unit => String::new(),
            Kind::Value(kind) if kind == "null" && is_untagged => String::new(),
            Kind::Object if part.parts.is_empty() && is_internal => String::new(),
            Kind::Object if is_plain && part.parts.is_empty() => " {}".to_owned(),
            Kind::Object if is_plain => {
                format!(" {{\n{}}}", indented(&self.fields(part, name, path)))
            }
            Kind::Tuple(length) if is_plain => self.tuple(part, *length, name, path),
            _ => format!("({})", self.ty(part, name, path)),
        }
    }
}

/// serde's attributes in a note, those of a struct or the other ones.
fn attributes(note: &str, are_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut parts = note::parts(note);
    // It takes a function to say when, and what is only read is never left out.
    parts.retain(|part| are_wanted(part) && *part != note::LEFT_OUT);
    parts.into_iter().map(note::attribute).collect()
}

fn attribute(parts: &[String]) -> String {
    if parts.is_empty() {
        String::new()
    } else {
        format!("#[serde({})]\n", parts.join(", "))
    }
}

/// serde's attributes with the names of a field or a variant, and all that its note says.
fn named(key: &str, part: &Node, is_called: bool) -> Vec<String> {
    let note = &part.line.note;
    let read_as = note::read_as(note);
    let mut all = Vec::new();
    if let Some(read_as) = read_as.filter(|_| !is_called) {
        all.push(format!(
            "rename(serialize = {key:?}, deserialize = {read_as})"
        ));
    } else if !is_called {
        all.push(format!("rename = {key:?}"));
    }
    let aliases = part.line.aliases.iter().map(|alias| format!("{alias:?}"));
    let aliases = aliases.filter(|alias| Some(alias.as_str()) != read_as);
    all.extend(aliases.map(|alias| format!("alias = {alias}")));
    let is_renamed = |part: &str| note::read_as(part).is_some() && !is_called;
    let is_wanted = |part: &str| !note::is_of_struct(part) && !is_renamed(part);
    all.extend(attributes(note, is_wanted));
    all
}

/// Whether Rust has a default for the type that is suggested for it.
fn has_default(node: &Node) -> bool {
    const MOST: usize = 32;
    let mut parts = node.parts.values();
    node.line.is_nullable()
        || match &node.line.kind {
            Kind::List | Kind::Set | Kind::Map | Kind::Unit => true,
            Kind::Object => parts.all(has_default),
            Kind::Array(length) => *length <= MOST && parts.all(has_default),
            Kind::Tuple(length) => *length <= 12 && parts.all(has_default),
            Kind::Value(kind) => {
                let plain = kind.strip_suffix(IN_A_BUFFER).unwrap_or(kind);
                DEFAULTS.contains(&plain)
            }
            Kind::Enum(_) | Kind::As(_) | Kind::Opaque(_) => false,
        }
}

/// The values whose types have a default.
const DEFAULTS: [&str; 25] = [
    "bool",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "f32",
    "f64",
    "char",
    "string",
    "path",
    "null",
    "any",
    "uuid",
    "date",
    "time",
    "date-time",
    "date-time without zone",
    "decimal",
    "duration of the time crate",
];

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}\n")).collect()
}

fn value(kind: &str) -> String {
    let kind = kind.strip_suffix(IN_A_BUFFER).unwrap_or(kind);
    if let Some(integer) = kind.strip_suffix(" but 0") {
        let mut letters = integer.chars();
        let sign = letters.next().unwrap_or('u').to_ascii_uppercase();
        return format!("std::num::NonZero{sign}{}", letters.as_str());
    }
    let ty = match kind {
        "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128"
        | "f32" | "f64" | "char" => kind,
        "string" => "String",
        "path" => "std::path::PathBuf",
        "ip" => "std::net::IpAddr",
        "ipv4" => "std::net::Ipv4Addr",
        "ipv6" => "std::net::Ipv6Addr",
        "socket" => "std::net::SocketAddr",
        "null" => "()",
        "any" => "serde_json::Value",
        "uuid" => "uuid::Uuid",
        "date" => "chrono::NaiveDate",
        "time" => "chrono::NaiveTime",
        "date-time" => "chrono::DateTime<chrono::Utc>",
        "date-time without zone" => "chrono::NaiveDateTime",
        "weekday" => "chrono::Weekday",
        "month" => "chrono::Month",
        "decimal" => "rust_decimal::Decimal",
        "url" => "url::Url",
        "date of the time crate" => "time::Date",
        "time of the time crate" => "time::Time",
        "date-time without zone of the time crate" => "time::PrimitiveDateTime",
        "date-time of the time crate" => "time::OffsetDateTime",
        "offset of the time crate" => "time::UtcOffset",
        "duration of the time crate" => "time::Duration",
        "weekday of the time crate" => "time::Weekday",
        "month of the time crate" => "time::Month",
        kind => return format!("serde_json::Value /* {kind}: put the type here that it had */"),
    };
    ty.to_owned()
}
