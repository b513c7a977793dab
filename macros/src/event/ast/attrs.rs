//! The attributes that `derive(Event)` reads.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Error, LitStr, Result, Token, Type};

use super::{Legacy, Past};
use crate::attr::{self, Entries, Keys, Once};
use crate::ctxt::Ctxt;

const ON_ENUM: Keys = Keys {
    attribute: "event",
    place: "of `#[event]` on an enum",
    known: &[
        ("retired", "retired(\"flagged\")"),
        ("legacy", "legacy(\"merged\" = MergedV1)"),
        ("borrow", "borrow"),
    ],
    elsewhere: &[
        (
            "name",
            "`name` belongs on a variant, whose stored name it gives",
        ),
        (
            "alias",
            "`alias` belongs on the variant that is read under the older name",
        ),
        (
            "history",
            "`history` belongs on the variant whose older payloads it lists",
        ),
        (
            "other",
            "`other` belongs on the unit variant that stands for unknown events",
        ),
    ],
};

const ON_VARIANT: Keys = Keys {
    attribute: "event",
    place: "of `#[event]` on a variant",
    known: &[
        ("name", "name = \"opened\""),
        ("alias", "alias = \"created\""),
        ("history", HISTORY),
        ("other", "other"),
    ],
    elsewhere: &[
        (
            "retired",
            "`retired` belongs on the enum, with the stored name of the variant that is gone",
        ),
        (
            "legacy",
            "`legacy` belongs on the enum, because it may decode to any of its variants",
        ),
        (
            "borrow",
            "`borrow` belongs on the enum, and is about the texts of all its variants",
        ),
    ],
};

const HISTORY: &str = "history(OpenedV1, OpenedV2)";
const RETIRED: &str = "retired(\"flagged\")";
const LEGACY: &str = "legacy(\"merged\" = MergedV1)";

#[derive(Default)]
pub(super) struct EnumAttrs {
    pub(super) retired: Vec<LitStr>,
    pub(super) legacy: Vec<Legacy>,
    pub(super) borrow: Option<Ident>,
}

pub(super) struct VariantAttrs {
    pub(super) name: Option<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) history: Option<Entries<Past>>,
    pub(super) other: Option<Ident>,
}

pub(super) fn of_enum(ctxt: &Ctxt, attrs: &[Attribute]) -> EnumAttrs {
    let mut found = EnumAttrs::default();
    let mut borrow = Once::default();
    attr::each_key(ctxt, attrs, &ON_ENUM, |key, input| {
        match key.to_string().as_str() {
            "retired" => {
                let names = attr::entries(ctxt, key, input, RETIRED, |input| {
                    stored_name(input, RETIRED)
                })?;
                found.retired.extend(names.entries);
            }
            "legacy" => found.legacy.extend(legacy(ctxt, key, input)?),
            _ => borrow.set(ctxt, key, attr::flag(key, input)?),
        }
        Ok(())
    });
    found.borrow = borrow.into_inner();
    found
}

pub(super) fn of_variant(ctxt: &Ctxt, attrs: &[Attribute]) -> VariantAttrs {
    let mut name = Once::default();
    let mut aliases = Vec::new();
    let mut past = Once::default();
    let mut other = Once::default();
    attr::each_key(ctxt, attrs, &ON_VARIANT, |key, input| {
        match key.to_string().as_str() {
            "name" => name.set(ctxt, key, attr::string(key, input)?),
            "alias" => aliases.push(attr::string(key, input)?),
            "history" => past.set(ctxt, key, history(ctxt, key, input)?),
            _ => other.set(ctxt, key, key.clone()),
        }
        Ok(())
    });
    VariantAttrs {
        name: name.into_inner(),
        aliases,
        history: past.into_inner(),
        other: other.into_inner(),
    }
}

fn history(ctxt: &Ctxt, key: &Ident, input: ParseStream<'_>) -> Result<Entries<Past>> {
    attr::entries(ctxt, key, input, HISTORY, |input| {
        if input.peek(Token![_]) {
            input.parse::<Token![_]>()?;
            return Ok(Past::Unsupported);
        }
        let message = || {
            format!(
                "expected the type of an older payload, or `_` for a version that is no longer read, as in `{HISTORY}`"
            )
        };
        let ty = attr::type_at(input, key.span(), message)?;
        Ok(Past::Type(Box::new(ty)))
    })
}

/// What one entry of `legacy(…)` turns out to be.
enum LegacyEntry {
    Name(LitStr, Type),
    History(Ident, Entries<Past>),
}

fn legacy(ctxt: &Ctxt, key: &Ident, input: ParseStream<'_>) -> Result<Option<Legacy>> {
    let mut only_history = true;
    let entries = attr::entries(ctxt, key, input, LEGACY, |input| {
        if input.peek(Ident::peek_any) {
            let key: Ident = input.call(Ident::parse_any)?;
            if key != "history" {
                only_history = false;
                let message = format!(
                    "unknown key `{key}`: expected `history(…)`, or a name and its type, as in `{LEGACY}`"
                );
                return Err(Error::new(key.span(), message));
            }
            let past = history(ctxt, &key, input)?;
            return Ok(LegacyEntry::History(key, past));
        }
        only_history = false;
        let name = stored_name(input, LEGACY)?;
        let ty = legacy_type(&name, input)?;
        Ok(LegacyEntry::Name(name, ty))
    })?;
    if only_history {
        let message = format!("missing the stored name and its newest type, as in `{LEGACY}`");
        return Err(Error::new(key.span(), message));
    }
    let mut legacy: Option<(LitStr, Type)> = None;
    let mut past = Once::default();
    for entry in entries.entries {
        match entry {
            LegacyEntry::History(key, entries) => past.set(ctxt, &key, entries),
            LegacyEntry::Name(name, ty) if legacy.is_none() => legacy = Some((name, ty)),
            LegacyEntry::Name(name, _) => ctxt.error(
                &name,
                format!(
                    "a second name in one `legacy(…)`: give `{}` a `legacy(…)` of its own",
                    name.value()
                ),
            ),
        }
    }
    Ok(legacy.map(|(name, ty)| Legacy {
        name,
        ty,
        history: past.into_inner(),
    }))
}

fn legacy_type(name: &LitStr, input: ParseStream<'_>) -> Result<Type> {
    let message = || {
        let name = name.value();
        format!("expected the type of the old payload, as in `legacy(\"{name}\" = MergedV1)`")
    };
    if input.parse::<Token![=]>().is_err() {
        return Err(Error::new(name.span(), message()));
    }
    if input.peek(Token![_]) {
        let span = input.span();
        let message = "a legacy event needs a type: an event that is to decode to nothing goes into `retired(…)`";
        return Err(Error::new(span, message));
    }
    attr::type_at(input, name.span(), message)
}

fn stored_name(input: ParseStream<'_>, example: &str) -> Result<LitStr> {
    let span = input.span();
    input.parse().map_err(|_| {
        Error::new(
            span,
            format!("expected a stored name in quotes, as in `{example}`"),
        )
    })
}
