//! Reads `events.lock`.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::kind::Kind;
use super::node::{Line, Node, Null};
use super::path::{Step, parse};
use super::{EventEnum, EventType, FORMAT, Lock, Version};

/// Why a lock cannot be read, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::schema) struct LockError {
    /// The number of the line, if it is known.
    pub(in crate::schema) line: Option<usize>,
    pub(in crate::schema) reason: String,
}

type Result<T> = std::result::Result<T, LockError>;

const TAKE_A_SIDE: &str = "take either side of the conflict, whole, and run \
    `REHYDRATE_UPDATE=1 cargo test`, which adds what the other side had";

const RESTORE: &str = "restore it from the last commit in which it was whole, and run \
    `REHYDRATE_UPDATE=1 cargo test`";

fn wrong(place: &str, what: &str) -> LockError {
    LockError {
        line: None,
        reason: format!("in [{place}], {what}; {RESTORE}"),
    }
}

impl Lock {
    /// The content of the file with this text.
    pub(in crate::schema) fn parse(text: &str) -> Result<Self> {
        refuse_conflict(text)?;
        let mut table: Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map(|span| span.start);
            let before = start.and_then(|start| text.get(..start));
            LockError {
                line: before.map(|before| before.matches('\n').count() + 1),
                reason: format!("{}; {RESTORE}", error.message()),
            }
        })?;
        match table.remove("format") {
            Some(Value::Integer(FORMAT)) => {}
            Some(Value::Integer(format)) if format > FORMAT => {
                let reason = format!(
                    "it has format {format}, and this program knows {FORMAT}: update rehydrate to \
                     the release that wrote it"
                );
                return Err(LockError { line: None, reason });
            }
            _ => {
                let reason = format!("it has no `format = {FORMAT}`; {RESTORE}");
                return Err(LockError { line: None, reason });
            }
        }
        let mut lock = Self::default();
        for (name, value) in table {
            let event_enum = read_enum(&name, value)?;
            lock.enums.insert(name, event_enum);
        }
        Ok(lock)
    }
}

fn refuse_conflict(text: &str) -> Result<()> {
    let is_marker = |line: &str| {
        let starts = |start| line.starts_with(start);
        starts("<<<<<<<") || starts(">>>>>>>") || starts("|||||||") || line == "======="
    };
    match text.lines().position(is_marker) {
        None => Ok(()),
        Some(index) => Err(LockError {
            line: Some(index + 1),
            reason: format!("it has a merge conflict: {TAKE_A_SIDE}"),
        }),
    }
}

fn read_enum(name: &str, value: Value) -> Result<EventEnum> {
    let mut event_enum = EventEnum::default();
    for (event_type, value) in read_table(name, value)? {
        let place = format!("{name}.{event_type}");
        let of = read_type(&place, value)?;
        event_enum.types.insert(event_type, of);
    }
    Ok(event_enum)
}

fn read_table(place: &str, value: Value) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        _ => Err(wrong(place, "a table is expected")),
    }
}

fn read_type(place: &str, value: Value) -> Result<EventType> {
    let mut of = EventType::default();
    for (key, value) in read_table(place, value)? {
        match (key.as_str(), value) {
            ("retired", Value::Boolean(is_retired)) => of.is_retired = is_retired,
            ("legacy", Value::Boolean(is_legacy)) => of.is_legacy = is_legacy,
            ("alias", value) => of.aliases = read_texts(place, value)?,
            (_, value) => {
                let digits = key.strip_prefix('v').and_then(|digits| digits.parse().ok());
                let version = digits.filter(|version| *version > 0 && key == format!("v{version}"));
                let Some(version) = version else {
                    let what =
                        format!("`{key}` is neither a version nor `retired`, `legacy` or `alias`");
                    return Err(wrong(place, &what));
                };
                let shape = read_version(&format!("{place}.{key}"), value)?;
                of.versions.insert(version, shape);
            }
        }
    }
    Ok(of)
}

fn read_texts(place: &str, value: Value) -> Result<BTreeSet<String>> {
    let error = || wrong(place, "`alias` must be a list of texts");
    let Value::Array(values) = value else {
        return Err(error());
    };
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        _ => Err(error()),
    });
    texts.collect()
}

fn read_version(place: &str, value: Value) -> Result<Version> {
    let table = match value {
        Value::String(text) if text == "unsupported" => return Ok(Version::Unsupported),
        Value::Table(table) => table,
        _ => return Err(wrong(place, "a table or \"unsupported\" is expected")),
    };
    let mut lines: Vec<(Vec<Step>, Line)> = Vec::new();
    for (key, value) in table {
        let Some(path) = parse(&key) else {
            return Err(wrong(place, &format!("`{key}` is not a path")));
        };
        let line = read_line(place, &key, value)?;
        lines.push((path, line));
    }
    // The outer places first, so that each finds the one that it is in.
    lines.sort_by_key(|(path, _)| path.len());
    let mut root = Node::new(Kind::Object);
    for (path, line) in lines {
        let Some((last, outer)) = path.split_last() else {
            root.line = line;
            continue;
        };
        let Some(outer) = root.at_mut(outer) else {
            let what = format!("`{}` stands in nothing", super::show(&path));
            return Err(wrong(place, &what));
        };
        let mut node = Node::new(Kind::Unit);
        node.line = line;
        outer.parts.insert(last.clone(), node);
    }
    Ok(Version::Shape(root))
}

fn read_line(place: &str, key: &str, value: Value) -> Result<Line> {
    let expected = || {
        wrong(
            place,
            &format!("`{key}` must be a text or {{ type = …, … }}"),
        )
    };
    let table = match value {
        Value::String(kind) => return Ok(read_kind(&kind)),
        Value::Table(table) => table,
        _ => return Err(expected()),
    };
    let Some(Value::String(kind)) = table.get("type") else {
        return Err(expected());
    };
    let mut line = read_kind(kind);
    for (key, value) in table {
        match (key.as_str(), value) {
            ("type", _) => {}
            ("default", Value::Boolean(has_default)) => line.has_default = has_default,
            ("note", Value::String(note)) => line.note = note,
            ("order", Value::Integer(order)) => line.order = usize::try_from(order).ok(),
            ("alias", value) => line.aliases = read_texts(place, value)?,
            (key, _) => return Err(wrong(place, &format!("`{key}` is not known here"))),
        }
    }
    Ok(line)
}

fn read_kind(text: &str) -> Line {
    let nulls = [Null::Optional, Null::Allowed].into_iter();
    let mut found = nulls.filter_map(|null| Some((text.strip_suffix(null.suffix())?, null)));
    let (kind, null) = found.next().unwrap_or((text, Null::Never));
    Line {
        null,
        ..Line::new(Kind::parse(kind))
    }
}
