//! What `derive(Describe)` refuses.

use syn::{Data, DeriveInput};

use crate::attr::serde;
use crate::ctxt::Ctxt;

/// Reports everything that is wrong with the type.
pub(super) fn check(ctxt: &Ctxt, input: &DeriveInput) {
    if let Data::Union(data) = &input.data {
        ctxt.error(
            data.union_token,
            "serde cannot write a union, so there is no JSON to describe: make it a struct or an enum",
        );
    }
    for found in serde::keys(&input.attrs) {
        if found.key == "remote" {
            ctxt.error(
                &found.key,
                "`remote` gives a form to another type, and this one has none of its own to describe: remove `Describe`; a field `with` this type is told by the attribute",
            );
        }
    }
}
