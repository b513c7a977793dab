//! serde's attributes on a type, its variants and its fields, as far as they shape the JSON.

mod names;

use proc_macro2::Ident;
use syn::{Attribute, LitStr, Type};

use crate::attr::serde::{self, SerdeKey};
use crate::text;

pub(super) use names::Names;
use names::{Cases, Given};

/// The attributes on a type.
#[derive(Default)]
pub(crate) struct Container {
    /// The name in the code, or the one that serde's `rename` gives to a struct with a `tag`.
    pub(super) name: String,
    /// Of the fields of a struct, or of the variants of an enum.
    cases: Cases,
    /// Of the fields of all variants.
    field_cases: Cases,
    pub(super) tag: Option<String>,
    pub(super) content: Option<String>,
    pub(super) is_untagged: bool,
    pub(super) is_transparent: bool,
    pub(super) denies_unknown: bool,
    pub(super) has_default: bool,
    /// The function that makes it.
    default: Option<String>,
    pub(super) conversion: Option<Conversion>,
    /// `field_identifier` or `variant_identifier`.
    pub(super) identifier: Option<String>,
}

/// `from`, `try_from` and `into`.
pub(super) struct Conversion {
    /// The type that is written and read, if it is one.
    pub(super) through: Option<Type>,
    /// The attributes.
    pub(super) text: String,
}

/// The attributes on a variant.
pub(super) struct Variant {
    pub(super) names: Names,
    /// Of its fields.
    cases: Cases,
    pub(super) is_written: bool,
    pub(super) is_read: bool,
    pub(super) is_other: bool,
    pub(super) is_untagged: bool,
    /// The attributes that hand its content to code of its own.
    pub(super) with: Option<String>,
}

/// The attributes on a field.
pub(super) struct Field {
    pub(super) names: Names,
    pub(super) is_written: bool,
    pub(super) is_read: bool,
    pub(super) has_default: bool,
    has_own_default: bool,
    /// The function that makes it, of the field or of the whole.
    pub(super) default: Option<String>,
    /// Whether `skip_serializing_if` may leave it out.
    pub(super) is_left_out: bool,
    pub(super) is_flattened: bool,
    /// The attributes that hand it to code of its own.
    pub(super) with: Option<String>,
}

impl Container {
    pub(crate) fn parse(ident: &Ident, attrs: &[Attribute]) -> Self {
        let mut given = Given::default();
        let mut parsed = Self::default();
        let keys = serde::keys(attrs);
        for found in &keys {
            match found.key.to_string().as_str() {
                "rename" => given.rename(found),
                "rename_all" => parsed.cases = Cases::of(found),
                "rename_all_fields" => parsed.field_cases = Cases::of(found),
                "tag" => parsed.tag = string(found),
                "content" => parsed.content = string(found),
                "untagged" => parsed.is_untagged = true,
                "transparent" => parsed.is_transparent = true,
                "deny_unknown_fields" => parsed.denies_unknown = true,
                "default" => {
                    parsed.has_default = true;
                    parsed.default = string(found);
                }
                "field_identifier" | "variant_identifier" => {
                    parsed.identifier = Some(found.text());
                }
                _ => {}
            }
        }
        parsed.conversion = Conversion::parse(&keys);
        parsed.name = given.names(ident, str::to_owned, str::to_owned).key;
        parsed
    }

    pub(super) fn variant(&self, ident: &Ident, attrs: &[Attribute]) -> Variant {
        let mut given = Given::default();
        let mut with = Vec::new();
        let mut cases = Cases::default();
        let (mut is_written, mut is_read) = (true, true);
        let (mut is_other, mut is_untagged) = (false, false);
        for found in serde::keys(attrs) {
            match found.key.to_string().as_str() {
                "rename" => given.rename(&found),
                "alias" => given.alias(&found),
                "rename_all" => cases = Cases::of(&found),
                "skip" => (is_written, is_read) = (false, false),
                "skip_serializing" => is_written = false,
                "skip_deserializing" => is_read = false,
                "other" => is_other = true,
                "untagged" => is_untagged = true,
                "with" | "serialize_with" | "deserialize_with" => with.push(found.text()),
                _ => {}
            }
        }
        Variant {
            names: given.names(
                ident,
                |name| self.cases.write.of_variant(name),
                |name| self.cases.read.of_variant(name),
            ),
            cases: cases.or(self.field_cases),
            is_written,
            is_read,
            is_other,
            is_untagged,
            with: joined(&with),
        }
    }

    /// A field of a struct.
    pub(super) fn field(&self, field: &syn::Field) -> Field {
        let mut field = Field::parse(field, self.cases, self.has_default);
        if !field.has_own_default {
            field.default = self.default.clone();
        }
        field
    }
}

impl Variant {
    /// A field of the variant.
    pub(super) fn field(&self, field: &syn::Field) -> Field {
        Field::parse(field, self.cases, false)
    }
}

impl Field {
    fn parse(field: &syn::Field, cases: Cases, mut has_default: bool) -> Self {
        let mut given = Given::default();
        let mut with = Vec::new();
        let (mut is_written, mut is_read, mut is_flattened) = (true, true, false);
        let (mut is_left_out, mut has_own_default, mut default) = (false, false, None);
        for found in serde::keys(&field.attrs) {
            match found.key.to_string().as_str() {
                "rename" => given.rename(&found),
                "alias" => given.alias(&found),
                "default" => {
                    (has_default, has_own_default) = (true, true);
                    default = string(&found);
                }
                "flatten" => is_flattened = true,
                "skip" => (is_written, is_read) = (false, false),
                "skip_serializing" => is_written = false,
                "skip_serializing_if" => is_left_out = true,
                "skip_deserializing" => is_read = false,
                "with" | "serialize_with" | "deserialize_with" | "getter" => {
                    with.push(found.text());
                }
                _ => {}
            }
        }
        let names = match &field.ident {
            Some(ident) => given.names(
                ident,
                |name| cases.write.of_field(name),
                |name| cases.read.of_field(name),
            ),
            None => Names::default(),
        };
        Self {
            names,
            is_written,
            is_read,
            has_default: has_default || !is_read,
            has_own_default,
            default,
            is_left_out,
            is_flattened,
            with: joined(&with),
        }
    }

    /// Whether it is part of the JSON at all.
    pub(super) fn is_there(&self) -> bool {
        self.is_written || self.is_read
    }

    /// Whether it is part of what is written, but not of what is read, or the other way round.
    pub(super) fn is_one_way(&self) -> bool {
        self.is_written != self.is_read
    }
}

impl Conversion {
    fn parse(keys: &[SerdeKey]) -> Option<Self> {
        let keys: Vec<_> = keys
            .iter()
            .filter(|found| {
                ["from", "try_from", "into"]
                    .iter()
                    .any(|key| found.key == key)
            })
            .collect();
        let text: Vec<_> = keys.iter().map(|found| found.text()).collect();
        let ty = |found: &&SerdeKey| found.value::<LitStr>()?.parse::<Type>().ok();
        let through = match keys.as_slice() {
            [one, other] => ty(one).filter(|one| {
                let other = ty(other).map(text::of);
                other.is_some_and(|other| other == text::of(one))
            }),
            _ => None,
        };
        joined(&text).map(|text| Self { through, text })
    }
}

fn string(found: &SerdeKey) -> Option<String> {
    found.value::<LitStr>().map(|text| text.value())
}

fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(", "))
}
