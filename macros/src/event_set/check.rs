//! What `derive(EventSet)` refuses.

use std::collections::HashMap;

use syn::{Data, Fields, GenericParam};

use super::ast::{EventSet, Variant};
use crate::ctxt::Ctxt;
use crate::text;

/// Reports everything that is wrong with the enum.
pub(super) fn check(ctxt: &Ctxt, set: &EventSet<'_>) {
    check_kind(ctxt, set);
    check_generics(ctxt, set);
    for variant in &set.variants {
        check_content(ctxt, variant);
    }
    check_aggregates(ctxt, set);
    check_events(ctxt, set);
}

fn check_kind(ctxt: &Ctxt, set: &EventSet<'_>) {
    let ident = &set.input.ident;
    let needed = "a set of events is an enum with a variant for each event enum, as in";
    let example = format!("`enum {ident} {{ Order(OrderEvent), Payment(PaymentEvent) }}`");
    match &set.input.data {
        Data::Struct(data) => ctxt.error(data.struct_token, format!("{needed} {example}")),
        Data::Union(data) => ctxt.error(data.union_token, format!("{needed} {example}")),
        Data::Enum(data) if data.variants.is_empty() => ctxt.error(
            ident,
            format!("`{ident}` has no variants: add one for each event enum, as in {example}"),
        ),
        Data::Enum(_) => {}
    }
}

fn check_generics(ctxt: &Ctxt, set: &EventSet<'_>) {
    for parameter in &set.input.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => ctxt.error(
                lifetime,
                "an event outlives the row it was read from, so a set of them cannot borrow: remove the lifetime",
            ),
            GenericParam::Type(_) | GenericParam::Const(_) => ctxt.error(
                parameter,
                "a set of events cannot be generic, because its categories are fixed: name the event enums in the variants",
            ),
        }
    }
}

fn check_content(ctxt: &Ctxt, variant: &Variant<'_>) {
    if variant.events.is_some() {
        return;
    }
    let ident = variant.ident;
    let example = format!("as in `{ident}({ident}Event)`");
    match variant.fields {
        Fields::Unit => ctxt.error(
            ident,
            format!("a variant holds the event enum of an aggregate, {example}"),
        ),
        Fields::Named(fields) => ctxt.error(
            fields,
            format!("a variant holds one event enum, {example}: remove the braces and the names"),
        ),
        Fields::Unnamed(fields) if fields.unnamed.is_empty() => ctxt.error(
            fields,
            format!("a variant holds the event enum of an aggregate, {example}"),
        ),
        Fields::Unnamed(fields) => ctxt.error(
            fields,
            format!("a variant holds one event enum, {example}: give each a variant of its own"),
        ),
    }
}

/// A stored event can become only one variant.
fn check_aggregates(ctxt: &Ctxt, set: &EventSet<'_>) {
    let mut seen = HashMap::new();
    for variant in &set.variants {
        let Some(aggregate) = &variant.aggregate else {
            continue;
        };
        let name = text::of(aggregate);
        if let Some(first) = seen.get(&name) {
            ctxt.error(
                aggregate,
                format!("`{first}` holds the events of `{name}` already: remove one of the two"),
            );
        } else {
            seen.insert(name, variant.ident);
        }
    }
}

/// An event enum that is there twice is that of two aggregates, which have to be named.
fn check_events(ctxt: &Ctxt, set: &EventSet<'_>) {
    let mut seen: HashMap<String, &Variant<'_>> = HashMap::new();
    for variant in &set.variants {
        let Some(events) = variant.events else {
            continue;
        };
        let name = text::of(events);
        match seen.get(&name) {
            None => {
                seen.insert(name, variant);
            }
            Some(first) if first.aggregate.is_some() && variant.aggregate.is_some() => {}
            Some(first) => {
                let (one, other) = (first.ident, variant.ident);
                ctxt.error(
                    events,
                    format!("`{one}` and `{other}` both hold `{name}`: remove one of them, or, if it is the event enum of two aggregates, name those with `#[event_set(aggregate = …)]` on both"),
                );
            }
        }
    }
}
