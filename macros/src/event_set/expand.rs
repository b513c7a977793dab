//! What `derive(EventSet)` writes.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

use super::ast::{EventSet, Variant};
use crate::erase::{Erased, erase};
use crate::span;
use crate::text;

/// Expands to
///
/// ```text
/// const _: () = {
///     const __CATEGORY_0: &'static str = __private::category_of::<OrderEvent, _>();
///     const __CATEGORY_1: &'static str = __private::category_of_aggregate::<PaymentEvent, Payment>();
///     const _: () = __private::differ(&[__CATEGORY_0, __CATEGORY_1]);
///     impl EventSet for ShopEvent {
///         type Event = Self;
///         fn categories() -> Vec<&'static str> { Vec::from([__CATEGORY_0, __CATEGORY_1]) }
///         fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<Self>, DecodeError> {
///             match stored.category {
///                 __CATEGORY_0 => __private::decode_as(stored, Self::Order),
///                 __CATEGORY_1 => __private::decode_as(stored, Self::Payment),
///                 _ => __private::outside_of_the_set(stored, "ShopEvent"),
///             }
///         }
///     }
/// };
/// ```
pub(super) fn expand(set: &EventSet<'_>) -> TokenStream {
    let ident = &set.input.ident;
    let name = text::of_ident(ident);
    let parts: Vec<_> = set
        .variants
        .iter()
        .filter_map(|variant| Some((variant, variant.events?)))
        .enumerate()
        .map(|(index, (variant, events))| {
            let constant = format_ident!("__CATEGORY_{index}", span = span::at(ident));
            (constant, variant, events)
        })
        .collect();
    let constants = parts
        .iter()
        .map(|(constant, variant, events)| category(constant, variant, events));
    let categories = parts.iter().map(|(constant, ..)| constant);
    let arms = parts.iter().map(|(constant, variant, events)| {
        let variant = variant.ident;
        let decode = quote_spanned! {span::at_type(events)=>
            ::rehydrate::__private::decode_as(__stored, Self::#variant)
        };
        quote!(#constant => #decode,)
    });
    let all = parts.iter().map(|(constant, ..)| constant);
    // On the enum's name: it is not known here which two are the same.
    let differ = quote_spanned! {span::at(ident)=>
        const _: () = ::rehydrate::__private::differ(&[#(#all),*]);
    };
    quote! {
        const _: () = {
            #(#constants)*
            #differ

            #[automatically_derived]
            impl ::rehydrate::EventSet for #ident {
                type Event = Self;

                fn categories() -> ::std::vec::Vec<&'static str> {
                    ::std::vec::Vec::from([#(#categories),*])
                }

                fn decode(
                    __stored: &::rehydrate::StoredEvent<'_>,
                ) -> ::core::result::Result<::rehydrate::Decoded<Self>, ::rehydrate::DecodeError> {
                    match __stored.category {
                        #(#arms)*
                        _ => ::rehydrate::__private::outside_of_the_set(__stored, #name),
                    }
                }
            }
        };
    }
}

/// On the event enum's name or the aggregate's: that is where the one that does not fit is shown.
fn category(constant: &Ident, variant: &Variant<'_>, events: &Type) -> TokenStream {
    let value = match &variant.aggregate {
        None => quote_spanned! {span::at_type(events)=>
            ::rehydrate::__private::category_of::<#events, _>()
        },
        Some(aggregate) => quote_spanned! {span::at_type(aggregate)=>
            ::rehydrate::__private::category_of_aggregate::<#events, #aggregate>()
        },
    };
    quote!(const #constant: &'static str = #value;)
}

/// Expands to an empty set, so that the users of a faulty one see no more mistakes.
pub(super) fn stub(set: &EventSet<'_>) -> TokenStream {
    let Erased {
        parameters,
        ty,
        bounds,
    } = erase(&set.input.ident, &set.input.generics);
    let name = text::of_ident(&set.input.ident);
    quote! {
        #[automatically_derived]
        impl<#(#parameters),*> ::rehydrate::EventSet for #ty
        where
            #(#bounds,)*
        {
            type Event = Self;

            fn categories() -> ::std::vec::Vec<&'static str> {
                ::std::vec::Vec::new()
            }

            fn decode(
                __stored: &::rehydrate::StoredEvent<'_>,
            ) -> ::core::result::Result<::rehydrate::Decoded<Self>, ::rehydrate::DecodeError> {
                ::rehydrate::__private::outside_of_the_set(__stored, #name)
            }
        }
    }
}
