//! `Event::SCHEMA`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Field};

use super::super::ast::{Content, EventEnum, Legacy, Past, Variant};
use crate::attr::{Entries, serde};
use crate::text;

pub(super) fn expand(event: &EventEnum<'_>) -> TokenStream {
    let name = text::of_ident(&event.input.ident);
    let types = event.stored().map(|variant| of_variant(event, variant));
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

fn of_variant(event: &EventEnum<'_>, variant: &Variant<'_>) -> TokenStream {
    let (name, aliases) = (&variant.name, &variant.aliases);
    let past = past(variant.history.as_ref());
    let today = match &variant.content {
        Content::Unit | Content::Unsupported(_) => quote!(::rehydrate::schema::Shape::Unit),
        Content::Newtype(field) => of_type(&field.ty),
        Content::Struct(fields) => {
            let inherited = inherited(event, variant);
            let fields = fields.iter().map(|field| of_field(field, &inherited));
            quote!(::rehydrate::schema::Shape::Fields(&[#(#fields),*]))
        }
    };
    quote! {
        ::rehydrate::schema::EventTypeSchema {
            name: #name,
            aliases: &[#(#aliases),*],
            versions: &[#(#past,)* #today],
        }
    }
}

fn of_legacy(legacy: &Legacy) -> TokenStream {
    let name = &legacy.name;
    let past = past(legacy.history.as_ref());
    let newest = of_type(&legacy.ty);
    quote! {
        ::rehydrate::schema::EventTypeSchema {
            name: #name,
            aliases: &[],
            versions: &[#(#past,)* #newest],
        }
    }
}

fn past(history: Option<&Entries<Past>>) -> impl Iterator<Item = TokenStream> {
    let entries = history.into_iter().flat_map(|history| &history.entries);
    entries.map(|past| match past {
        Past::Type(ty) => of_type(ty),
        Past::Unsupported => quote!(::rehydrate::schema::Shape::Unsupported),
    })
}

fn of_type(ty: impl ToTokens) -> TokenStream {
    let ty = text::of(ty);
    quote!(::rehydrate::schema::Shape::Type(#ty))
}

fn of_field(field: &Field, inherited: &[String]) -> TokenStream {
    let name = field.ident.as_ref().map(text::of_ident).unwrap_or_default();
    let ty = text::of(&field.ty);
    let own = serde::text(&field.attrs);
    let own = (!own.is_empty()).then_some(own);
    let serde: Vec<_> = own.into_iter().chain(inherited.iter().cloned()).collect();
    let serde = serde.join(", ");
    quote!(::rehydrate::schema::FieldSchema { name: #name, ty: #ty, serde: #serde })
}

/// serde's attributes of the variant and the enum that change how its fields are stored.
fn inherited(event: &EventEnum<'_>, variant: &Variant<'_>) -> Vec<String> {
    let keys = |attrs: &[Attribute], relevant: &str| -> Vec<String> {
        let keys = serde::keys(attrs).into_iter();
        keys.filter(|found| found.key == relevant)
            .map(|found| found.text())
            .collect()
    };
    let own = keys(variant.attrs, "rename_all");
    if own.is_empty() {
        keys(&event.input.attrs, "rename_all_fields")
    } else {
        own
    }
}
