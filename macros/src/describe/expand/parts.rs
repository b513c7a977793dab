//! The descriptions of structs, variants and fields.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{DataEnum, Fields, Type};

use super::super::ast::{Container, Field, Names, Variant};
use super::ty::{self, Types};
use crate::text;

/// What a type is made of.
pub(super) struct Parts<'a> {
    pub(super) container: &'a Container,
    pub(super) types: &'a Types<'a>,
}

/// A field, and what serde's attributes say about it.
type Read<'a> = (&'a syn::Field, Field);

impl Parts<'_> {
    pub(super) fn of_struct(&self, ident: &Ident, fields: &Fields) -> TokenStream {
        let read: Vec<_> = fields
            .iter()
            .map(|field| (field, self.container.field(field)))
            .collect();
        if self.container.is_transparent {
            return self.transparent(&read);
        }
        match fields {
            Fields::Unit => quote!(::rehydrate::schema::TypeSchema::Value("null")),
            // serde writes the one field even where it is told to skip it.
            Fields::Unnamed(_) if let [field] = read.as_slice() => {
                let inside = self.value(field);
                quote!(::rehydrate::__private::newtype(#inside))
            }
            Fields::Unnamed(_) => self.tuple(fields, &read),
            Fields::Named(_) => {
                let name = text::of_ident(ident);
                let fields = self.fields(&read);
                let note = self.note_of_struct();
                quote! {
                    ::rehydrate::schema::TypeSchema::Struct {
                        name: #name,
                        fields: const { &[#(#fields),*] },
                        note: #note,
                    }
                }
            }
        }
    }

    pub(super) fn of_enum(&self, ident: &Ident, data: &DataEnum) -> TokenStream {
        let name = text::of_ident(ident);
        let tagging = self.tagging();
        let variants = data.variants.iter().filter_map(|variant| {
            let attrs = self.container.variant(&variant.ident, &variant.attrs);
            (attrs.is_written || attrs.is_read).then(|| self.variant(&attrs, &variant.fields))
        });
        quote! {
            ::rehydrate::schema::TypeSchema::Enum {
                name: #name,
                tagging: #tagging,
                variants: const { &[#(#variants),*] },
            }
        }
    }

    fn tagging(&self) -> TokenStream {
        let tagging = quote!(::rehydrate::schema::Tagging);
        match (&self.container.tag, &self.container.content) {
            (Some(tag), Some(content)) => {
                quote!(#tagging::Adjacent { tag: #tag, content: #content })
            }
            (Some(tag), None) => quote!(#tagging::Internal { tag: #tag }),
            (None, _) if self.container.is_untagged => quote!(#tagging::Untagged),
            (None, _) => quote!(#tagging::External),
        }
    }

    fn variant(&self, attrs: &Variant, fields: &Fields) -> TokenStream {
        let Names {
            code, key, aliases, ..
        } = &attrs.names;
        let content = self.content(attrs, fields);
        let mut notes = one_way(attrs.is_written, attrs.is_read, &attrs.names);
        if attrs.is_other {
            notes.push("other".to_owned());
        }
        if attrs.is_untagged {
            notes.push("untagged".to_owned());
        }
        let note = notes.join(", ");
        quote! {
            ::rehydrate::schema::VariantSchema {
                name: #code,
                key: #key,
                aliases: &[#(#aliases),*],
                content: #content,
                note: #note,
            }
        }
    }

    /// Expands to the `Shape` of a variant's content.
    pub(super) fn content(&self, attrs: &Variant, fields: &Fields) -> TokenStream {
        let shape = quote!(::rehydrate::schema::Shape);
        let read: Vec<_> = fields
            .iter()
            .map(|field| (field, attrs.field(field)))
            .collect();
        let (name, inside) = match (fields, read.as_slice()) {
            _ if let Some(with) = &attrs.with => (tuple_text(fields), ty::opaque(with)),
            (Fields::Unit, _) => return quote!(#shape::Unit),
            (Fields::Named(_), _) => {
                let fields = self.fields(&read);
                let note = self.note_of_fields();
                return quote! {
                    #shape::Fields { fields: const { &[#(#fields),*] }, note: #note }
                };
            }
            (Fields::Unnamed(_), [(_, field)]) if !field.is_there() => return quote!(#shape::Unit),
            (Fields::Unnamed(_), [field]) if !field.1.is_one_way() => {
                (text::of(&field.0.ty), self.value(field))
            }
            (Fields::Unnamed(_), _) => (tuple_text(fields), self.tuple(fields, &read)),
        };
        quote!(#shape::Type { name: #name, shape: #inside })
    }

    fn fields(&self, read: &[Read<'_>]) -> Vec<TokenStream> {
        let there = read.iter().filter(|(_, field)| field.is_there());
        there.map(|field| self.field(field)).collect()
    }

    fn field(&self, read: &Read<'_>) -> TokenStream {
        let (code, field) = read;
        let Names {
            code: name,
            key,
            aliases,
            ..
        } = &field.names;
        let ty = text::of(&code.ty);
        let shape = self.value(read);
        let (has_default, is_flattened) = (field.has_default, field.is_flattened);
        let mut notes = one_way(field.is_written, field.is_read, &field.names);
        if field.is_left_out && !field.has_default && !ty::is_option(&code.ty) {
            notes.push("skip_serializing_if".to_owned());
        }
        // Another function may make another value of what was not stored.
        notes.extend(
            field
                .default
                .iter()
                .map(|path| format!("default = {path:?}")),
        );
        let note = notes.join(", ");
        quote! {
            ::rehydrate::schema::FieldSchema {
                name: #name,
                key: #key,
                aliases: &[#(#aliases),*],
                ty: #ty,
                shape: #shape,
                has_default: #has_default,
                is_flattened: #is_flattened,
                note: #note,
            }
        }
    }

    fn value(&self, (code, field): &Read<'_>) -> TokenStream {
        match &field.with {
            Some(with) => ty::opaque(with),
            None => self.types.shape(&code.ty),
        }
    }

    /// An array of the fields; where writing and reading do not agree on them, their text.
    fn tuple(&self, fields: &Fields, read: &[Read<'_>]) -> TokenStream {
        if read.iter().any(|(_, field)| field.is_one_way()) {
            return ty::opaque(&text::of(fields));
        }
        let there = read.iter().filter(|(_, field)| field.is_there());
        let parts = there.map(|field| self.value(field));
        quote!(::rehydrate::schema::TypeSchema::Tuple(const { &[#(#parts),*] }))
    }

    /// The field that serde takes for the whole struct.
    fn transparent(&self, read: &[Read<'_>]) -> TokenStream {
        let is_whole = |(code, field): &&Read<'_>| {
            field.is_written && field.is_read && !field.has_default && !is_phantom(&code.ty)
        };
        let is_written = |(code, field): &&Read<'_>| field.is_written && !is_phantom(&code.ty);
        let found = read.iter().find(is_whole);
        match found.or_else(|| read.iter().find(is_written)) {
            Some(field) => self.value(field),
            None => ty::opaque("transparent"),
        }
    }

    fn note_of_struct(&self) -> String {
        let Container { name, tag, .. } = self.container;
        let tag = tag.as_ref().map(|tag| format!("tag = {tag:?} of {name:?}"));
        let denies = self.note_of_fields();
        let denies = (!denies.is_empty()).then(|| denies.to_owned());
        let notes: Vec<_> = tag.into_iter().chain(denies).collect();
        notes.join(", ")
    }

    fn note_of_fields(&self) -> &'static str {
        if self.container.denies_unknown {
            "deny_unknown_fields"
        } else {
            ""
        }
    }
}

/// What is different for writing and reading.
fn one_way(is_written: bool, is_read: bool, names: &Names) -> Vec<String> {
    let mut notes = Vec::new();
    if !is_written {
        notes.push("not written".to_owned());
    }
    if !is_read {
        notes.push("not read".to_owned());
    }
    if let Some(read_as) = &names.read_as {
        notes.push(format!("read as {read_as:?}"));
    }
    notes
}

/// `(A, B)`, without attributes and visibilities.
fn tuple_text(fields: &Fields) -> String {
    let types: Vec<_> = fields.iter().map(|field| text::of(&field.ty)).collect();
    match types.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", types.join(", ")),
    }
}

fn is_phantom(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "PhantomData"),
        Type::Group(group) => is_phantom(&group.elem),
        _ => false,
    }
}
