//! What `derive(Describe)` writes, and the descriptions in what other derives write.

mod parts;
mod ty;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, GenericParam, Type};

use super::ast::Container;
use crate::text;
use parts::Parts;
use ty::Types;

/// Expands to
///
/// ```text
/// impl<T> Describe for Money<T> where T: Describe {
///     const TYPE: TypeSchema = TypeSchema::Struct { name: "Money", fields: &[…], note: "" };
/// }
/// ```
pub(super) fn expand(input: &DeriveInput) -> TokenStream {
    let shape = state(input);
    implement(input, &shape)
}

/// Expands to a description that says nothing, so that the users of a faulty type see no more
/// mistakes.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    let shape = ty::opaque(&text::of_ident(&input.ident));
    implement(input, &shape)
}

fn implement(input: &DeriveInput, shape: &TokenStream) -> TokenStream {
    let ident = &input.ident;
    let (parameters, arguments, declared) = input.generics.split_for_impl();
    let declared = declared.iter().flat_map(|clause| &clause.predicates);
    let bounds = bounds(input);
    quote! {
        #[automatically_derived]
        #[allow(deprecated, reason = "who uses the type is told, not who describes it")]
        impl #parameters ::rehydrate::schema::Describe for #ident #arguments
        where
            #(#declared,)*
            #(#bounds: ::rehydrate::schema::Describe,)*
        {
            const TYPE: ::rehydrate::schema::TypeSchema = #shape;
        }
    }
}

/// The type parameters, and the associated types of theirs that fields have.
fn bounds(input: &DeriveInput) -> Vec<TokenStream> {
    let parameters: Vec<_> = input
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) | GenericParam::Const(_) => None,
        })
        .collect();
    let fields: Vec<_> = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|each| &each.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let associated = fields.iter().filter_map(|field| match &field.ty {
        Type::Path(ty) if ty.qself.is_none() && ty.path.segments.len() > 1 => {
            let first = ty.path.segments.first()?;
            parameters
                .contains(&&first.ident)
                .then(|| ty.to_token_stream())
        }
        _ => None,
    });
    let own = parameters.iter().map(ToTokens::to_token_stream);
    own.chain(associated).collect()
}

/// Expands to the description of a type that is being derived for.
pub(crate) fn state(input: &DeriveInput) -> TokenStream {
    let container = Container::parse(&input.ident, &input.attrs);
    let types = Types::within(&input.ident, &input.generics);
    let parts = Parts {
        container: &container,
        types: &types,
    };
    let shape = if let Some(conversion) = &container.conversion {
        match &conversion.through {
            Some(through) => types.shape(through),
            None => ty::opaque(&conversion.text),
        }
    } else if let Some(identifier) = &container.identifier {
        ty::opaque(identifier)
    } else {
        match &input.data {
            Data::Struct(data) => parts.of_struct(&input.ident, &data.fields),
            Data::Enum(data) => parts.of_enum(&input.ident, data),
            // Refused before.
            Data::Union(_) => ty::opaque(&text::of_ident(&input.ident)),
        }
    };
    asked(&shape)
}

/// Expands to the content of an event, which is stored without its enum layer.
pub(crate) fn content(container: &Container, variant: &syn::Variant) -> TokenStream {
    let types = Types::anywhere();
    let parts = Parts {
        container,
        types: &types,
    };
    let attrs = container.variant(&variant.ident, &variant.attrs);
    asked(&parts.content(&attrs, &variant.fields))
}

/// Expands to a payload that is described by its type.
pub(crate) fn of_type(ty: &Type) -> TokenStream {
    let name = text::of(ty);
    let shape = asked(&Types::anywhere().shape(ty));
    quote!(::rehydrate::schema::Shape::Type { name: #name, shape: #shape })
}

/// Brings the trait into scope that answers for types without a description.
fn asked(tokens: &TokenStream) -> TokenStream {
    quote! {
        const {
            use ::rehydrate::__private::Unseen as _;
            #tokens
        }
    }
}
