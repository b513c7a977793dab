//! Names for what is suggested.

/// The name of a field with this key.
pub(in super::super) fn ident(key: &str) -> String {
    let mut ident = String::new();
    for c in key.chars() {
        if c.is_uppercase() && ident.ends_with(|c: char| c.is_lowercase() || c.is_numeric()) {
            ident.push('_');
        }
        let is_part = c.is_alphanumeric() || c == '_';
        ident.extend(if is_part { c } else { '_' }.to_lowercase());
    }
    if ident.is_empty() || ident == "_" || ident.starts_with(char::is_numeric) {
        ident.insert_str(0, "field_");
    }
    match ident.as_str() {
        "self" | "super" | "crate" => format!("{ident}_"),
        ident if KEYWORDS.contains(&ident) => format!("r#{ident}"),
        _ => ident,
    }
}

const KEYWORDS: [&str; 46] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "use", "where",
    "while", "yield",
];

/// The name of a type or a variant with this key.
pub(in super::super) fn camel(key: &str) -> String {
    let words = key.split(|c: char| !c.is_alphanumeric());
    let mut camel = String::new();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    if camel.is_empty() || camel.starts_with(char::is_numeric) {
        camel.insert(0, 'V');
    }
    if camel == "Self" {
        camel.push('_');
    }
    camel
}
