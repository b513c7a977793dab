//! Looks at serde's attributes, which stay serde's own business.

mod case;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, LitStr, Meta, Result, Token, parenthesized};

use crate::text;

pub(crate) use case::Case;

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

    /// The value of `key = "value"`; serde itself reports what is malformed.
    pub(crate) fn value<T: Parse>(&self) -> Option<T> {
        let parser = |input: ParseStream<'_>| {
            let _: Ident = input.parse()?;
            let _: Token![=] = input.parse()?;
            input.parse()
        };
        parser.parse2(self.tokens.clone()).ok()
    }

    /// What a `rename` or `rename_all` says; serde itself reports what is malformed.
    pub(crate) fn rename(&self) -> Option<Rename> {
        parse_rename.parse2(self.tokens.clone()).ok()
    }
}

/// The value of a `rename` or `rename_all`.
#[derive(Clone, Default)]
pub(crate) struct Rename {
    /// The name that is written.
    pub(crate) serialize: Option<LitStr>,
    /// The names that are read.
    pub(crate) deserialize: Vec<LitStr>,
}

impl Rename {
    /// The name, if it is one for writing and reading.
    pub(crate) fn same(&self) -> Option<&LitStr> {
        match (&self.serialize, self.deserialize.as_slice()) {
            (Some(written), [read]) if written.value() == read.value() => Some(written),
            _ => None,
        }
    }
}

/// `rename = "a"` or `rename(serialize = "a", deserialize = "b")`.
fn parse_rename(input: ParseStream<'_>) -> Result<Rename> {
    let _: Ident = input.parse()?;
    if input.peek(Token![=]) {
        let _: Token![=] = input.parse()?;
        let name: LitStr = input.parse()?;
        return Ok(Rename {
            serialize: Some(name.clone()),
            deserialize: vec![name],
        });
    }
    let content;
    parenthesized!(content in input);
    let mut rename = Rename::default();
    while !content.is_empty() {
        let direction: Ident = content.parse()?;
        let _: Token![=] = content.parse()?;
        let name = content.parse()?;
        if direction == "serialize" {
            rename.serialize = Some(name);
        } else {
            rename.deserialize.push(name);
        }
        if !content.is_empty() {
            let _: Token![,] = content.parse()?;
        }
    }
    Ok(rename)
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
