//! serde's attributes that contradict how a row is stored: one field a column, under its JSON name.

use syn::Attribute;

use super::super::ast::{Column, ReadModel};
use super::is_named;
use crate::attr::serde::keys;
use crate::ctxt::Ctxt;

const ON_STRUCT: &[(&str, &str)] = &[
    ("tag", SHAPE),
    ("content", SHAPE),
    ("untagged", SHAPE),
    ("transparent", SHAPE),
    ("from", WHOLE),
    ("try_from", WHOLE),
    ("into", WHOLE),
    (
        "remote",
        "`remote` implements serde for another type, while the row needs it for itself: remove it",
    ),
];

const SHAPE: &str = "the JSON of a row is an object with one entry for each column, so there is nothing else to shape: remove it";
const WHOLE: &str = "each field is a column, so the row cannot be converted as a whole: give it the fields that are stored";

const ON_FIELD: &[(&str, &str)] = &[
    (
        "flatten",
        "a flattened field is many columns, whose names a macro cannot see: write its fields here, or remove `flatten` and write `#[read_model(json)]`",
    ),
    ("skip", SKIP),
    ("skip_serializing", SKIP),
    ("skip_deserializing", SKIP),
    (
        "getter",
        "`getter` belongs to serde's `remote`, while the row needs serde for itself: remove it",
    ),
];

const SKIP: &str = "every field of a row is written and read, or it would be lost: remove the attribute, or keep the field out of the struct";

const WITH: &[&str] = &["with", "serialize_with", "deserialize_with"];

pub(super) fn check(ctxt: &Ctxt, model: &ReadModel<'_>) {
    refuse(ctxt, &model.input.attrs, ON_STRUCT);
    check_rename(ctxt, &model.input.attrs, "rename_all");
    for column in &model.columns {
        refuse(ctxt, column.attrs, ON_FIELD);
        check_rename(ctxt, column.attrs, "rename");
        check_values(ctxt, column);
    }
}

fn refuse(ctxt: &Ctxt, attrs: &[Attribute], refused: &[(&str, &str)]) {
    for found in keys(attrs) {
        if let Some((_, why)) = refused.iter().find(|(key, _)| found.key == key) {
            ctxt.error(&found.key, why);
        }
    }
}

fn check_rename(ctxt: &Ctxt, attrs: &[Attribute], key: &str) {
    for found in keys(attrs) {
        if found.key == key && found.rename().is_some_and(|rename| rename.same().is_none()) {
            ctxt.error(
                &found.key,
                format!("a row is read under the names it was written with: give one name for both, as in `{key} = \"…\"`"),
            );
        }
    }
}

/// Attributes that make the value another one than the field's type says.
fn check_values(ctxt: &Ctxt, column: &Column<'_>) {
    for found in keys(column.attrs) {
        let key = found.key.to_string();
        if WITH.contains(&key.as_str()) && column.json.is_none() {
            let fix = match &column.key {
                Some(_) => "use a newtype with serde's traits and `ColumnType`",
                None => {
                    "write `#[read_model(json)]` too, or use a newtype with serde's traits and `ColumnType`"
                }
            };
            ctxt.error(
                &found.key,
                format!("what `{key}` makes of the value is not what the field's type says, so the kind of the column is not known: {fix}"),
            );
        }
        if key == "skip_serializing_if" && !is_named(column.ty, &["Option"]) {
            ctxt.error(
                &found.key,
                "a value that is left out is stored as nothing, and only an `Option` can be read from that: remove the attribute, or make the field an `Option`",
            );
        }
    }
}
