//! Names: from the code's to the stored ones, and what a stored one may be.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

/// The longest stored event type, in bytes.
pub(crate) const MAX_EVENT_TYPE_BYTES: usize = 100;
/// The longest category, in bytes: `StreamId::MAX_CATEGORY_BYTES`, which a macro cannot see.
pub(crate) const MAX_CATEGORY_BYTES: usize = 64;
/// The longest name of a read model's table, in bytes: it leaves room for a build's number.
pub(crate) const MAX_TABLE_BYTES: usize = 48;
/// The longest name of a column, in bytes: that of PostgreSQL, the shortest of all databases.
pub(crate) const MAX_COLUMN_BYTES: usize = 63;

/// `HTTPSent` as `http_sent`, `SentV2` as `sent_v2`.
pub(crate) fn snake_case(ident: &Ident) -> String {
    let name = ident.unraw().to_string();
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() && begins_a_word(&letters, index) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn begins_a_word(letters: &[char], index: usize) -> bool {
    let Some(before) = index.checked_sub(1).and_then(|before| letters.get(before)) else {
        return false;
    };
    let ends_an_acronym = || {
        before.is_uppercase()
            && letters
                .get(index + 1)
                .is_some_and(|next| next.is_lowercase())
    };
    before.is_lowercase() || before.is_numeric() || ends_an_acronym()
}

/// A method or parameter of this name, raw if it is a keyword; `None` if it cannot be one at all.
pub(crate) fn identifier(name: &str, span: Span) -> Option<Ident> {
    // A keyword since edition 2024, which syn takes for an identifier.
    if name != "gen" && syn::parse_str::<Ident>(name).is_ok() {
        Some(Ident::new(name, span))
    } else if syn::parse_str::<Ident>(&format!("r#{name}")).is_ok() {
        Some(Ident::new_raw(name, span))
    } else {
        None
    }
}

/// What is wrong with a stored event type; `None` if nothing is.
pub(crate) fn event_type_fault(name: &str) -> Option<String> {
    let what = "stored name";
    if name.chars().any(char::is_whitespace) {
        Some(describe(what, name, "contains white space: use `_`"))
    } else {
        fault(what, name, MAX_EVENT_TYPE_BYTES)
    }
}

/// What is wrong with a category, by the rules of `StreamId::new`; `None` if nothing is.
pub(crate) fn category_fault(name: &str) -> Option<String> {
    let what = "category";
    if name.contains('/') {
        let fault = "contains `/`, which separates a category from an id: use another character";
        Some(describe(what, name, fault))
    } else if name.trim() != name {
        Some(describe(
            what,
            name,
            "begins or ends with white space: remove it",
        ))
    } else {
        fault(what, name, MAX_CATEGORY_BYTES)
    }
}

/// What is wrong with the name of a read model's table; `None` if nothing is.
pub(crate) fn table_fault(name: &str) -> Option<String> {
    let what = "table name";
    if name.starts_with("rehydrate_") {
        let fault = "begins with `rehydrate_`, as only the store's own tables do: use another one";
        Some(describe(what, name, fault))
    } else if name.contains("__build_") {
        let fault = "contains `__build_`, which is in the names of tables that are being built: use another one";
        Some(describe(what, name, fault))
    } else {
        sql_fault(what, name, MAX_TABLE_BYTES)
    }
}

/// What is wrong with the name of a column; `None` if nothing is.
pub(crate) fn column_fault(name: &str) -> Option<String> {
    sql_fault("column name", name, MAX_COLUMN_BYTES)
}

/// What is not the same name in every database.
fn sql_fault(what: &str, name: &str, limit: usize) -> Option<String> {
    let is_usual = |letter: &char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
    if let Some(other) = name.chars().find(|letter| !is_usual(letter)) {
        let other = other.escape_debug();
        let fault = format!("contains `{other}`: use only `a` to `z`, `0` to `9` and `_`");
        Some(describe(what, name, &fault))
    } else if name.starts_with(|letter: char| letter.is_ascii_digit()) {
        let fault = "begins with a digit: begin with a letter or `_`";
        Some(describe(what, name, fault))
    } else {
        fault(what, name, limit)
    }
}

fn fault(what: &str, name: &str, limit: usize) -> Option<String> {
    let bytes = name.len();
    if name.is_empty() {
        Some(format!("the {what} is empty: write one"))
    } else if name.chars().any(char::is_control) {
        Some(describe(
            what,
            name,
            "contains a control character: remove it",
        ))
    } else if bytes > limit {
        let fault = format!("is {bytes} bytes long: shorten it to {limit} or fewer");
        Some(describe(what, name, &fault))
    } else {
        None
    }
}

fn describe(what: &str, name: &str, fault: &str) -> String {
    format!("the {what} `{}` {fault}", name.escape_debug())
}

/// The known name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case_word_by_word() {
        for (name, snake) in [
            ("Opened", "opened"),
            ("HTTPSent", "http_sent"),
            ("SentV2", "sent_v2"),
            ("URLSet", "url_set"),
            ("UrlSet", "url_set"),
            ("MD5Sum", "md5_sum"),
            ("A", "a"),
            ("AB", "ab"),
            ("ABc", "a_bc"),
            ("Already_Snake", "already_snake"),
            ("already_snake", "already_snake"),
            ("ÄnderungErfasst", "änderung_erfasst"),
        ] {
            assert_eq!(snake_case(&Ident::new(name, Span::call_site())), snake);
        }
    }

    #[test]
    fn keywords_become_raw_identifiers_or_none() {
        let text = |name| identifier(name, Span::call_site()).map(|ident| ident.to_string());
        assert_eq!(text("opened").as_deref(), Some("opened"));
        assert_eq!(text("move").as_deref(), Some("r#move"));
        assert_eq!(text("gen").as_deref(), Some("r#gen"));
        assert_eq!(text("crate"), None);
        assert_eq!(text("self"), None);
        assert_eq!(text("_"), None);
        assert_eq!(text("not one"), None);
    }

    #[test]
    fn names_of_tables_and_columns_are_the_same_in_every_database() {
        for name in ["a", "_a1", "balance_2"] {
            assert_eq!(table_fault(name), None);
            assert_eq!(column_fault(name), None);
        }
        for name in ["", "A", "1a", "a-b", "a b", "ä", "a\"b"] {
            assert!(table_fault(name).is_some(), "{name}");
            assert!(column_fault(name).is_some(), "{name}");
        }
        assert_eq!(table_fault(&"a".repeat(48)), None);
        assert!(table_fault(&"a".repeat(49)).is_some());
        assert_eq!(column_fault(&"a".repeat(63)), None);
        assert!(column_fault(&"a".repeat(64)).is_some());
        assert!(table_fault("rehydrate_events").is_some());
        assert!(table_fault("balances__build_2").is_some());
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(list(["a", "b", "c"].into_iter()), "`a`, `b` and `c`");
        assert_eq!(list(["a"].into_iter()), "`a`");
        assert_eq!(list([].into_iter()), "");
    }
}
