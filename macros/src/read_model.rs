//! `derive(ReadModel)`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let model = ast::ReadModel::parse(&ctxt, input);
    check::check(&ctxt, &model);
    if ctxt.is_clean() {
        expand::expand(&model)
    } else {
        let mut tokens = ctxt.into_compile_errors();
        if model.can_be_stored() {
            tokens.extend(expand::stub(&model));
        }
        tokens
    }
}
