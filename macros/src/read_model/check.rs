//! What `derive(ReadModel)` refuses.

mod names;
mod serde;

use syn::{Data, Fields, GenericParam, Type};

use super::ast::{Column, ReadModel};
use crate::ctxt::Ctxt;

/// The widest key, which is that of the widest tuple with `Ord`, `Hash` and `Debug`.
pub(super) const MAX_KEY_COLUMNS: usize = 12;

/// Reports everything that is wrong with the struct.
pub(super) fn check(ctxt: &Ctxt, model: &ReadModel<'_>) {
    let has_columns = check_kind(ctxt, model);
    check_generics(ctxt, model);
    if has_columns {
        check_has_key(ctxt, model);
    }
    for column in &model.columns {
        check_column(ctxt, column);
    }
    names::check(ctxt, model);
    serde::check(ctxt, model);
}

/// Whether it is a struct with named fields.
fn check_kind(ctxt: &Ctxt, model: &ReadModel<'_>) -> bool {
    let ident = &model.input.ident;
    let needed = "a row is a struct with named fields, one for each column";
    match &model.input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) => return true,
            Fields::Unnamed(fields) => ctxt.error(
                fields,
                format!("{needed}: name the fields, because the columns are named after them"),
            ),
            Fields::Unit => ctxt.error(
                ident,
                format!("{needed}, as in `struct {ident} {{ #[read_model(key)] id: String }}`"),
            ),
        },
        Data::Enum(data) => ctxt.error(
            data.enum_token,
            format!("{needed}, while the variants of an enum have different ones: make `{ident}` a field with `#[read_model(json)]` of a struct"),
        ),
        Data::Union(data) => ctxt.error(
            data.union_token,
            format!("{needed}, while a union has only one of them at a time: make it a struct"),
        ),
    }
    false
}

fn check_generics(ctxt: &Ctxt, model: &ReadModel<'_>) {
    for parameter in &model.input.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => ctxt.error(
                lifetime,
                "a row outlives the answer of the database it was read from, so it cannot borrow: own the data",
            ),
            GenericParam::Type(_) | GenericParam::Const(_) => ctxt.error(
                parameter,
                "a read model cannot be generic, because one table would hold the rows of several types: name the types in the fields",
            ),
        }
    }
}

fn check_has_key(ctxt: &Ctxt, model: &ReadModel<'_>) {
    let ident = &model.input.ident;
    if !model.has_key {
        ctxt.error(
            ident,
            format!("`{ident}` has no key: write `#[read_model(key)]` on the field that tells its rows apart, or on several that do so together"),
        );
    }
    if let Some(key) = model.key().get(MAX_KEY_COLUMNS) {
        ctxt.error(
            &key.key,
            format!("a key has at most {MAX_KEY_COLUMNS} fields: remove `key` from those that the others determine"),
        );
    }
}

fn check_column(ctxt: &Ctxt, column: &Column<'_>) {
    if let (Some(_), Some(index)) = (&column.key, &column.index) {
        ctxt.error(
            index,
            "a key is found without an index of its own: remove `index`",
        );
    }
    if let (Some(json), Some(_)) = (&column.json, &column.key) {
        ctxt.error(
            json,
            "JSON does not tell rows apart, because the same value can be written in several ways: remove `json`, or make another field the key",
        );
    } else if let (Some(json), Some(_)) = (&column.json, &column.index) {
        ctxt.error(
            json,
            "an index does not look into JSON: remove `index`, or put what is searched by into a field of its own",
        );
    }
    if column.key.is_none() {
        return;
    }
    if is_named(column.ty, &["Option"]) {
        ctxt.error(
            column.ty,
            "a key is never empty, so it cannot be an `Option`: use the type inside, with a value of it for what is not known",
        );
    } else if is_named(column.ty, &["f32", "f64"]) {
        ctxt.error(
            column.ty,
            "a floating-point number does not tell rows apart, because it is rounded: use an integer or text",
        );
    }
}

/// Whether the field can be a part of a key, as far as a macro can see.
pub(super) fn is_fit_for_a_key(column: &Column<'_>) -> bool {
    column.json.is_none() && !is_named(column.ty, &["Option", "f32", "f64"])
}

/// Whether the type's last name is one of these: all that a macro can see of it.
fn is_named(ty: &Type, names: &[&str]) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| names.iter().any(|name| last.ident == name)),
        Type::Group(group) => is_named(&group.elem, names),
        Type::Paren(paren) => is_named(&paren.elem, names),
        _ => false,
    }
}
