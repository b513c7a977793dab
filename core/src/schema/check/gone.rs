//! What to write about a type or a version that is gone.

use super::super::lock::{EventEnum, EventType, Node, Version, print_aliases, table};
use super::super::{EventSchema, EventTypeSchema};
use super::problem::{Parting, Problem};
use super::remedy::{history_attribute, past, past_name};
use super::rust;
use super::text::Text;

/// An event enum that is gone.
pub(super) fn enum_gone(name: &str, of: &EventEnum) -> Problem {
    let mut text = Text::default();
    let types = of.types.keys().map(|name| format!("`{name}`"));
    let types = types.collect::<Vec<_>>().join(", ");
    text.prose(
        2,
        &format!(
            "Name it in the `check!` of this crate, which must have all of its event enums in one \
             list. If it was renamed, the new one must know all of its types: {types}. If it was \
             moved to another crate, move its tables to the events.lock of that crate, and its \
             folder of golden events."
        ),
    );
    let tables = of
        .types
        .iter()
        .map(|(event_type, of)| of.print(name, event_type));
    Problem {
        event_enum: name.to_owned(),
        event_type: None,
        schema_version: None,
        headline: format!("{name}: this event enum is in events.lock, and not in the check."),
        changes: Vec::new(),
        remedy: text.finish(),
        parting: Some(Parting {
            lock: (DELETE.to_owned(), tables.collect::<Vec<_>>().join("\n\n")),
            types: Vec::new(),
            golden: Vec::new(),
        }),
    }
}

const DELETE: &str = "delete these lines of events.lock";

/// An older name of a type that nothing reads any more.
pub(super) fn alias_gone(
    event_enum: &str,
    name: &str,
    of: &EventType,
    alias: &str,
) -> (String, Parting) {
    let mut text = Text::default();
    text.prose(
        2,
        "Put it back on the variant; events of that name are in the stores:",
    );
    text.code(6, &format!("#[event(alias = {alias:?})]"));
    let mut rest = of.aliases.clone();
    rest.remove(alias);
    let table = format!("[{}]", table(event_enum, name));
    let lock = if rest.is_empty() {
        let start = format!("in {table} of events.lock, delete the line");
        (start, print_aliases(&of.aliases))
    } else {
        let start = format!("in {table} of events.lock, make the line with `alias`");
        (start, print_aliases(&rest))
    };
    let parting = Parting {
        lock,
        types: vec![alias.to_owned()],
        golden: Vec::new(),
    };
    (text.finish(), parting)
}

/// An older name of a type that is read as another type now.
pub(super) fn alias_moved(schema: &EventSchema, now: &str, of: &EventType, alias: &str) -> String {
    let mut text = Text::default();
    let name = rust::camel(alias);
    let newest = past_name(&name, of.newest());
    text.prose(
        2,
        &format!(
            "Put `#[event(alias = {alias:?})]` back on the variant that is stored as `{now}`. If \
             its events are something else today, say what they are with \
             `#[event(legacy({alias:?} = {newest}))]` on `{}` and `impl From<{newest}> for Vec<{}>`.",
            schema.name, schema.name
        ),
    );
    text.finish()
}

/// A type that is gone.
pub(super) struct Gone<'a> {
    pub(super) schema: &'a EventSchema,
    pub(super) name: &'a str,
    pub(super) of: &'a EventType,
    /// The variants that have its shapes and were not shipped.
    pub(super) candidates: &'a [&'a EventTypeSchema],
}

