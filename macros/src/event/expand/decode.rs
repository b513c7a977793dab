//! `Event::decode`: a table over stored type and schema version.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::super::ast::{Content, EventEnum, Legacy, Past, Variant};
use crate::attr::Entries;
use crate::span;

/// Expands to
///
/// ```text
/// match (stored.event_type, stored.schema_version.get()) {
///     ("captured", 2) => __private::current(stored, 0),
///     ("captured", 1) => { … Ok(Decoded::One(…)) }
///     ("captured", _) => __private::unread_version(stored, 2),
///     ("flagged", _) => Ok(Decoded::Retired),
///     _ => __private::unknown_type(stored),
/// }
/// ```
pub(super) fn expand(event: &EventEnum<'_>) -> TokenStream {
    let variants = event.stored().map(|variant| of_variant(event, variant));
    let legacy = event.legacy.iter().map(of_legacy);
    let retired = &event.retired;
    let retired = (!retired.is_empty()).then(
        || quote!((#(#retired)|*, _) => ::core::result::Result::Ok(::rehydrate::Decoded::Retired),),
    );
    let unknown = match event.other() {
        None => quote!(::rehydrate::__private::unknown_type(__stored)),
        Some(other) => {
            let other = other.ident;
            quote!(::core::result::Result::Ok(::rehydrate::Decoded::One(Self::#other)))
        }
    };
    quote! {
        match (__stored.event_type, __stored.schema_version.get()) {
            #(#variants)*
            #(#legacy)*
            #retired
            _ => #unknown,
        }
    }
}

/// The pattern of the stored types that are read as this variant.
pub(super) fn names(variant: &Variant<'_>) -> TokenStream {
    let (name, aliases) = (&variant.name, &variant.aliases);
    quote!(#name #(| #aliases)*)
}

/// The index of a variant, and its newest schema version.
pub(super) fn numbers(variant: &Variant<'_>) -> (Literal, Literal) {
    (number(variant.index), number(variant.schema_version()))
}

fn of_variant(event: &EventEnum<'_>, variant: &Variant<'_>) -> TokenStream {
    let names = names(variant);
    let (index, newest) = numbers(variant);
    // On the enum's name, where serde's derives are missing if they are.
    let current = quote_spanned! {span::at(&event.input.ident)=>
        ::rehydrate::__private::current(__stored, #index)
    };
    let ident = variant.ident;
    let (today, wrap) = match &variant.content {
        Content::Newtype(field) => (field.ty.to_token_stream(), Some(quote!(Self::#ident))),
        Content::Unit | Content::Struct(_) | Content::Unsupported(_) => (quote!(Self), None),
    };
    let chain = Chain {
        names: &names,
        payloads: payloads(variant.history.as_ref()),
        today,
        decoded: |event| match &wrap {
            Some(wrap) => quote!(One(#wrap(#event))),
            None => quote!(One(#event)),
        },
    };
    let past = chain.arms();
    quote! {
        (#names, #newest) => #current,
        #past
        (#names, _) => ::rehydrate::__private::unread_version(__stored, #newest),
    }
}

fn of_legacy(legacy: &Legacy) -> TokenStream {
    let names = legacy.name.to_token_stream();
    let mut payloads = payloads(legacy.history.as_ref());
    payloads.push((legacy.schema_version(), &legacy.ty));
    let newest = number(legacy.schema_version());
    let chain = Chain {
        names: &names,
        payloads,
        today: quote!(::std::vec::Vec<Self>),
        decoded: |events| quote!(Many(#events)),
    };
    let arms = chain.arms();
    quote! {
        #arms
        (#names, _) => ::rehydrate::__private::unread_version(__stored, #newest),
    }
}

/// The readable payloads of the past, with their schema versions.
fn payloads(history: Option<&Entries<Past>>) -> Vec<(u32, &Type)> {
    let entries = history.iter().flat_map(|history| &history.entries);
    let versions = (1..).zip(entries);
    versions
        .filter_map(|(version, past)| match past {
            Past::Type(ty) => Some((version, &**ty)),
            Past::Unsupported => None,
        })
        .collect()
}

/// The links from the oldest payload to today's.
struct Chain<'a, D> {
    names: &'a TokenStream,
    payloads: Vec<(u32, &'a Type)>,
    today: TokenStream,
    decoded: D,
}

impl<D: Fn(TokenStream) -> TokenStream> Chain<'_, D> {
    /// One arm for each payload, where the chain begins.
    fn arms(&self) -> TokenStream {
        (0..self.payloads.len())
            .map(|first| self.arm(first))
            .collect()
    }

    /// Expands to
    ///
    /// ```text
    /// ("captured", 1) => {
    ///     let payload = __private::old::<CapturedV1>(stored)?;
    ///     let payload = __private::upcast::<CapturedV1, CapturedV2>(stored, payload)?;
    ///     let payload = __private::upcast::<CapturedV2, Self>(stored, payload)?;
    ///     Ok(Decoded::One(payload))
    /// }
    /// ```
    fn arm(&self, first: usize) -> TokenStream {
        let mut payloads = self.payloads.iter().skip(first).peekable();
        let Some((version, oldest)) = payloads.peek() else {
            return TokenStream::new();
        };
        let (names, version) = (self.names, number(*version));
        let old = quote_spanned! {span::at_type(oldest)=>
            let __payload = ::rehydrate::__private::old::<#oldest>(__stored)?;
        };
        let mut links = TokenStream::new();
        while let Some((_, from)) = payloads.next() {
            let to = match payloads.peek() {
                Some((_, next)) => next.to_token_stream(),
                None => self.today.clone(),
            };
            // On the older type: a missing link is shown where its history begins.
            links.extend(quote_spanned! {span::at_type(from)=>
                let __payload = ::rehydrate::__private::upcast::<#from, #to>(__stored, __payload)?;
            });
        }
        let decoded = (self.decoded)(quote!(__payload));
        quote! {
            (#names, #version) => {
                #old
                #links
                ::core::result::Result::Ok(::rehydrate::Decoded::#decoded)
            }
        }
    }
}

fn number(number: u32) -> Literal {
    Literal::u32_unsuffixed(number)
}
