//! What `derive(Event)` refuses.

mod names;
mod serde;

use syn::{Data, GenericParam};

use super::ast::{Content, EventEnum, Variant};
use super::expand;
use crate::ctxt::Ctxt;
use crate::name;

/// Reports everything that is wrong with the enum.
pub(super) fn check(ctxt: &Ctxt, event: &EventEnum<'_>) {
    check_kind(ctxt, event);
    check_generics(ctxt, event);
    for variant in &event.variants {
        check_content(ctxt, variant);
        check_handler(ctxt, variant);
    }
    check_other(ctxt, event);
    check_borrow(ctxt, event);
    names::check(ctxt, event);
    serde::check(ctxt, event);
}

fn check_kind(ctxt: &Ctxt, event: &EventEnum<'_>) {
    let ident = &event.input.ident;
    match &event.input.data {
        Data::Struct(data) => ctxt.error(
            data.struct_token,
            format!("`derive(Event)` needs an enum with one variant for each thing that can happen: make `{ident}` the content of a variant"),
        ),
        Data::Union(data) => ctxt.error(
            data.union_token,
            "`derive(Event)` needs an enum with one variant for each thing that can happen",
        ),
        Data::Enum(data) if data.variants.is_empty() => ctxt.error(
            ident,
            format!("`{ident}` has no variants: add one for each thing that can happen"),
        ),
        Data::Enum(_) => {}
    }
}

fn check_generics(ctxt: &Ctxt, event: &EventEnum<'_>) {
    for parameter in &event.input.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => ctxt.error(
                lifetime,
                "an event outlives the row it was read from, so its enum cannot borrow: own the data, as in `String` or `Cow<'static, str>`",
            ),
            GenericParam::Type(_) | GenericParam::Const(_) => ctxt.error(
                parameter,
                "an event enum cannot be generic, because a stored payload does not say for which type it was written: name the types in the variants",
            ),
        }
    }
}

fn check_content(ctxt: &Ctxt, variant: &Variant<'_>) {
    if let Content::Unsupported(fields) = &variant.content {
        let ident = variant.ident;
        ctxt.error(
            fields,
            if fields.is_empty() {
                format!("an empty tuple has no content: write `{ident}` or `{ident} {{}}`")
            } else {
                format!("stored fields need names: write `{ident} {{ … }}`, or put the fields into a struct and write `{ident}(Struct)`")
            },
        );
    }
}

fn check_handler(ctxt: &Ctxt, variant: &Variant<'_>) {
    let handler = name::snake_case(variant.ident);
    if name::identifier(&handler, variant.ident.span()).is_none() {
        ctxt.error(
            variant.ident,
            format!(
                "no method can be called `{handler}`: rename the variant and keep its stored name with `#[event(name = \"{}\")]`",
                variant.name
            ),
        );
    }
}

fn check_borrow(ctxt: &Ctxt, event: &EventEnum<'_>) {
    let Some(borrow) = &event.borrow else {
        return;
    };
    let lends = |variant: &Variant<'_>| {
        let mut fields = variant.code.fields.iter();
        fields.any(|field| expand::is_borrowed(event, variant, field))
    };
    if !event.variants.iter().any(lends) {
        ctxt.error(
            borrow,
            "`borrow` has nothing to lend: it is about fields of the type `String` that serde reads by itself, in the variants and not in structs within them",
        );
    }
}

fn check_other(ctxt: &Ctxt, event: &EventEnum<'_>) {
    let mut first = None;
    for variant in &event.variants {
        let Some(other) = &variant.other else {
            continue;
        };
        match first {
            None => first = Some(variant.ident),
            Some(first) => ctxt.error(
                other,
                format!("`{first}` is `other` already: unknown types can become only one variant"),
            ),
        }
        if !matches!(variant.content, Content::Unit) {
            let ident = variant.ident;
            ctxt.error(
                other,
                format!(
                    "the content of an unknown event cannot be read: make `{ident}` a unit variant"
                ),
            );
        }
        if let Some(history) = &variant.history {
            ctxt.error_at(
                history.span,
                "an `other` variant is never stored, so it has no history: remove one of the two",
            );
        }
        for alias in &variant.aliases {
            ctxt.error(
                alias,
                "an `other` variant is never stored, and takes every unknown name already: remove the alias",
            );
        }
    }
}
