//! What `derive(Aggregate)` refuses.

use syn::{Data, GenericParam, LitInt};

use super::ast::{Aggregate, Snapshot};
use crate::attr::serde;
use crate::ctxt::Ctxt;
use crate::name;

/// Reports everything that is wrong with the type.
pub(super) fn check(ctxt: &Ctxt, aggregate: &Aggregate<'_>) {
    check_kind(ctxt, aggregate);
    check_generics(ctxt, aggregate);
    check_missing(ctxt, aggregate);
    if let Some(fault) = name::category_fault(&aggregate.category) {
        ctxt.error_at(aggregate.category_span(), fault);
    }
    if let Some(snapshot) = &aggregate.snapshot {
        check_snapshot(ctxt, snapshot);
        check_whole(ctxt, &aggregate.input.data);
    }
}

/// A snapshot holds the whole state: what serde leaves out would be gone after the next load.
fn check_whole(ctxt: &Ctxt, data: &Data) {
    let attrs: Vec<_> = match data {
        Data::Struct(data) => data.fields.iter().map(|field| &field.attrs).collect(),
        Data::Enum(data) => data
            .variants
            .iter()
            .flat_map(|variant| {
                let fields = variant.fields.iter().map(|field| &field.attrs);
                std::iter::once(&variant.attrs).chain(fields)
            })
            .collect(),
        Data::Union(_) => Vec::new(),
    };
    for found in attrs.into_iter().flat_map(|attrs| serde::keys(attrs)) {
        if ["skip", "skip_serializing", "skip_deserializing"]
            .contains(&found.key.to_string().as_str())
        {
            ctxt.error(
                &found.key,
                "a snapshot would lose this, and a state loaded from it would not be the one that a full replay gives: remove the attribute, or remove `snapshot`",
            );
        }
    }
}

fn check_kind(ctxt: &Ctxt, aggregate: &Aggregate<'_>) {
    if let Data::Union(data) = &aggregate.input.data {
        ctxt.error(
            data.union_token,
            "a union does not say which of its fields is the state: make it a struct or an enum",
        );
    }
}

fn check_generics(ctxt: &Ctxt, aggregate: &Aggregate<'_>) {
    for parameter in &aggregate.input.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => ctxt.error(
                lifetime,
                "a state outlives the events it is folded from, so an aggregate cannot borrow: own the data",
            ),
            GenericParam::Type(_) | GenericParam::Const(_) => ctxt.error(
                parameter,
                "an aggregate cannot be generic, because its category and its stored events would be those of several types: name the types in the fields",
            ),
        }
    }
}

fn check_missing(ctxt: &Ctxt, aggregate: &Aggregate<'_>) {
    let required = [("id", "id = Uuid"), ("event", "event = AccountEvent")];
    let missing: Vec<_> = required
        .into_iter()
        .filter(|(key, _)| !aggregate.present.contains(key))
        .collect();
    if missing.is_empty() {
        return;
    }
    let keys = name::list(missing.iter().map(|(key, _)| *key));
    let examples: Vec<_> = missing.iter().map(|(_, example)| *example).collect();
    let examples = examples.join(", ");
    let attribute = aggregate
        .input
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("aggregate"));
    match attribute {
        Some(attr) => ctxt.error(
            attr.path(),
            format!("missing {keys}: add `{examples}` with types of yours"),
        ),
        None => ctxt.error(
            &aggregate.input.ident,
            format!("missing {keys}: write `#[aggregate({examples})]` with types of yours above the type"),
        ),
    }
}

fn check_snapshot(ctxt: &Ctxt, snapshot: &Snapshot) {
    if !snapshot.has_every {
        ctxt.error_at(
            snapshot.span,
            "missing `every`: say after how many events the state is written, as in `snapshot(every = 100)`",
        );
    }
    let every = snapshot
        .every
        .as_ref()
        .and_then(|every| number(ctxt, every));
    if every == Some(0) {
        ctxt.error(
            &snapshot.every,
            "a snapshot every 0 events makes no sense: write 1 or more, or remove `snapshot`",
        );
    }
    if let Some(version) = &snapshot.version {
        number(ctxt, version);
    }
}

fn number(ctxt: &Ctxt, literal: &LitInt) -> Option<u64> {
    match literal.suffix() {
        "" | "u64" => {}
        _ => {
            ctxt.error(literal, "the number is a u64: remove its suffix");
            return None;
        }
    }
    if literal.base10_digits().starts_with('-') {
        ctxt.error(literal, "the number is negative: write 0 or more");
        return None;
    }
    match literal.base10_parse() {
        Ok(number) => Some(number),
        Err(_) => {
            ctxt.error(
                literal,
                "the number does not fit into a u64: write a smaller one",
            );
            None
        }
    }
}
