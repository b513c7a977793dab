//! `derive(Describe)`, and the descriptions of types for the other derives.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

pub(crate) use ast::Container;
pub(crate) use expand::{content, of_type, state};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    check::check(&ctxt, input);
    if ctxt.is_clean() {
        expand::expand(input)
    } else {
        let mut tokens = ctxt.into_compile_errors();
        tokens.extend(expand::stub(input));
        tokens
    }
}
