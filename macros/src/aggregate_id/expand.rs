//! What `derive(AggregateId)` writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Type};

use crate::erase::{Erased, erase};
use crate::span;
use crate::text;

/// Expands to `AggregateId`, `Display`, `FromStr`, serde's traits, `From`, `ColumnType` and `Describe`, all by
/// the type inside; and to `new()` for a `Uuid`.
pub(super) fn expand(input: &DeriveInput, inner: &Type) -> TokenStream {
    let ident = &input.ident;
    let text = text_traits(input, inner);
    let serde = serde_traits(input, inner);
    let new = is_uuid(inner).then(|| new(input));
    quote! {
        #[automatically_derived]
        impl ::rehydrate::AggregateId for #ident {
            fn parse(__text: &str) -> ::core::result::Result<Self, ::rehydrate::InvalidId> {
                __text.parse()
            }
        }

        #text
        #serde
        #new

        // A column of a read model, wherever the type inside is one; the lifetime puts the question
        // off until somebody asks it.
        #[automatically_derived]
        impl ::rehydrate::ColumnType for #ident
        where
            for<'__always> #inner: ::rehydrate::ColumnType,
        {
            const KIND: ::rehydrate::ColumnKind = <#inner as ::rehydrate::ColumnType>::KIND;
            const IS_NULLABLE: bool = <#inner as ::rehydrate::ColumnType>::IS_NULLABLE;
        }

        #[automatically_derived]
        impl ::rehydrate::schema::Describe for #ident
        where
            for<'__always> #inner: ::rehydrate::schema::Describe,
        {
            const TYPE: ::rehydrate::schema::TypeSchema =
                <#inner as ::rehydrate::schema::Describe>::TYPE;
        }

        #[automatically_derived]
        impl ::core::convert::From<#inner> for #ident {
            fn from(__inner: #inner) -> Self {
                Self(__inner)
            }
        }
    }
}

fn text_traits(input: &DeriveInput, inner: &Type) -> TokenStream {
    let ident = &input.ident;
    let name = text::of_ident(ident);
    // On the type inside: it is the one that may lack a trait.
    let display =
        quote_spanned!(span::at_type(inner)=> <#inner as ::core::fmt::Display>::fmt(&self.0, __f));
    let parse = quote_spanned! {span::at_type(inner)=>
        match __text.parse::<#inner>() {
            ::core::result::Result::Ok(__inner) => ::core::result::Result::Ok(Self(__inner)),
            ::core::result::Result::Err(__error) => {
                ::core::result::Result::Err(::rehydrate::InvalidId::new(#name, __error))
            }
        }
    };
    quote! {
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #display
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = ::rehydrate::InvalidId;

            fn from_str(__text: &str) -> ::core::result::Result<Self, Self::Err> {
                #parse
            }
        }
    }
}

fn serde_traits(input: &DeriveInput, inner: &Type) -> TokenStream {
    let ident = &input.ident;
    let serde = quote!(::rehydrate::__private::serde);
    let serialize = quote_spanned! {span::at_type(inner)=>
        <#inner as #serde::Serialize>::serialize(&self.0, __serializer)
    };
    let deserialize = quote_spanned! {span::at_type(inner)=>
        <#inner as #serde::Deserialize<'__de>>::deserialize(__deserializer)
    };
    quote! {
        #[automatically_derived]
        impl #serde::Serialize for #ident {
            fn serialize<__S: #serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #serialize
            }
        }

        #[automatically_derived]
        impl<'__de> #serde::Deserialize<'__de> for #ident {
            fn deserialize<__D: #serde::Deserializer<'__de>>(
                __deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                ::core::result::Result::map(#deserialize, Self)
            }
        }
    }
}

fn new(input: &DeriveInput) -> TokenStream {
    let (ident, vis) = (&input.ident, &input.vis);
    quote! {
        impl #ident {
            /// A fresh id: a version 7 UUID, so that ids sort by the time they were made.
            #[allow(
                dead_code,
                clippy::new_without_default,
                reason = "a default id would be another one each time"
            )]
            #[must_use]
            #vis fn new() -> Self {
                Self(::rehydrate::__private::Uuid::now_v7())
            }
        }
    }
}

fn is_uuid(ty: &Type) -> bool {
    match ty {
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Uuid"),
        Type::Group(group) => is_uuid(&group.elem),
        _ => false,
    }
}

/// Expands to an id that is none, so that the users of a faulty one see no more mistakes.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    let Erased {
        parameters,
        ty,
        bounds,
    } = erase(&input.ident, &input.generics);
    let parameters = quote!(#(#parameters),*);
    let bounds = quote!(where #(#bounds,)*);
    let serde = quote!(::rehydrate::__private::serde);
    let name = text::of_ident(&input.ident);
    quote! {
        #[automatically_derived]
        impl<#parameters> ::rehydrate::AggregateId for #ty #bounds {
            fn parse(__text: &str) -> ::core::result::Result<Self, ::rehydrate::InvalidId> {
                __text.parse()
            }
        }

        #[automatically_derived]
        impl<#parameters> ::core::fmt::Display for #ty #bounds {
            fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::result::Result::Ok(())
            }
        }

        #[automatically_derived]
        impl<#parameters> ::core::str::FromStr for #ty #bounds {
            type Err = ::rehydrate::InvalidId;

            fn from_str(_: &str) -> ::core::result::Result<Self, Self::Err> {
                ::core::result::Result::Err(::rehydrate::InvalidId::new(#name, #name))
            }
        }

        #[automatically_derived]
        impl<#parameters> #serde::Serialize for #ty #bounds {
            fn serialize<__S: #serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                __serializer.serialize_unit()
            }
        }

        #[automatically_derived]
        impl<'__de, #parameters> #serde::Deserialize<'__de> for #ty #bounds {
            fn deserialize<__D: #serde::Deserializer<'__de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                ::core::result::Result::Err(#serde::de::Error::custom(#name))
            }
        }
    }
}
