//! What to write about a type or a version that is gone.

use super::super::lock::{EventType, Node, Version};
use super::super::{EventSchema, EventTypeSchema};
use super::remedy::{history_attribute, past, past_name};
use super::rust;
use super::text::Text;

/// A type that is gone.
pub(super) struct Gone<'a> {
    pub(super) schema: &'a EventSchema,
    pub(super) name: &'a str,
    pub(super) of: &'a EventType,
    /// The variants that have its shapes and were not shipped.
    pub(super) candidates: &'a [&'a EventTypeSchema],
}

impl Gone<'_> {
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
        let types = types.collect::<Vec<_>>().join("\n");
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
    let table = format!("[{event_enum}.{}]", code.name);
    text.prose(
        2,
        &format!(
            "Or, if `ops schema census` shows that no store holds it any more: in events.lock, \
             replace the table `[{event_enum}.{}.v{version}]` by a line in `{table}`, and delete \
             its golden events:",
            code.name
        ),
    );
    text.code(6, &format!("{table}\nv{version} = \"unsupported\""));
    text.finish()
}
