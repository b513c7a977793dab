//! What `derive(Event)` reads.

mod attrs;

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Type};

use crate::attr::{self, Entries};
use crate::ctxt::Ctxt;
use crate::{name, text};

/// An enum with `derive(Event)`.
pub(super) struct EventEnum<'a> {
    pub(super) input: &'a DeriveInput,
    /// The generated trait, `ApplyXEvent`.
    pub(super) apply: Ident,
    pub(super) variants: Vec<Variant<'a>>,
    pub(super) retired: Vec<LitStr>,
    pub(super) legacy: Vec<Legacy>,
    /// The key `borrow`, if it is there.
    pub(super) borrow: Option<Ident>,
}

/// One variant: one event type.
pub(super) struct Variant<'a> {
    pub(super) code: &'a syn::Variant,
    pub(super) ident: &'a Ident,
    pub(super) attrs: &'a [Attribute],
    /// serde's index of the variant: its place in the enum, as none is skipped.
    pub(super) index: u32,
    pub(super) content: Content<'a>,
    /// The name that the attribute gives, if it gives one.
    pub(super) given_name: Option<LitStr>,
    pub(super) name: String,
    pub(super) aliases: Vec<LitStr>,
    pub(super) history: Option<Entries<Past>>,
    /// The key `other`, if it is there.
    pub(super) other: Option<Ident>,
    /// The handler.
    pub(super) method: Ident,
    /// Whether there can be a handler of that name, and no variant before has it.
    pub(super) is_handled: bool,
}

/// What a variant holds.
pub(super) enum Content<'a> {
    Unit,
    Newtype(&'a Field),
    Struct(Vec<&'a Field>),
    /// A tuple of none or several, which has no place in a payload.
    Unsupported(&'a Fields),
}

/// An entry of `history`.
pub(super) enum Past {
    Type(Box<Type>),
    /// `_`.
    Unsupported,
}

/// `legacy("name" = Type, history(…))`.
pub(super) struct Legacy {
    pub(super) name: LitStr,
    pub(super) ty: Type,
    pub(super) history: Option<Entries<Past>>,
}

impl<'a> EventEnum<'a> {
    pub(super) fn parse(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        let attrs::EnumAttrs {
            retired,
            legacy,
            borrow,
        } = attrs::of_enum(ctxt, &input.attrs);
        let mut variants: Vec<Variant<'_>> = Vec::new();
        if let Data::Enum(data) = &input.data {
            for (index, variant) in (0..).zip(&data.variants) {
                let mut variant = Variant::parse(ctxt, index, variant);
                variant.is_handled &= variants
                    .iter()
                    .all(|before| before.method != variant.method);
                variants.push(variant);
            }
        }
        Self {
            input,
            apply: format_ident!("Apply{}", input.ident.unraw(), span = input.ident.span()),
            variants,
            retired,
            legacy,
            borrow,
        }
    }

    /// Whether handlers get this field as `&str`.
    pub(super) fn lends(&self, field: &Field) -> bool {
        self.borrow.is_some() && is_string(&field.ty)
    }

    /// The variant that stands for unknown types.
    pub(super) fn other(&self) -> Option<&Variant<'a>> {
        self.variants.iter().find(|variant| variant.other.is_some())
    }

    /// The variants with a handler of their own: all of them, if there is no mistake.
    pub(super) fn handled(&self) -> impl Iterator<Item = &Variant<'a>> {
        self.variants.iter().filter(|variant| variant.is_handled)
    }

    /// The variants that are stored.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Variant<'a>> {
        self.variants
            .iter()
            .filter(|variant| variant.other.is_none())
    }
}

impl<'a> Variant<'a> {
    fn parse(ctxt: &Ctxt, index: u32, variant: &'a syn::Variant) -> Self {
        let attrs = attrs::of_variant(ctxt, &variant.attrs);
        for field in &variant.fields {
            let advice =
                "it belongs on the enum or on a variant, while fields take serde's attributes";
            attr::refuse(ctxt, &field.attrs, "event", advice);
        }
        let default = name::snake_case(&variant.ident);
        let method = name::identifier(&default, variant.ident.span());
        Self {
            code: variant,
            ident: &variant.ident,
            attrs: &variant.attrs,
            index,
            content: Content::of(&variant.fields),
            name: attrs
                .name
                .as_ref()
                .map_or_else(|| default.clone(), LitStr::value),
            given_name: attrs.name,
            aliases: attrs.aliases,
            history: attrs.history,
            other: attrs.other,
            is_handled: method.is_some(),
            method: method.unwrap_or_else(|| variant.ident.clone()),
        }
    }

    /// Today's schema version.
    pub(super) fn schema_version(&self) -> u32 {
        newest(self.history.as_ref())
    }

    /// Where a mistake in the stored name is shown.
    pub(super) fn name_span(&self) -> Span {
        match &self.given_name {
            Some(name) => name.span(),
            None => self.ident.span(),
        }
    }
}

impl Legacy {
    /// The newest schema version that it was written with.
    pub(super) fn schema_version(&self) -> u32 {
        newest(self.history.as_ref())
    }
}

impl<'a> Content<'a> {
    fn of(fields: &'a Fields) -> Self {
        match fields {
            Fields::Unit => Self::Unit,
            Fields::Named(fields) => Self::Struct(fields.named.iter().collect()),
            Fields::Unnamed(tuple) => match tuple.unnamed.first() {
                Some(field) if tuple.unnamed.len() == 1 => Self::Newtype(field),
                _ => Self::Unsupported(fields),
            },
        }
    }
}

/// Whether it is the standard library's `String`, as far as tokens show.
fn is_string(ty: &Type) -> bool {
    let text = text::of(ty);
    let name = text.strip_prefix("::").unwrap_or(&text);
    matches!(
        name,
        "String" | "std::string::String" | "alloc::string::String"
    )
}

fn newest(history: Option<&Entries<Past>>) -> u32 {
    let older = history.map_or(0, |history| history.entries.len());
    u32::try_from(older).map_or(u32::MAX, |older| older.saturating_add(1))
}
