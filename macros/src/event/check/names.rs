//! Stored names: each is well formed, and none is like another.

use std::collections::HashMap;

use proc_macro2::Span;

use super::super::ast::{EventEnum, Variant};
use crate::ctxt::Ctxt;
use crate::name;

pub(super) fn check(ctxt: &Ctxt, event: &EventEnum<'_>) {
    let shared = check_handlers(ctxt, event);
    let mut seen: HashMap<String, Name> = HashMap::new();
    for name in stored_names(event) {
        if let Some(fault) = name::event_type_fault(&name.text) {
            ctxt.error_at(name.span, fault);
            continue;
        }
        match seen.get(&name.text.to_lowercase()) {
            None => {
                seen.insert(name.text.to_lowercase(), name);
            }
            // The handlers have collided too: that says it all.
            Some(first) if name.is_default && first.is_default && shared.contains(&name.text) => {}
            Some(first) => ctxt.error_at(name.span, name.clash_with(first)),
        }
    }
}

/// A stored name and where it comes from.
struct Name {
    text: String,
    span: Span,
    origin: String,
    is_default: bool,
}

impl Name {
    fn clash_with(&self, first: &Self) -> String {
        let Self { text, origin, .. } = self;
        let Self {
            text: first_text,
            origin: first_origin,
            ..
        } = first;
        if text == first_text {
            format!(
                "the stored name `{text}` is taken twice, by {first_origin} and by {origin}: change one of them"
            )
        } else {
            format!(
                "the stored names `{first_text}` of {first_origin} and `{text}` of {origin} differ only by case, which some databases ignore: change one of them"
            )
        }
    }
}

fn stored_names(event: &EventEnum<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    for variant in &event.variants {
        names.push(Name {
            text: variant.name.clone(),
            span: variant.name_span(),
            origin: format!("the variant `{}`", variant.ident),
            is_default: variant.given_name.is_none(),
        });
        names.extend(variant.aliases.iter().map(|alias| Name {
            text: alias.value(),
            span: alias.span(),
            origin: format!("an alias of `{}`", variant.ident),
            is_default: false,
        }));
    }
    names.extend(event.retired.iter().map(|retired| Name {
        text: retired.value(),
        span: retired.span(),
        origin: "`retired`".to_owned(),
        is_default: false,
    }));
    names.extend(event.legacy.iter().map(|legacy| Name {
        text: legacy.name.value(),
        span: legacy.name.span(),
        origin: "`legacy`".to_owned(),
        is_default: false,
    }));
    names
}

/// Reports variants that share a handler; returns the names of those handlers.
fn check_handlers(ctxt: &Ctxt, event: &EventEnum<'_>) -> Vec<String> {
    let mut seen: HashMap<String, &Variant<'_>> = HashMap::new();
    let mut shared = Vec::new();
    for variant in &event.variants {
        let handler = name::snake_case(variant.ident);
        if let Some(first) = seen.get(&handler) {
            let (one, other) = (first.ident, variant.ident);
            ctxt.error(
                other,
                format!("`{one}` and `{other}` would both be handled by `{handler}`: rename one and keep its stored name with `#[event(name = \"…\")]`"),
            );
            shared.push(handler);
        } else {
            seen.insert(handler, variant);
        }
    }
    shared
}
