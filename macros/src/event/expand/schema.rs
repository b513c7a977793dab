//! `Event::SCHEMA`.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::ast::{EventEnum, Legacy, Past, Variant};
use crate::attr::Entries;
use crate::describe::{self, Container};
use crate::text;

pub(super) fn expand(event: &EventEnum<'_>) -> TokenStream {
    let name = text::of_ident(&event.input.ident);
    let container = Container::parse(&event.input.ident, &event.input.attrs);
    let types = event
        .stored()
        .map(|variant| of_variant(&container, variant));
    let retired = &event.retired;
    let legacy = event.legacy.iter().map(of_legacy);
    let other = match event.other() {
        Some(Variant { name, .. }) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        ::rehydrate::schema::EventSchema {
            name: #name,
            types: &[#(#types),*],
            retired: &[#(#retired),*],
            legacy: &[#(#legacy),*],
            other: #other,
        }
    }
}

fn of_variant(container: &Container, variant: &Variant<'_>) -> TokenStream {
    let (name, aliases) = (&variant.name, &variant.aliases);
    let code = text::of_ident(variant.ident);
    let past = past(variant.history.as_ref());
    let today = describe::content(container, variant.code);
    quote! {
        ::rehydrate::schema::EventTypeSchema {
            name: #name,
            code: #code,
            aliases: &[#(#aliases),*],
            versions: &[#(#past,)* #today],
        }
    }
}

fn of_legacy(legacy: &Legacy) -> TokenStream {
    let name = &legacy.name;
    let code = text::of(&legacy.ty);
    let past = past(legacy.history.as_ref());
    let newest = describe::of_type(&legacy.ty);
    quote! {
        ::rehydrate::schema::EventTypeSchema {
            name: #name,
            code: #code,
            aliases: &[],
            versions: &[#(#past,)* #newest],
        }
    }
}

fn past(history: Option<&Entries<Past>>) -> impl Iterator<Item = TokenStream> {
    let entries = history.into_iter().flat_map(|history| &history.entries);
    entries.map(|past| match past {
        Past::Type(ty) => describe::of_type(ty),
        Past::Unsupported => quote!(::rehydrate::schema::Shape::Unsupported),
    })
}
