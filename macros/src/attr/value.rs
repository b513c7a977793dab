//! The values of keys: `= "text"`, `= Type`, `= 1`, `(a, b)`.

use std::fmt::Display;

use proc_macro2::{Span, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitInt, LitStr, Result, Token, Type, parenthesized};

use super::items;
use crate::ctxt::Ctxt;

/// Nothing: the key says it all.
pub(crate) fn flag(key: &Ident, input: ParseStream<'_>) -> Result<Ident> {
    if input.is_empty() || input.peek(Token![,]) {
        Ok(key.clone())
    } else {
        let message = format!("`{key}` takes no value: write `{key}` alone");
        Err(Error::new(input.span(), message))
    }
}

/// `= "text"`.
pub(crate) fn string(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let form = || format!("expected text in quotes, as in `{key} = \"…\"`");
    equals(key, input, form)?;
    literal(key, input, form)
}

/// `= 100`.
pub(crate) fn integer(key: &Ident, input: ParseStream<'_>) -> Result<LitInt> {
    let form = || format!("expected a whole number, as in `{key} = 100`");
    equals(key, input, form)?;
    literal(key, input, form)
}

/// `= Type`.
pub(crate) fn ty(key: &Ident, input: ParseStream<'_>) -> Result<Type> {
    let form = || format!("expected a type, as in `{key} = Type`");
    equals(key, input, form)?;
    type_at(input, key.span(), form)
}

/// What a parenthesised list holds, and where its key stands.
pub(crate) struct Entries<T> {
    pub(crate) span: Span,
    pub(crate) entries: Vec<T>,
}

/// `(a, b)`; a mistake in one entry does not hide the next.
pub(crate) fn entries<T>(
    ctxt: &Ctxt,
    key: &Ident,
    input: ParseStream<'_>,
    example: &str,
    mut entry: impl FnMut(ParseStream<'_>) -> Result<T>,
) -> Result<Entries<T>> {
    if !input.peek(syn::token::Paren) {
        let span = place(input, key.span());
        return Err(Error::new(
            span,
            format!("expected a list, as in `{example}`"),
        ));
    }
    let content;
    parenthesized!(content in input);
    let span = key.span();
    if content.is_empty() {
        return Err(Error::new(
            span,
            format!("`{key}` is empty: fill it, as in `{example}`, or remove it"),
        ));
    }
    let mut entries = Vec::new();
    items(ctxt, &content, |input| {
        entries.push(entry(input)?);
        Ok(())
    });
    Ok(Entries { span, entries })
}

/// A type at this place, or the message at the token that is none.
pub(crate) fn type_at<M: Display>(
    input: ParseStream<'_>,
    before: Span,
    message: impl FnOnce() -> M,
) -> Result<Type> {
    let span = place(input, before);
    Type::parse(input).map_err(|_| Error::new(span, message()))
}

fn literal<T: Parse, M: Display>(
    key: &Ident,
    input: ParseStream<'_>,
    form: impl FnOnce() -> M,
) -> Result<T> {
    let span = place(input, key.span());
    input.parse().map_err(|_| Error::new(span, form()))
}

fn equals<M: Display>(key: &Ident, input: ParseStream<'_>, form: impl FnOnce() -> M) -> Result<()> {
    if input.peek(Token![=]) {
        let _ = input.parse::<Token![=]>()?;
        Ok(())
    } else {
        Err(Error::new(place(input, key.span()), form()))
    }
}

/// The next token, or what stands before it where the list ends: never the closing parenthesis.
fn place(input: ParseStream<'_>, before: Span) -> Span {
    match input.fork().parse::<TokenTree>() {
        Ok(TokenTree::Punct(punct)) if punct.as_char() == ',' => before,
        Ok(token) => token.span(),
        Err(_) => before,
    }
}
