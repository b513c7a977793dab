//! What `derive(EventSet)` reads.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, Type};

use crate::attr::{self, Keys, Once};
use crate::ctxt::Ctxt;

const ON_VARIANT: Keys = Keys {
    attribute: "event_set",
    place: "of `#[event_set]` on a variant",
    known: &[("aggregate", "aggregate = Order")],
    elsewhere: &[
        (
            "category",
            "the category is the one of the aggregate: name that, as in `aggregate = Order`",
        ),
        (
            "event",
            "the event enum is what the variant holds: name the aggregate, as in `aggregate = Order`",
        ),
    ],
};

/// An enum with `derive(EventSet)`.
pub(super) struct EventSet<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) variants: Vec<Variant<'a>>,
}

/// One variant: the events of one aggregate.
pub(super) struct Variant<'a> {
    pub(super) ident: &'a Ident,
    pub(super) fields: &'a Fields,
    /// The event enum, if the variant is a newtype.
    pub(super) events: Option<&'a Type>,
    /// The aggregate that the attribute names, if it names one.
    pub(super) aggregate: Option<Type>,
}

impl<'a> EventSet<'a> {
    pub(super) fn parse(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        refuse(ctxt, &input.attrs);
        let mut variants = Vec::new();
        match &input.data {
            Data::Enum(data) => {
                let parsed = data.variants.iter();
                variants.extend(parsed.map(|variant| Variant::parse(ctxt, variant)));
            }
            Data::Struct(data) => data.fields.iter().for_each(|f| refuse(ctxt, &f.attrs)),
            Data::Union(_) => {}
        }
        Self { input, variants }
    }
}

impl<'a> Variant<'a> {
    fn parse(ctxt: &Ctxt, variant: &'a syn::Variant) -> Self {
        let mut aggregate = Once::default();
        attr::each_key(ctxt, &variant.attrs, &ON_VARIANT, |key, input| {
            aggregate.set(ctxt, key, attr::ty(key, input)?);
            Ok(())
        });
        let fields = &variant.fields;
        fields.iter().for_each(|field| refuse(ctxt, &field.attrs));
        let events = match fields {
            Fields::Unnamed(tuple) if tuple.unnamed.len() == 1 => {
                tuple.unnamed.first().map(|field| &field.ty)
            }
            _ => None,
        };
        Self {
            ident: &variant.ident,
            fields,
            events,
            aggregate: aggregate.into_inner(),
        }
    }
}

fn refuse(ctxt: &Ctxt, attrs: &[syn::Attribute]) {
    let advice = "it belongs on a variant, and names the aggregate whose events that holds";
    attr::refuse(ctxt, attrs, "event_set", advice);
}
