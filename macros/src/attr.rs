//! Reads `#[event(…)]` and `#[aggregate(…)]`, key by key: a mistake in one does not hide the next.

pub(crate) mod serde;
mod value;

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Ident, Meta, Result, Token};

use crate::ctxt::Ctxt;
use crate::name;

pub(crate) use value::{Entries, entries, flag, integer, string, ty, type_at};

/// What may stand in one derive's attribute at one place.
pub(crate) struct Keys {
    /// The attribute's name.
    pub(crate) attribute: &'static str,
    /// Where the keys stand, for messages.
    pub(crate) place: &'static str,
    /// The keys known here, each with an example.
    pub(crate) known: &'static [(&'static str, &'static str)],
    /// Keys that are known at another place, each with the advice to put it there.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

/// Hands each known key of the attribute to `read`, which parses what follows the key.
///
/// Returns the keys that are there, well written or not, so that none of them counts as missing.
pub(crate) fn each_key(
    ctxt: &Ctxt,
    attrs: &[Attribute],
    keys: &Keys,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Vec<&'static str> {
    let mut present = Vec::new();
    for attr in attrs {
        if !attr.path().is_ident(keys.attribute) {
            continue;
        }
        let Meta::List(list) = &attr.meta else {
            ctxt.error(
                &attr.meta,
                format!(
                    "expected keys in parentheses, as in `#[{}({})]`",
                    keys.attribute,
                    keys.first_example()
                ),
            );
            continue;
        };
        let parser = |input: ParseStream<'_>| {
            present.extend(keys_in(ctxt, input, keys, &mut read));
            Ok(())
        };
        if let Err(error) = parser.parse2(list.tokens.clone()) {
            ctxt.push(error);
        }
    }
    present
}

/// [`each_key`] for a list within an attribute.
pub(crate) fn keys_in(
    ctxt: &Ctxt,
    input: ParseStream<'_>,
    keys: &Keys,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Vec<&'static str> {
    let mut present = Vec::new();
    items(ctxt, input, |input| {
        let Ok(key) = input.call(Ident::parse_any) else {
            return Err(input.error(format!("expected a key; {}", keys.list())));
        };
        let text = key.to_string();
        present.extend(keys.meant(&text));
        if keys.knows(&text) {
            read(&key, input)
        } else {
            Err(Error::new(key.span(), keys.unknown(&text)))
        }
    });
    present
}

/// Refuses the attribute where it has no meaning at all.
pub(crate) fn refuse(ctxt: &Ctxt, attrs: &[Attribute], attribute: &str, advice: &str) {
    for attr in attrs {
        if attr.path().is_ident(attribute) {
            ctxt.error(
                attr,
                format!("`#[{attribute}]` has no meaning here: {advice}"),
            );
        }
    }
}

/// Parses items separated by commas; after a mistake it goes on behind the next comma.
fn items(ctxt: &Ctxt, input: ParseStream<'_>, mut item: impl FnMut(ParseStream<'_>) -> Result<()>) {
    while !input.is_empty() {
        if let Err(error) = item(input) {
            ctxt.push(error);
        } else if !input.is_empty() && !input.peek(Token![,]) {
            ctxt.push(input.error("expected `,`"));
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            let _ = input.parse::<TokenTree>();
        }
        let _ = input.parse::<Token![,]>();
    }
}

impl Keys {
    fn knows(&self, key: &str) -> bool {
        self.known.iter().any(|(known, _)| *known == key)
    }

    /// The known key that this is, or was meant to be.
    fn meant(&self, key: &str) -> Option<&'static str> {
        name::nearest(key, self.known.iter().map(|(known, _)| *known))
    }

    fn unknown(&self, key: &str) -> String {
        if let Some((_, advice)) = self.elsewhere.iter().find(|(known, _)| *known == key) {
            return (*advice).to_owned();
        }
        match self.meant(key) {
            Some(nearest) => format!(
                "unknown key `{key}`, did you mean `{nearest}`? {}",
                self.list()
            ),
            None => format!("unknown key `{key}`; {}", self.list()),
        }
    }

    fn list(&self) -> String {
        let known = name::list(self.known.iter().map(|(known, _)| *known));
        match self.known {
            [_] => format!("the only key {} is {known}", self.place),
            _ => format!("the keys {} are {known}", self.place),
        }
    }

    fn first_example(&self) -> &'static str {
        self.known.first().map_or("…", |(_, example)| example)
    }
}

/// The value of a key that may be written once.
pub(crate) struct Once<T>(Option<T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Once<T> {
    /// Keeps the first value; a second one is a mistake at the second key.
    pub(crate) fn set(&mut self, ctxt: &Ctxt, key: &Ident, value: T) {
        if self.0.is_some() {
            ctxt.error(key, format!("duplicate key `{key}`: keep one of the two"));
        } else {
            self.0 = Some(value);
        }
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        self.0
    }
}
