//! `ApplyTo::replay_to` for an enum that lends its texts.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Field, LitStr};

use super::super::ast::{Content, EventEnum, Variant};
use super::apply;
use super::decode;
use crate::attr::serde::{SerdeKey, keys};
use crate::span;

/// Expands to
///
/// ```text
/// fn replay_to(stored: &StoredEvent<'_>, aggregate: &mut A) -> Result<(), DecodeError> {
///     #[derive(Deserialize)]
///     enum XEvent<'a> { Opened { #[serde(borrow)] owner: Cow<'a, str> }, … }
///     let event: XEvent<'_> = match (stored.event_type, stored.schema_version.get()) {
///         ("opened", 1) => __private::borrowed(stored, 0)?,
///         …
///         _ => return __private::replay::<Self, A>(stored, aggregate),
///     };
///     match event { XEvent::Opened { owner } => ApplyXEvent::opened(aggregate, &owner), … }
///     Ok(())
/// }
/// ```
///
/// The enum within has the name of the one outside, so that serde says the same of both.
pub(super) fn expand(event: &EventEnum<'_>) -> Option<TokenStream> {
    let key = event.borrow.as_ref()?;
    let ident = &event.input.ident;
    let serde = serde_of(&event.input.attrs);
    let has_path = keys(&event.input.attrs).iter().any(|it| it.key == "crate");
    let path = (!has_path).then(|| quote!(#[serde(crate = "::rehydrate::__private::serde")]));
    let variants = event
        .variants
        .iter()
        .map(|variant| declared(event, variant));
    let reads = event.stored().map(|variant| {
        let names = decode::names(variant);
        let (index, newest) = decode::numbers(variant);
        quote!((#names, #newest) => ::rehydrate::__private::borrowed(__stored, #index)?,)
    });
    let path_of_enum = ident.to_token_stream();
    let arms = apply::arms(event, &path_of_enum);
    // On the key: it is why there is such an enum.
    let derive = quote_spanned! {span::at(key)=>
        #[derive(::rehydrate::__private::serde::Deserialize)]
    };
    Some(quote! {
        fn replay_to(
            __stored: &::rehydrate::StoredEvent<'_>,
            __aggregate: &mut __A,
        ) -> ::core::result::Result<(), ::rehydrate::DecodeError> {
            #[allow(
                nonstandard_style,
                clippy::all,
                clippy::pedantic,
                reason = "what there is to say of it is said of the enum outside"
            )]
            #derive
            #path
            #serde
            enum #ident<'__text> { #(#variants,)* }

            let __event: #ident<'_> =
                match (__stored.event_type, __stored.schema_version.get()) {
                    #(#reads)*
                    _ => return ::rehydrate::__private::replay::<Self, __A>(__stored, __aggregate),
                };
            match __event { #arms }
            ::core::result::Result::Ok(())
        }
    })
}

fn declared(event: &EventEnum<'_>, variant: &Variant<'_>) -> TokenStream {
    let (ident, serde) = (variant.ident, serde_of(variant.attrs));
    match &variant.content {
        Content::Unit | Content::Unsupported(_) => quote!(#serde #ident),
        Content::Newtype(field) => {
            let field = field_of(event, field);
            quote!(#serde #ident(#field))
        }
        Content::Struct(fields) => {
            let fields = fields.iter().map(|field| field_of(event, field));
            quote!(#serde #ident { #(#fields),* })
        }
    }
}

fn field_of(event: &EventEnum<'_>, field: &Field) -> TokenStream {
    let (ty, serde) = (&field.ty, serde_of(&field.attrs));
    let name = field.ident.as_ref().map(|ident| quote!(#ident:));
    if is_borrowed(event, field) {
        quote!(#serde #[serde(borrow)] #name ::std::borrow::Cow<'__text, str>)
    } else {
        quote!(#serde #name #ty)
    }
}

/// Whether serde can leave the text where it is: no code of the application's makes a `String`.
pub(in super::super) fn is_borrowed(event: &EventEnum<'_>, field: &Field) -> bool {
    let makes_a_string = |it: &SerdeKey| match it.key.to_string().as_str() {
        "deserialize_with" | "skip" | "skip_deserializing" | "with" => true,
        "default" => it.value::<LitStr>().is_some(),
        _ => false,
    };
    event.lends(field) && !keys(&field.attrs).iter().any(makes_a_string)
}

fn serde_of(attrs: &[Attribute]) -> TokenStream {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    quote!(#(#serde)*)
}