impl Gone<'_> {
    pub(super) fn parting(&self, code: &EventEnum) -> Parting {
        let aliases = self.of.aliases.iter();
        let aliases = aliases.filter(|alias| code.find(alias).is_none()).cloned();
        let lines = self.of.print(self.schema.name, self.name);
        Parting {
            lock: (DELETE.to_owned(), lines),
            types: std::iter::once(self.name.to_owned())
                .chain(aliases)
                .collect(),
            golden: Vec::new(),
        }
    }

    pub(super) fn remedy(&self) -> String {
        let mut text = Text::default();
        let (name, of) = (self.name, self.of);
        let event_enum = self.schema.name;
        if of.is_retired {
            text.prose(
                2,
                &format!("Put it back, on `{event_enum}`: it stays in the stores forever."),
            );
            text.code(6, &format!("#[event(retired({name:?}))]"));
            return text.finish();
        }
        if !of.is_legacy {
            self.renamed(&mut text);
            text.prose(
                2,
                "- It means nothing any more, and its events are to be read as nothing: write on \
                 the enum",
            );
            text.code(
                6,
                &format!("#[event(retired({name:?}))]\nenum {event_enum} {{ … }}"),
            );
        }
        self.legacy(&mut text);
        text.finish()
    }

    fn renamed(&self, text: &mut Text) {
        let (name, event_enum) = (self.name, self.schema.name);
        let variant = match self.candidates {
            [] => {
                text.prose(2, "- Its variant was renamed: write on the variant");
                "…".to_owned()
            }
            [one] => {
                text.prose(
                    2,
                    &format!(
                        "- Its variant was renamed: `{event_enum}::{}` is new and has its shape. \
                         Write on it",
                        one.code
                    ),
                );
                one.code.to_owned()
            }
            several => {
                let names: Vec<_> = several.iter().map(|of| format!("`{}`", of.code)).collect();
                text.prose(
                    2,
                    &format!(
                        "- Its variant was renamed: {} are new and have its shape. Write on the \
                         one that it is now",
                        names.join(", ")
                    ),
                );
                "…".to_owned()
            }
        };
        text.code(
            6,
            &format!(
                "#[event(alias = {name:?})] // both are read, the new name is written\n{variant}"
            ),
        );
        text.prose(4, "or");
        text.code(
            6,
            &format!("#[event(name = {name:?})] // it is stored as before\n{variant}"),
        );
    }

    fn legacy(&self, text: &mut Text) {
        let (name, of, event_enum) = (self.name, self.of, self.schema.name);
        let code = rust::camel(name);
        let shapes = of.versions.iter();
        let shapes: Vec<_> = shapes
            .filter_map(|(version, shape)| shape.shape().map(|shape| (*version, shape)))
            .collect();
        let Some((newest, _)) = shapes.last() else {
            return;
        };
        let past: Vec<String> = (1..*newest)
            .map(|version| match of.versions.get(&version) {
                Some(Version::Shape(_)) => past_name(&code, version),
                _ => "_".to_owned(),
            })
            .collect();
        let newest = past_name(&code, *newest);
        let history = if past.is_empty() {
            String::new()
        } else {
            format!(", history({})", past.join(", "))
        };
        let types = shapes
            .iter()
            .map(|(version, shape)| rust::types(shape, &past_name(&code, *version)));
        let mut types = types.collect::<Vec<_>>().join("\n");
        for pair in shapes.windows(2) {
            let [(from, _), (to, _)] = pair else { continue };
            let (from, to) = (past_name(&code, *from), past_name(&code, *to));
            types.push_str(&format!(
                "\nimpl From<{from}> for {to} {{\n    fn from(old: {from}) -> Self {{\n        \
                 todo!(\"{to} from {from}\")\n    }}\n}}\n"
            ));
        }
        let start = if of.is_legacy {
            "It must stay, because the stores hold it: write"
        } else {
            "- It is something else today, one event or several: write"
        };
        text.prose(2, start);
        text.code(
            6,
            &format!(
                "{types}\n#[event(legacy({name:?} = {newest}{history}))]\nenum {event_enum} {{ … }}\
                 \n\nimpl From<{newest}> for Vec<{event_enum}> {{\n    fn from(old: {newest}) -> \
                 Self {{\n        todo!(\"the events that it is today\")\n    }}\n}}"
            ),
        );
    }
}

/// A history that lacks versions that were shipped.
pub(super) struct Shortened<'a> {
    pub(super) code: &'a EventTypeSchema,
    pub(super) of: &'a EventType,
}

impl Shortened<'_> {
    /// The newest shipped version is today's, if nothing else has changed.
    pub(super) fn remedy(&self) -> String {
        let mut text = Text::default();
        let newest = self.of.newest();
        let known: Vec<Option<Node>> = self.code.versions.iter().map(Node::of_shape).collect();
        let today = known.last().and_then(Option::as_ref);
        let is_today = self.of.versions.get(&newest).and_then(Version::shape) == today;
        let last = if is_today { newest } else { newest + 1 };
        let mut missing = Vec::new();
        let mut history = Vec::new();
        for version in 1..last {
            let shape = self.of.versions.get(&version).and_then(Version::shape);
            let Some(shape) = shape else {
                history.push("_".to_owned());
                continue;
            };
            let same = known.iter().position(|known| known.as_ref() == Some(shape));
            let named = same.and_then(|index| past(self.code).get(index).cloned());
            history.push(named.unwrap_or_else(|| {
                let name = past_name(self.code.code, version);
                missing.push(rust::types(shape, &name));
                name
            }));
        }
        text.prose(2, "Put the shipped versions back, in this order:");
        let mut code = missing.join("\n");
        if !code.is_empty() {
            code.push('\n');
        }
        let attribute = history_attribute(&history);
        code.push_str(&format!("{attribute}\n{}", self.code.code));
        text.code(6, &code);
        text.prose(
            2,
            "Each is upcast to the next with `impl From<…V1> for …V2`, the last one to today's. A \
             version that no store holds any more (`ops schema census` lists them) can be given up: \
             see `_` in `history`.",
        );
        text.finish()
    }
}

/// A version that the code has given up with `_`.
pub(super) fn given_up(
    event_enum: &str,
    code: &EventTypeSchema,
    version: u32,
    shipped: &Node,
) -> String {
    let mut text = Text::default();
    let name = past_name(code.code, version);
    text.prose(
        2,
        "Events of it can no longer be read. Put its type back in the place of `_`:",
    );
    text.code(6, &rust::types(shipped, &name));
    let own = table(event_enum, code.name);
    let table = format!("[{own}]");
    text.prose(
        2,
        &format!(
            "Or, if `ops schema census` shows that no store holds it any more: in events.lock, \
             replace the table `[{own}.v{version}]` by a line in `{table}`, and delete its golden \
             events:"
        ),
    );
    text.code(6, &format!("{table}\nv{version} = \"unsupported\""));
    text.finish()
}
