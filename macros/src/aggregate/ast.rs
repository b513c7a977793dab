//! What `derive(Aggregate)` reads.

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, LitInt, LitStr, Result, Type, parenthesized};

use crate::attr::{self, Keys, Once};
use crate::ctxt::Ctxt;
use crate::name;

const ON_TYPE: Keys = Keys {
    attribute: "aggregate",
    place: "of `#[aggregate]`",
    known: &[
        ("id", "id = Uuid, event = AccountEvent"),
        ("event", "event = AccountEvent"),
        ("category", "category = \"account\""),
        ("snapshot", SNAPSHOT),
    ],
    elsewhere: &[
        (
            "every",
            "`every` belongs inside `snapshot`, as in `snapshot(every = 100)`",
        ),
        (
            "version",
            "`version` belongs inside `snapshot`, as in `snapshot(every = 100, version = 1)`",
        ),
    ],
};

const IN_SNAPSHOT: Keys = Keys {
    attribute: "aggregate",
    place: "of `snapshot`",
    known: &[("every", "every = 100"), ("version", "version = 1")],
    elsewhere: &[],
};

const SNAPSHOT: &str = "snapshot(every = 100)";

/// A type with `derive(Aggregate)`.
pub(super) struct Aggregate<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) id: Option<Type>,
    pub(super) event: Option<Type>,
    /// The category that the attribute gives, if it gives one.
    pub(super) given_category: Option<LitStr>,
    pub(super) category: String,
    pub(super) snapshot: Option<Snapshot>,
    /// The required keys that are there, well written or not.
    pub(super) present: Vec<&'static str>,
}

/// `snapshot(every = 100, version = 2)`.
pub(super) struct Snapshot {
    /// Where the key stands.
    pub(super) span: Span,
    pub(super) every: Option<LitInt>,
    pub(super) version: Option<LitInt>,
    pub(super) has_every: bool,
}

impl<'a> Aggregate<'a> {
    pub(super) fn parse(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        let mut id = Once::default();
        let mut event = Once::default();
        let mut category = Once::default();
        let mut snapshot = Once::default();
        let present = attr::each_key(ctxt, &input.attrs, &ON_TYPE, |key, input| {
            match key.to_string().as_str() {
                "id" => id.set(ctxt, key, attr::ty(key, input)?),
                "event" => event.set(ctxt, key, attr::ty(key, input)?),
                "category" => category.set(ctxt, key, attr::string(key, input)?),
                _ => snapshot.set(ctxt, key, Snapshot::parse(ctxt, key, input)?),
            }
            Ok(())
        });
        refuse_inside(ctxt, &input.data);
        let given_category = category.into_inner();
        Self {
            input,
            id: id.into_inner(),
            event: event.into_inner(),
            category: given_category
                .as_ref()
                .map_or_else(|| name::snake_case(&input.ident), LitStr::value),
            given_category,
            snapshot: snapshot.into_inner(),
            present,
        }
    }

    /// Where a mistake in the category is shown.
    pub(super) fn category_span(&self) -> Span {
        match &self.given_category {
            Some(category) => category.span(),
            None => self.input.ident.span(),
        }
    }
}

impl Snapshot {
    fn parse(ctxt: &Ctxt, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(syn::token::Paren) {
            let message = format!("expected how often, as in `{SNAPSHOT}`");
            return Err(syn::Error::new(key.span(), message));
        }
        let content;
        parenthesized!(content in input);
        let mut every = Once::default();
        let mut version = Once::default();
        let present = attr::keys_in(ctxt, &content, &IN_SNAPSHOT, |key, input| {
            if key == "every" {
                every.set(ctxt, key, attr::integer(key, input)?);
            } else {
                version.set(ctxt, key, attr::integer(key, input)?);
            }
            Ok(())
        });
        Ok(Self {
            span: key.span(),
            every: every.into_inner(),
            version: version.into_inner(),
            has_every: present.contains(&"every"),
        })
    }
}

fn refuse_inside(ctxt: &Ctxt, data: &Data) {
    let advice = "it belongs on the type that derives `Aggregate`";
    let refuse = |attrs: &[_]| attr::refuse(ctxt, attrs, "aggregate", advice);
    let fields = |fields: &syn::Fields| fields.iter().for_each(|field| refuse(&field.attrs));
    match data {
        Data::Struct(data) => fields(&data.fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                refuse(&variant.attrs);
                fields(&variant.fields);
            }
        }
        Data::Union(_) => {}
    }
}
