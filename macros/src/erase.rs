//! Generic types in stubs: a stub has to name the type that was refused for its generics.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics};

/// A type with its lifetimes `'static` and its other parameters bounded as events need it.
pub(crate) struct Erased {
    pub(crate) parameters: Vec<TokenStream>,
    pub(crate) ty: TokenStream,
    pub(crate) bounds: Vec<TokenStream>,
}

pub(crate) fn erase(ident: &Ident, generics: &Generics) -> Erased {
    let mut parameters = Vec::new();
    let mut arguments = Vec::new();
    let mut bounds = Vec::new();
    for parameter in &generics.params {
        match parameter {
            GenericParam::Lifetime(_) => arguments.push(quote!('static)),
            GenericParam::Type(parameter) => {
                let (ident, declared) = (&parameter.ident, &parameter.bounds);
                parameters.push(quote!(#ident: #declared));
                bounds.push(quote!(#ident: ::core::marker::Send + ::core::marker::Sync + 'static));
                arguments.push(ident.to_token_stream());
            }
            GenericParam::Const(parameter) => {
                let (ident, ty) = (&parameter.ident, &parameter.ty);
                parameters.push(quote!(const #ident: #ty));
                arguments.push(ident.to_token_stream());
            }
        }
    }
    let declared = generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    bounds.extend(declared.map(ToTokens::to_token_stream));
    Erased {
        parameters,
        ty: quote!(#ident<#(#arguments),*>),
        bounds,
    }
}
