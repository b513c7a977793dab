//! What `derive(Event)` writes.

mod apply;
mod borrowed;
mod decode;
mod schema;
mod stub;

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};

use super::ast::EventEnum;
use crate::span;

pub(super) use borrowed::is_borrowed;
pub(super) use stub::stub;

/// Expands to the trait `ApplyXEvent` and
///
/// ```text
/// impl Event for XEvent {
///     const SCHEMA: EventSchema = EventSchema { … };
///     fn event_type(&self) -> &'static str { match self { Self::Opened { .. } => "opened", … } }
///     fn schema_version(&self) -> SchemaVersion { SchemaVersion::FIRST }
///     fn encode(&self) -> Result<String, EncodeError> { __private::encode(self) }
///     fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<Self>, DecodeError> { match … }
/// }
/// ```
pub(super) fn expand(event: &EventEnum<'_>) -> TokenStream {
    let schema = schema::expand(event);
    let event_type = event_type(event);
    let schema_version = schema_version(event);
    let encode = encode(event);
    let decode = decode::expand(event);
    let apply = apply::expand(event);
    let ident = &event.input.ident;
    quote! {
        #apply

        #[automatically_derived]
        impl ::rehydrate::Event for #ident {
            #[allow(deprecated, reason = "the field says it already")]
            const SCHEMA: ::rehydrate::schema::EventSchema = #schema;

            fn event_type(&self) -> &'static str {
                #event_type
            }

            fn schema_version(&self) -> ::rehydrate::SchemaVersion {
                #schema_version
            }

            fn encode(
                &self,
            ) -> ::core::result::Result<::std::string::String, ::rehydrate::EncodeError> {
                #encode
            }

            fn decode(
                __stored: &::rehydrate::StoredEvent<'_>,
            ) -> ::core::result::Result<::rehydrate::Decoded<Self>, ::rehydrate::DecodeError> {
                #decode
            }
        }
    }
}

/// Expands to `match self { Self::Opened { .. } => "opened", … }`.
fn event_type(event: &EventEnum<'_>) -> TokenStream {
    let arms = event.variants.iter().map(|variant| {
        let (ident, name) = (variant.ident, &variant.name);
        quote!(Self::#ident { .. } => #name,)
    });
    quote!(match self { #(#arms)* })
}

/// Expands to `SchemaVersion::FIRST`, or to a match over the variants with a history.
fn schema_version(event: &EventEnum<'_>) -> TokenStream {
    let changed = || {
        event
            .variants
            .iter()
            .filter(|variant| variant.history.is_some())
    };
    if changed().next().is_none() {
        return quote!(::rehydrate::SchemaVersion::FIRST);
    }
    let arms = changed().map(|variant| {
        let ident = variant.ident;
        let version = Literal::u32_unsuffixed(variant.schema_version());
        quote!(Self::#ident { .. } => #version,)
    });
    let rest = (changed().count() < event.variants.len()).then(|| quote!(_ => 1,));
    quote!(::rehydrate::SchemaVersion::new(match self { #(#arms)* #rest }))
}

/// Expands to `__private::encode(self)`, unless the event is the one that stands for unknown ones.
fn encode(event: &EventEnum<'_>) -> TokenStream {
    // On the enum's name, where serde's derives are missing if they are.
    let span = span::at(&event.input.ident);
    let encode = quote_spanned!(span=> ::rehydrate::__private::encode(self));
    match event.other() {
        None => encode,
        Some(other) => {
            let other = other.ident;
            quote! {
                match self {
                    Self::#other => ::rehydrate::__private::encode_other(self),
                    _ => #encode,
                }
            }
        }
    }
}
