//! The derive macros of `rehydrate`.

mod aggregate;
mod aggregate_id;
mod attr;
mod ctxt;
mod erase;
mod event;
mod name;
mod text;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// TODO
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input)).into()
}

/// TODO
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive(&parse_macro_input!(input)).into()
}

/// TODO
#[proc_macro_derive(AggregateId)]
pub fn aggregate_id(input: TokenStream) -> TokenStream {
    aggregate_id::derive(&parse_macro_input!(input)).into()
}
