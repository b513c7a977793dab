//! Tokens as text that depends neither on formatting nor on comments.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;

/// The tokens as rustfmt would write simple types and attributes on one line.
pub(crate) fn of(tokens: impl ToTokens) -> String {
    let mut writer = Writer::default();
    writer.tokens(tokens.into_token_stream());
    writer.text
}

/// An identifier without `r#`.
pub(crate) fn of_ident(ident: &Ident) -> String {
    ident.unraw().to_string()
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Whether the last token was a word or closed something, so that a word needs a space first.
    after_word: bool,
}

impl Writer {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Punct(punct) => {
                    let mut operator = punct.as_char().to_string();
                    let mut spacing = punct.spacing();
                    while spacing == Spacing::Joint
                        && let Some(TokenTree::Punct(next)) = tokens.peek()
                        && joins(&operator, next.as_char())
                    {
                        operator.push(next.as_char());
                        spacing = next.spacing();
                        tokens.next();
                    }
                    let closes = match tokens.peek() {
                        None => true,
                        Some(TokenTree::Punct(next)) => next.as_char() == '>',
                        Some(_) => false,
                    };
                    self.operator(&operator, closes);
                }
            }
        }
    }

    fn group(&mut self, delimiter: Delimiter, content: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            // Invisible: a fragment of a `macro_rules!`.
            Delimiter::None => return self.tokens(content),
        };
        let is_tuple_of_one = delimiter == Delimiter::Parenthesis && is_tuple_of_one(&content);
        self.text.push_str(open);
        self.after_word = false;
        self.tokens(content);
        if is_tuple_of_one {
            self.text.push(',');
        }
        self.text.push_str(close);
        self.after_word = true;
    }

    fn word(&mut self, word: &str) {
        if self.after_word {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.after_word = true;
    }

    fn operator(&mut self, operator: &str, closes: bool) {
        match operator {
            // A trailing comma has no meaning, but for a tuple of one.
            "," if closes => {}
            "," | ";" | ":" => {
                self.text.push_str(operator);
                self.text.push(' ');
            }
            "->" | "=>" | "=" | "+" | "==" => {
                self.text.push(' ');
                self.text.push_str(operator);
                self.text.push(' ');
            }
            "'" | "&" | "*" | "#" if self.after_word => {
                self.text.push(' ');
                self.text.push_str(operator);
            }
            _ => self.text.push_str(operator),
        }
        self.after_word = operator == ">";
    }
}

fn joins(operator: &str, next: char) -> bool {
    matches!(
        (operator, next),
        (":", ':') | ("-" | "=", '>') | ("=", '=') | ("." | "..", '.') | ("..", '=')
    )
}

fn is_tuple_of_one(content: &TokenStream) -> bool {
    let mut depth = 0_usize;
    let mut commas = 0;
    let mut ends_with_comma = false;
    for token in content.clone() {
        ends_with_comma = false;
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    commas += 1;
                    ends_with_comma = true;
                }
                _ => {}
            }
        }
    }
    commas == 1 && ends_with_comma
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_rustfmt_writes_them() {
        for text in [
            "Option<u64>",
            "Vec<String>",
            "HashMap<String, Vec<u8>>",
            "Cow<'static, str>",
            "&'static str",
            "Option<&'static str>",
            "(u8, String)",
            "(u8,)",
            "()",
            "[u8; 32]",
            "std::time::Duration",
            "Box<dyn Fn(u8) -> bool + Send>",
            "<T as Trait>::Out",
            "PhantomData<fn() -> u8>",
            "for<'a> fn(&'a mut u8)",
            "rename = \"x\", default, with = \"a::b\"",
            "bound(serialize = \"T: X\")",
            "*const u8",
        ] {
            let tokens: TokenStream = text.parse().expect("tokens");
            assert_eq!(of(tokens), text);
        }
    }

    #[test]
    fn formatting_and_comments_change_nothing() {
        let one: TokenStream = "HashMap<String,Vec<u8>,>".parse().expect("tokens");
        let other: TokenStream = "HashMap < String , /* why */ Vec<u8 > >"
            .parse()
            .expect("tokens");
        assert_eq!(of(one), of(other));
    }
}
