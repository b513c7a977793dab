//! `derive(Aggregate)`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::ctxt::Ctxt;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let aggregate = ast::Aggregate::parse(&ctxt, input);
    check::check(&ctxt, &aggregate);
    if let ast::Aggregate {
        id: Some(id),
        event: Some(event),
        ..
    } = &aggregate
        && ctxt.is_clean()
    {
        expand::expand(&aggregate, id, event)
    } else {
        let mut tokens = ctxt.into_compile_errors();
        tokens.extend(expand::stub(&aggregate));
        tokens
    }
}
