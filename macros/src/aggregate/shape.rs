//! The text whose hash is a state's fingerprint: what its snapshots look like, and nothing else.

use syn::{Attribute, Data, DeriveInput, Field, Fields};

use crate::attr::serde;
use crate::text;

/// `struct Account{owner:String,cents:u64} version 2`.
pub(super) fn of(input: &DeriveInput, version: u64) -> String {
    let mut shape = attributes(&input.attrs);
    let name = text::of_ident(&input.ident);
    match &input.data {
        Data::Struct(data) => {
            shape += &format!("struct {name}{}", fields(&data.fields));
        }
        Data::Enum(data) => {
            let variants: Vec<_> = data.variants.iter().map(variant).collect();
            shape += &format!("enum {name}{{{}}}", variants.join(","));
        }
        // Refused before.
        Data::Union(_) => {}
    }
    shape + &format!(" version {version}")
}

fn variant(variant: &syn::Variant) -> String {
    let name = text::of_ident(&variant.ident);
    format!(
        "{}{name}{}",
        attributes(&variant.attrs),
        fields(&variant.fields)
    )
}

fn fields(fields: &Fields) -> String {
    let all: Vec<_> = fields.iter().map(field).collect();
    let all = all.join(",");
    match fields {
        Fields::Named(_) => format!("{{{all}}}"),
        Fields::Unnamed(_) => format!("({all})"),
        Fields::Unit => String::new(),
    }
}

fn field(field: &Field) -> String {
    let name = field
        .ident
        .as_ref()
        .map(|ident| text::of_ident(ident) + ":");
    let name = name.unwrap_or_default();
    format!("{}{name}{}", attributes(&field.attrs), text::of(&field.ty))
}

fn attributes(attrs: &[Attribute]) -> String {
    match serde::text(attrs) {
        text if text.is_empty() => text,
        text => format!("#[serde({text})]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(code: &str) -> String {
        of(&syn::parse_str(code).expect("a type"), 2)
    }

    #[test]
    fn every_part_that_serde_writes_is_in_the_shape() {
        assert_eq!(
            shape("struct Account { owner: String, cents: u64 }"),
            "struct Account{owner:String,cents:u64} version 2"
        );
        assert_eq!(
            shape(
                "#[serde(rename_all = \"camelCase\")] enum Door { #[serde(rename = \"o\")] Open, Ajar(u8, Vec<u8>), Shut { #[serde(default)] at: Option<u64> } }"
            ),
            "#[serde(rename_all = \"camelCase\")]enum Door{#[serde(rename = \"o\")]Open,Ajar(u8,Vec<u8>),Shut{#[serde(default)]at:Option<u64>}} version 2"
        );
        assert_eq!(shape("struct Nothing;"), "struct Nothing version 2");
    }

    #[test]
    fn formatting_comments_and_visibility_change_nothing() {
        assert_eq!(
            shape(
                "/// Doc.\npub struct Account { /* why */ pub owner : Option < String > , #[doc = \"x\"] pub(crate) cents: u64, }"
            ),
            shape("struct Account{owner:Option<String>,cents:u64}")
        );
    }
}
