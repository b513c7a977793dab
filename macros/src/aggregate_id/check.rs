//! What `derive(AggregateId)` refuses.

use syn::{Data, DeriveInput, Fields, Type};

use crate::ctxt::Ctxt;

/// The type inside the newtype; `None` if the type is none.
pub(super) fn inner<'a>(ctxt: &Ctxt, input: &'a DeriveInput) -> Option<&'a Type> {
    if !input.generics.params.is_empty() {
        ctxt.error(
            &input.generics,
            "an id cannot be generic: name the type inside",
        );
    }
    let ident = &input.ident;
    let example = format!("an id is a newtype, as in `struct {ident}(Uuid);`");
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            ctxt.error(data.enum_token, example);
            return None;
        }
        Data::Union(data) => {
            ctxt.error(data.union_token, example);
            return None;
        }
    };
    match &data.fields {
        Fields::Unnamed(fields) => match fields.unnamed.first() {
            Some(field) if fields.unnamed.len() == 1 => return Some(&field.ty),
            Some(_) => ctxt.error(
                fields,
                format!("{example}, so it has one field: an id of several parts can be one `String`, or implement `AggregateId` by hand"),
            ),
            None => ctxt.error(fields, example),
        },
        Fields::Named(fields) => ctxt.error(fields, format!("{example}: remove the braces and the names")),
        Fields::Unit => ctxt.error(ident, example),
    }
    None
}
