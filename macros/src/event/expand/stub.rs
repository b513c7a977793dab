//! What stands in for a faulty enum, so that its users see no further mistakes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::super::ast::EventEnum;
use super::apply;
use crate::erase::{Erased, erase};

/// Expands to the trait `ApplyXEvent` and to an `Event` that knows no type.
pub(in super::super) fn stub(event: &EventEnum<'_>) -> TokenStream {
    let name = event.input.ident.to_string();
    let Erased {
        parameters,
        ty,
        bounds,
    } = erase(&event.input.ident, &event.input.generics);
    let is_generic = !parameters.is_empty();
    let apply = (!is_generic).then(|| static_lifetimes(apply::declaration(event), event));
    quote! {
        #apply

        #[automatically_derived]
        impl<__A, #(#parameters),*> ::rehydrate::ApplyTo<__A> for #ty
        where
            #(#bounds,)*
        {
            fn apply_to(self, _: &mut __A) {}
        }

        #[automatically_derived]
        impl<#(#parameters),*> ::rehydrate::Event for #ty
        where
            #(#bounds,)*
        {
            const SCHEMA: ::rehydrate::schema::EventSchema = ::rehydrate::schema::EventSchema {
                name: #name,
                types: &[],
                retired: &[],
                legacy: &[],
                other: ::core::option::Option::None,
            };

            fn event_type(&self) -> &'static str {
                #name
            }

            fn schema_version(&self) -> ::rehydrate::SchemaVersion {
                ::rehydrate::SchemaVersion::FIRST
            }

            fn encode(
                &self,
            ) -> ::core::result::Result<::std::string::String, ::rehydrate::EncodeError> {
                ::rehydrate::__private::encode_other(self)
            }

            fn decode(
                __stored: &::rehydrate::StoredEvent<'_>,
            ) -> ::core::result::Result<::rehydrate::Decoded<Self>, ::rehydrate::DecodeError> {
                ::rehydrate::__private::unknown_type(__stored)
            }
        }
    }
}

fn static_lifetimes(tokens: TokenStream, event: &EventEnum<'_>) -> TokenStream {
    if event.input.generics.params.is_empty() {
        return tokens;
    }
    let mut after_quote = false;
    let replace = |token| match token {
        TokenTree::Ident(ident) if after_quote => {
            after_quote = false;
            TokenTree::Ident(Ident::new("static", ident.span()))
        }
        TokenTree::Group(group) => {
            after_quote = false;
            let content = static_lifetimes(group.stream(), event);
            let mut replaced = proc_macro2::Group::new(group.delimiter(), content);
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        token => {
            after_quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
            token
        }
    };
    tokens.into_iter().map(replace).collect()
}
