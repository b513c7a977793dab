//! `ApplyTo::replay_to` for an enum that lends its texts.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
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
///     enum Lent<'a> { Opened { #[serde(borrow)] owner: Cow<'a, str> }, … }
///     let lent = match (stored.event_type, stored.schema_version.get()) {
///         ("opened", 1) => __private::lent::<Lent<'_>>(stored, 0),
///         …
///         _ => None,
///     };
///     let Some(lent) = lent else { return __private::replay::<Self, A>(stored, aggregate) };
///     match lent { Lent::Opened { owner } => ApplyXEvent::opened(aggregate, &owner), … }
///     Ok(())
/// }
/// ```
///
/// What cannot be read so is read again as any other event is, which says what is wrong with it.
pub(super) fn expand(event: &EventEnum<'_>) -> Option<TokenStream> {
    let key = event.borrow.as_ref()?;
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
        quote!((#names, #newest) => ::rehydrate::__private::lent::<__Lent<'_>>(__stored, #index),)
    });
    let arms = apply::arms(event, &quote!(__Lent));
    let texts = texts(event);
    // On the key: it is why there is such an enum.
    let derive = quote_spanned! {span::at(key)=>
        #[derive(::rehydrate::__private::serde::Deserialize)]
    };
    Some(quote! {
        #[inline]
        fn replay_to(
            __stored: &::rehydrate::StoredEvent<'_>,
            __aggregate: &mut __A,
        ) -> ::core::result::Result<(), ::rehydrate::DecodeError> {
            #texts

            #[allow(
                nonstandard_style,
                clippy::all,
                clippy::pedantic,
                reason = "what there is to say of it is said of the enum outside"
            )]
            #derive
            #path
            #serde
            enum __Lent<'__text> { #(#variants,)* }

            let __lent = match (__stored.event_type, __stored.schema_version.get()) {
                #(#reads)*
                _ => ::core::option::Option::None,
            };
            let ::core::option::Option::Some(__lent) = __lent else {
                return ::rehydrate::__private::replay::<Self, __A>(__stored, __aggregate);
            };
            match __lent { #arms }
            ::core::result::Result::Ok(())
        }
    })
}

/// Refuses, where it stands, a type that is called `String` and is another one.
fn texts(event: &EventEnum<'_>) -> TokenStream {
    let fields = event
        .variants
        .iter()
        .flat_map(|variant| &variant.code.fields)
        .filter(|field| event.lends(field));
    fields
        .map(|Field { ty, .. }| {
            quote_spanned! {span::at_type(ty)=>
                const _: fn(#ty) -> ::std::string::String = |text| text;
            }
        })
        .collect()
}

fn declared(event: &EventEnum<'_>, variant: &Variant<'_>) -> TokenStream {
    let (ident, serde) = (variant.ident, serde_of(variant.attrs));
    match &variant.content {
        Content::Unit | Content::Unsupported(_) => quote!(#serde #ident),
        Content::Newtype(field) => {
            let field = field_of(event, variant, field);
            quote!(#serde #ident(#field))
        }
        Content::Struct(fields) => {
            let fields = fields.iter().map(|field| field_of(event, variant, field));
            quote!(#serde #ident { #(#fields),* })
        }
    }
}

fn field_of(event: &EventEnum<'_>, variant: &Variant<'_>, field: &Field) -> TokenStream {
    let (ty, serde) = (&field.ty, serde_of(&field.attrs));
    let name = field.ident.as_ref().map(|ident| quote!(#ident:));
    if is_borrowed(event, variant, field) {
        quote!(#serde #[serde(borrow)] #name ::std::borrow::Cow<'__text, str>)
    } else {
        quote!(#serde #name #ty)
    }
}

/// Whether serde can leave the text where it is: no code of the application's makes a `String`.
pub(in super::super) fn is_borrowed(
    event: &EventEnum<'_>,
    variant: &Variant<'_>,
    field: &Field,
) -> bool {
    let makes_a_string = |it: &SerdeKey| match it.key.to_string().as_str() {
        "deserialize_with" | "skip" | "skip_deserializing" | "with" => true,
        "default" => it.value::<LitStr>().is_some(),
        _ => false,
    };
    let attrs = [variant.attrs, &field.attrs];
    event.lends(field)
        && !attrs
            .into_iter()
            .flat_map(keys)
            .any(|it| makes_a_string(&it))
}

fn serde_of(attrs: &[Attribute]) -> TokenStream {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    quote!(#(#serde)*)
}
