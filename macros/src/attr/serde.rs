//! Looks at serde's attributes, which stay serde's own business.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Meta, Result, Token, parenthesized};

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

    /// What a `rename` or `rename_all` says; serde itself reports what is malformed.
    pub(crate) fn rename(&self) -> Option<Rename> {
        parse_rename.parse2(self.tokens.clone()).ok()
    }
}

/// The value of a `rename` or `rename_all`.
pub(crate) enum Rename {
    /// One for writing and reading.
    Same(LitStr),
    /// One for each, or only for one of them.
    Different,
}

/// `rename = "a"` or `rename(serialize = "a", deserialize = "b")`.
fn parse_rename(input: ParseStream<'_>) -> Result<Rename> {
    let _: Ident = input.parse()?;
    if input.peek(Token![=]) {
        let _: Token![=] = input.parse()?;
        return input.parse().map(Rename::Same);
    }
    let content;
    parenthesized!(content in input);
    let one = |input: ParseStream<'_>| {
        let direction: Ident = input.parse()?;
        let _: Token![=] = input.parse()?;
        Ok((direction, input.parse::<LitStr>()?))
    };
    let names: Vec<_> = Punctuated::<_, Token![,]>::parse_terminated_with(&content, one)?
        .into_iter()
        .collect();
    match names.as_slice() {
        [(first, name), (second, other)] if first != second && name.value() == other.value() => {
            Ok(Rename::Same(name.clone()))
        }
        _ => Ok(Rename::Different),
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
