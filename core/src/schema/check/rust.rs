//! A shipped shape as Rust code, to be pasted.

use std::collections::{BTreeMap, BTreeSet};

use super::super::lock::{Kind, Node, Step, Tag, show};
use super::shapes::DENY;

const DERIVE: &str = "#[derive(rehydrate::Describe, serde::Deserialize)]";

/// The types of a shape, the outermost first, which gets this name.
pub(super) fn types(node: &Node, name: &str) -> String {
    let mut source = Source::default();
    let path = &mut Vec::new();
    match node.line.kind {
        Kind::Object if !node.line.is_nullable() => source.object(node, name, path),
        Kind::Enum(_) if !node.line.is_nullable() => source.variants(node, name, path),
        _ => {
            let index = source.reserve();
            let inner = source.ty(node, &format!("{name}Content"), path);
            source.items[index] = format!("{DERIVE}\nstruct {name}({inner});\n");
        }
    }
    source.items.join("\n")
}

/// The type of a place in a shape, if it has one without further declarations.
pub(super) fn plain(node: &Node) -> String {
    Source::default().ty(node, "_", &mut Vec::new())
}

#[derive(Default)]
struct Source {
    items: Vec<String>,
    /// The types' names by the paths that they describe.
    names: BTreeMap<String, String>,
    /// The structs that need a `Default`, because a field that may be missing has them.
    defaults: BTreeSet<String>,
}

impl Source {
    /// The place of a type whose parts come after it.
    fn reserve(&mut self) -> usize {
        self.items.push(String::new());
        self.items.len() - 1
    }

    fn ty(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let ty = match &node.line.kind {
            Kind::Value(kind) => value(kind),
            Kind::Unit => "()".to_owned(),
            Kind::Object => {
                self.object(node, name, path);
                name.to_owned()
            }
            Kind::Enum(_) => {
                self.variants(node, name, path);
                name.to_owned()
            }
            Kind::List => format!("Vec<{}>", self.part(node, Step::Element, name, path)),
            Kind::Array(length) => {
                format!("[{}; {length}]", self.part(node, Step::Element, name, path))
            }
            Kind::Map => {
                let key = self.part(node, Step::Key, &format!("{name}Key"), path);
                let value = self.part(node, Step::Value, name, path);
                format!("std::collections::BTreeMap<{key}, {value}>")
            }
            Kind::Tuple(length) => self.tuple(node, *length, name, path),
            Kind::As(outer) => {
                let name = self.names.get(outer).unwrap_or(outer);
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

    fn object(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) {
        self.names.insert(show(path), name.to_owned());
        let index = self.reserve();
        let (own, _) = notes(&node.line.note);
        let attribute = if own.is_empty() {
            String::new()
        } else {
            format!("#[serde({own})]\n")
        };
        let fields = self.fields(node, name, path);
        let body = if fields.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{\n{}}}", indented(&fields))
        };
        let derive = if self.defaults.contains(name) {
            DERIVE.replace("(", "(Default, ")
        } else {
            DERIVE.to_owned()
        };
        self.items[index] = format!("{derive}\n{attribute}struct {name} {body}\n");
    }

    fn fields(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) -> String {
        let mut fields = String::new();
        for (step, part) in &node.parts {
            let Some(key) = step.name() else { continue };
            let ident = ident(key);
            let mut attributes = Vec::new();
            if matches!(step, Step::Flattened(_)) {
                attributes.push("flatten".to_owned());
            } else if ident.trim_start_matches("r#") != key {
                attributes.push(format!("rename = {key:?}"));
            }
            if part.line.has_default {
                attributes.push("default".to_owned());
            }
            let aliases = part.line.aliases.iter();
            attributes.extend(aliases.map(|alias| format!("alias = {alias:?}")));
            let (_, note) = notes(&part.line.note);
            if !note.is_empty() {
                attributes.push(note);
            }
            if !attributes.is_empty() {
                fields.push_str(&format!("#[serde({})]\n", attributes.join(", ")));
            }
            let nested = format!("{name}{}", camel(key));
            let is_default = part.line.has_default || self.defaults.contains(name);
            if is_default && part.line.kind == Kind::Object && !part.line.is_nullable() {
                self.defaults.insert(nested.clone());
            }
            let ty = self.part(node, step.clone(), &nested, path);
            fields.push_str(&format!("{ident}: {ty},\n"));
        }
        fields
    }

    fn variants(&mut self, node: &Node, name: &str, path: &mut Vec<Step>) {
        self.names.insert(show(path), name.to_owned());
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
        for (step, part) in &node.parts {
            let Some(key) = step.name() else { continue };
            let ident = camel(key);
            let mut attributes = Vec::new();
            if ident != key {
                attributes.push(format!("rename = {key:?}"));
            }
            let aliases = part.line.aliases.iter();
            attributes.extend(aliases.map(|alias| format!("alias = {alias:?}")));
            let (_, note) = notes(&part.line.note);
            if !note.is_empty() {
                attributes.push(note);
            }
            if !attributes.is_empty() {
                variants.push_str(&format!("#[serde({})]\n", attributes.join(", ")));
            }
            let nested = format!("{name}{ident}");
            path.push(step.clone());
            let content = self.content(part, &node.line.kind, &nested, path);
            path.pop();
            variants.push_str(&format!("{ident}{content},\n"));
        }
        self.items[index] = format!("{DERIVE}\n{tag}enum {name} {{\n{}}}\n", indented(&variants));
    }

    fn content(&mut self, part: &Node, of: &Kind, name: &str, path: &mut Vec<Step>) -> String {
        let is_untagged = *of == Kind::Enum(Tag::Untagged);
        let is_internal = matches!(of, Kind::Enum(Tag::Internal(_)));
        // What serde has for structs only needs one.
        let is_plain = notes(&part.line.note).0.is_empty() && !part.line.is_nullable();
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

/// serde's attributes of a struct, and those of the field that holds it.
fn notes(note: &str) -> (String, String) {
    let parts = note.split(", ").filter(|part| !part.is_empty());
    let is_own = |part: &&str| *part == DENY || part.starts_with("tag = ");
    let (own, outer): (Vec<_>, Vec<_>) = parts.partition(is_own);
    (own.join(", "), outer.join(", "))
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}\n")).collect()
}

fn value(kind: &str) -> String {
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

/// The name of a field with this key.
pub(super) fn ident(key: &str) -> String {
    let mut ident = String::new();
    for c in key.chars() {
        if c.is_uppercase() && ident.ends_with(|c: char| c.is_lowercase() || c.is_numeric()) {
            ident.push('_');
        }
        let is_part = c.is_alphanumeric() || c == '_';
        ident.extend(if is_part { c } else { '_' }.to_lowercase());
    }
    if ident.is_empty() || ident == "_" || ident.starts_with(char::is_numeric) {
        ident.insert_str(0, "field_");
    }
    match ident.as_str() {
        "self" | "super" | "crate" => format!("{ident}_"),
        ident if KEYWORDS.contains(&ident) => format!("r#{ident}"),
        _ => ident,
    }
}

const KEYWORDS: [&str; 46] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "use", "where",
    "while", "yield",
];

/// The name of a type or a variant with this key.
pub(super) fn camel(key: &str) -> String {
    let words = key.split(|c: char| !c.is_alphanumeric());
    let mut camel = String::new();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    if camel.is_empty() || camel.starts_with(char::is_numeric) {
        camel.insert(0, 'V');
    }
    camel
}
