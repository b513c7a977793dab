//! What somebody does who reads the message.

use std::collections::BTreeMap;

use super::copies::{Change, change};

pub(crate) const EVENTS: &str = "fine/events.rs";
pub(crate) const PAST: &str = "fine/past.rs";

/// The way out.
pub(crate) enum Remedy {
    /// A block of code in the message, as it stands there, with what only a person can know filled
    /// in, and what else the message says.
    Block {
        block: &'static str,
        filled: &'static [(&'static str, &'static str)],
        more: &'static [Change],
    },
    /// Attributes that the message names, each above a line of the events.
    Attributes(&'static [(&'static str, &'static str)]),
    /// The message says to put it back.
    PutBack(&'static [Change]),
}

impl Remedy {
    pub(crate) fn apply(&self, name: &str, sources: &mut BTreeMap<&str, String>) {
        match self {
            Self::Block {
                block,
                filled,
                more,
            } => {
                let mut code = (*block).to_owned();
                for (from, to) in *filled {
                    assert!(code.contains(from), "{name}: the block has no {from:?}");
                    code = code.replacen(from, to, 1);
                }
                assert!(!code.contains("todo!"), "{name}: {code}");
                let events = sources.get_mut(EVENTS).unwrap();
                *events = pasted(events, &code);
                change(name, sources, more);
            }
            Self::Attributes(attributes) => {
                for (attribute, above) in *attributes {
                    let indent: String = above.chars().take_while(|c| *c == ' ').collect();
                    let now = format!("{indent}{attribute}\n{above}");
                    let events = sources.values_mut().find(|source| source.contains(above));
                    let events = events.unwrap_or_else(|| panic!("{name}: no line {above:?}"));
                    *events = events.replacen(above, &now, 1);
                }
            }
            Self::PutBack(changes) => change(name, sources, changes),
        }
    }

    pub(crate) fn assert_is_in(&self, name: &str, message: &str) {
        match self {
            Self::Block { block, .. } => {
                let lines = block.lines().map(|line| match line {
                    "" => "\n".to_owned(),
                    line => format!("      {line}\n"),
                });
                let printed: String = lines.collect();
                let is_whole = message.contains(&format!("\n\n{printed}\n"));
                assert!(is_whole, "{name}: it has no such code:\n{printed}");
            }
            Self::Attributes(attributes) => {
                for (attribute, _) in *attributes {
                    assert!(message.contains(attribute), "{name}: no {attribute}");
                }
            }
            Self::PutBack(_) => {
                let lower = message.to_lowercase();
                let says = [
                    "put back",
                    "put it back",
                    "put its type back",
                    "must keep",
                    "leave it",
                ];
                assert!(says.iter().any(|says| lower.contains(says)), "{name}");
            }
        }
    }
}

/// The events with a block of code in its places: attributes above what they are for, types and
/// their upcasts at the end.
fn pasted(events: &str, block: &str) -> String {
    let mut events = events.to_owned();
    let mut lines = block.lines();
    let mut rest = String::new();
    while let Some(line) = lines.next() {
        if !line.starts_with("#[event(") {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let mut attribute = line.to_owned();
        while !attribute.contains(")]") {
            attribute.push('\n');
            attribute.push_str(lines.next().unwrap());
        }
        events = with_attribute(&events, &attribute, lines.next().unwrap());
    }
    format!("{events}\n{rest}")
}

fn with_attribute(events: &str, attribute: &str, target: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let start = match target.strip_prefix("enum ") {
        Some(name) => format!("pub enum {}", name.split(' ').next().unwrap()),
        None => {
            let end = target.find(|c| !is_name(c)).unwrap_or(target.len());
            format!("    {}", &target[..end])
        }
    };
    let mut found = false;
    let mut all: Vec<String> = Vec::new();
    for line in events.lines() {
        let rest = line.strip_prefix(&start);
        if rest.is_some_and(|rest| !rest.starts_with(is_name)) && !found {
            found = true;
            // There is one history.
            let is_older = |line: &String| line.trim_start().starts_with("#[event(history(");
            if attribute.starts_with("#[event(history(") && all.last().is_some_and(is_older) {
                all.pop();
            }
            all.push(attribute.to_owned());
        }
        all.push(line.to_owned());
    }
    assert!(found, "there is no {start:?}");
    all.join("\n") + "\n"
}
