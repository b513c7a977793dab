//! Looks at serde's attributes, which stay serde's own business.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Attribute, Meta};

use crate::text;

/// One key of a `#[serde(…)]`.
pub(crate) struct SerdeKey {
    pub(crate) key: Ident,
    tokens: TokenStream,
}

impl SerdeKey {
    /// The key and its value, as rustfmt would write them.
    pub(crate) fn text(&self) -> String {
        text::of(self.tokens.clone())
    }
}

/// The keys of all `#[serde(…)]` among the attributes; serde itself reports what is malformed.
pub(crate) fn keys(attrs: &[Attribute]) -> Vec<SerdeKey> {
    let mut keys = Vec::new();
    for attr in attrs {
        if let Meta::List(list) = &attr.meta
            && list.path.is_ident("serde")
        {
            keys.extend(split(list.tokens.clone()));
        }
    }
    keys
}

/// All of serde's attributes as one text; empty if there are none.
pub(crate) fn text(attrs: &[Attribute]) -> String {
    let keys: Vec<_> = keys(attrs).iter().map(SerdeKey::text).collect();
    keys.join(", ")
}

fn split(tokens: TokenStream) -> Vec<SerdeKey> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens
        .split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
        .filter_map(|item| match item {
            [TokenTree::Ident(key), ..] => Some(SerdeKey {
                key: key.clone(),
                tokens: item.iter().cloned().collect(),
            }),
            _ => None,
        })
        .collect()
}
