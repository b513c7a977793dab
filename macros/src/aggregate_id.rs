//! `derive(AggregateId)`.

mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    match check::inner(&ctxt, input) {
        Some(inner) if ctxt.is_clean() => expand::expand(input, inner),
        _ => {
            let mut tokens = ctxt.into_compile_errors();
            tokens.extend(expand::stub(input));
            tokens
        }
    }
}
