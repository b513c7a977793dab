//! What `derive(ReadModel)` writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::ast::{Column, ReadModel};
use super::check::{MAX_KEY_COLUMNS, is_fit_for_a_key};
use crate::erase::{Erased, erase};
use crate::span;

/// Expands to
///
/// ```text
/// impl ReadModel for Balance {
///     type Key = String;
///     const TABLE: Table = {
///         const __COLUMNS: &[Column] = &[
///             Column::of::<String>("fine").key(),
///             Column::of::<i64>("outstanding_cents").indexed(),
///             Column::json("tags"),
///         ];
///         Table::new("balances", __COLUMNS)
///     };
///     fn key(&self) -> String { Clone::clone(&self.fine) }
///     fn key_values(key: &String) -> Value { __private::key_values(&(key,)) }
/// }
/// ```
///
/// With several keys, `Key` is a tuple, and is its own list of values.
pub(super) fn expand(model: &ReadModel<'_>) -> TokenStream {
    let ident = &model.input.ident;
    let table = &model.table;
    let columns = model.columns.iter().map(column);
    let key = key(&model.key());
    quote! {
        #[automatically_derived]
        impl ::rehydrate::ReadModel for #ident {
            const TABLE: ::rehydrate::Table = {
                const __COLUMNS: &[::rehydrate::Column] = &[#(#columns),*];
                ::rehydrate::Table::new(#table, __COLUMNS)
            };

            #key
        }
    }
}

fn column(column: &Column<'_>) -> TokenStream {
    let (name, ty) = (&column.name, column.ty);
    if column.json.is_some() {
        return quote!(::rehydrate::Column::json(#name));
    }
    // On the type: it is the one that a column, or a key, may not be able to hold.
    let span = span::at_type(ty);
    let key = column.key.is_some().then(|| quote_spanned!(span=> .key()));
    let indexed = column.index.is_some().then(|| quote!(.indexed()));
    quote_spanned!(span=> ::rehydrate::Column::of::<#ty>(#name) #key #indexed)
}

fn key(columns: &[&Column<'_>]) -> TokenStream {
    let types = columns.iter().map(|column| column.ty);
    let fields = columns.iter().map(|column| {
        let ident = column.ident;
        quote!(::core::clone::Clone::clone(&self.#ident))
    });
    let (ty, key, values) = match columns {
        [_] => (quote!(#(#types)*), quote!(#(#fields)*), quote!(&(__key,))),
        _ => (quote!((#(#types),*)), quote!((#(#fields),*)), quote!(__key)),
    };
    quote! {
        type Key = #ty;

        fn key(&self) -> #ty {
            #key
        }

        fn key_values(__key: &#ty) -> ::rehydrate::__private::Value {
            ::rehydrate::__private::key_values(#values)
        }
    }
}

/// Expands to a read model without columns, so that the users of a faulty one see no more mistakes.
pub(super) fn stub(model: &ReadModel<'_>) -> TokenStream {
    let Erased {
        parameters,
        ty,
        bounds,
    } = erase(&model.input.ident, &model.input.generics);
    let is_generic = !model.input.generics.params.is_empty();
    let columns = model.key();
    let is_sound = (1..=MAX_KEY_COLUMNS).contains(&columns.len())
        && columns.iter().all(|column| is_fit_for_a_key(column));
    let key = if is_sound && !is_generic {
        key(&columns)
    } else {
        no_key()
    };
    let serde = quote!(::rehydrate::__private::serde);
    let needed = is_generic.then(
        || quote!(#ty: #serde::Serialize + #serde::de::DeserializeOwned + ::core::clone::Clone,),
    );
    quote! {
        #[automatically_derived]
        impl<#(#parameters),*> ::rehydrate::ReadModel for #ty
        where
            #needed
            #(#bounds,)*
        {
            const TABLE: ::rehydrate::Table = ::rehydrate::Table::new("", &[]);

            #key
        }
    }
}

fn no_key() -> TokenStream {
    quote! {
        type Key = ::std::string::String;

        fn key(&self) -> Self::Key {
            ::std::string::String::new()
        }

        fn key_values(__key: &Self::Key) -> ::rehydrate::__private::Value {
            ::rehydrate::__private::key_values(&(__key,))
        }
    }
}
