//! `derive(EventSet)`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let set = ast::EventSet::parse(&ctxt, input);
    check::check(&ctxt, &set);
    if ctxt.is_clean() {
        expand::expand(&set)
    } else {
        let mut tokens = ctxt.into_compile_errors();
        tokens.extend(expand::stub(&set));
        tokens
    }
}
