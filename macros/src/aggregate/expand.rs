//! What `derive(Aggregate)` writes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::ast::{Aggregate, Snapshot};
use crate::describe;
use crate::erase::{Erased, erase};
use crate::span;

/// Expands to
///
/// ```text
/// impl Aggregate for Account {
///     type Id = Uuid;
///     type Event = AccountEvent;
///     const CATEGORY: &'static str = "account";
///     const SNAPSHOTS: SnapshotPolicy<Self> =
///         SnapshotPolicy::every(100, TypeSchema::fingerprint(&TypeSchema::Struct { … }, 2));
///     fn apply(&mut self, event: Self::Event) { ApplyTo::apply_to(event, self) }
///     fn replay(&mut self, stored: &StoredEvent<'_>) -> Result<(), DecodeError> {
///         use __private::Unhandled as _;
///         __private::Handlers::<AccountEvent, Self>::replay(stored, self)
///     }
/// }
///
/// impl EventsOf<Account> for AccountEvent {}
/// ```
pub(super) fn expand(aggregate: &Aggregate<'_>, id: &Type, event: &Type) -> TokenStream {
    let ident = &aggregate.input.ident;
    let category = &aggregate.category;
    let snapshots = aggregate
        .snapshot
        .as_ref()
        .map(|policy| snapshots(aggregate, policy));
    // On the event's name: that is where missing handlers are shown.
    let apply = quote_spanned! {span::at_type(event)=>
        ::rehydrate::ApplyTo::<Self>::apply_to(__event, self);
    };
    quote! {
        #[automatically_derived]
        impl ::rehydrate::Aggregate for #ident {
            type Id = #id;
            type Event = #event;

            const CATEGORY: &'static str = #category;
            #snapshots

            fn apply(&mut self, __event: #event) {
                #apply
            }

            #[inline]
            fn replay(
                &mut self,
                __stored: &::rehydrate::StoredEvent<'_>,
            ) -> ::core::result::Result<(), ::rehydrate::DecodeError> {
                use ::rehydrate::__private::Unhandled as _;
                ::rehydrate::__private::Handlers::<#event, Self>::replay(__stored, self)
            }
        }

        #[automatically_derived]
        impl ::rehydrate::EventsOf<#ident> for #event {}
    }
}

fn snapshots(aggregate: &Aggregate<'_>, policy: &Snapshot) -> TokenStream {
    let every = policy.every.as_ref().map(ToTokens::to_token_stream);
    let version = policy
        .version
        .as_ref()
        .and_then(|version| version.base10_parse::<u64>().ok())
        .unwrap_or(0);
    let state = describe::state(aggregate.input);
    // On `snapshot`: it is why the state needs serde.
    quote_spanned! {span::at(&policy.span)=>
        #[allow(deprecated, reason = "the field says it already")]
        const SNAPSHOTS: ::rehydrate::SnapshotPolicy<Self> =
            ::rehydrate::SnapshotPolicy::every(
                #every,
                ::rehydrate::schema::TypeSchema::fingerprint(&#state, #version),
            );
    }
}

/// Expands to an aggregate that does nothing, so that the users of a faulty one see no more mistakes.
pub(super) fn stub(aggregate: &Aggregate<'_>) -> TokenStream {
    let Erased {
        parameters,
        ty,
        bounds,
    } = erase(&aggregate.input.ident, &aggregate.input.generics);
    let id = match &aggregate.id {
        Some(id) => id.to_token_stream(),
        None => quote!(::rehydrate::__private::Uuid),
    };
    let event = match &aggregate.event {
        Some(event) => event.to_token_stream(),
        None => quote!(::rehydrate::__private::NoEvent),
    };
    let events_of = aggregate.event.as_ref().map(|event| {
        quote! {
            #[automatically_derived]
            impl<#(#parameters),*> ::rehydrate::EventsOf<#ty> for #event
            where
                #ty: ::core::default::Default,
                #(#bounds,)*
            {
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl<#(#parameters),*> ::rehydrate::Aggregate for #ty
        where
            #ty: ::core::default::Default,
            #(#bounds,)*
        {
            type Id = #id;
            type Event = #event;

            const CATEGORY: &'static str = "";

            fn apply(&mut self, _: Self::Event) {}
        }

        #events_of
    }
}
