//! Notes: what serde's attributes say beside the shape, in the words of the descriptions.

/// The type refuses fields that it does not know.
pub(in crate::schema) const DENY: &str = "deny_unknown_fields";

/// It is read, and never written.
pub(in crate::schema) const NOT_WRITTEN: &str = "not written";

/// It is written, and never read.
pub(in crate::schema) const NOT_READ: &str = "not read";

/// The variant is told by its content.
pub(in crate::schema) const UNTAGGED: &str = "untagged";

/// It is left out at times, and cannot be read then.
pub(in crate::schema) const LEFT_OUT: &str = "skip_serializing_if";

/// The variant stands for all that are not known.
pub(in crate::schema) const OTHER: &str = "other";

const READ_AS: &str = "read as ";

/// The parts of a note; a comma within quotes is none between parts.
pub(in crate::schema) fn parts(note: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (index, c) in note.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(note[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(note[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether it says which function makes a default.
pub(in crate::schema) fn is_default(part: &str) -> bool {
    part.starts_with("default = ")
}

pub(in crate::schema) fn has(note: &str, part: &str) -> bool {
    parts(note).contains(&part)
}

/// What stands between serde's parentheses to say the same.
pub(in crate::schema) fn attribute(part: &str) -> String {
    if let Some(name) = part.strip_prefix(READ_AS) {
        return format!("rename(deserialize = {name})");
    }
    match part {
        NOT_WRITTEN => "skip_serializing".to_owned(),
        NOT_READ => "skip_deserializing".to_owned(),
        LEFT_OUT => "skip_serializing_if = \"…\"".to_owned(),
        // The tag of a struct, whose name is what it holds.
        part if part.starts_with("tag = ") => part.replacen("\" of \"", "\", rename = \"", 1),
        part => part.to_owned(),
    }
}

/// The name under which it is read instead of the one under which it is written, as a literal.
pub(in crate::schema) fn read_as(note: &str) -> Option<&str> {
    let mut names = parts(note).into_iter();
    names.find_map(|part| part.strip_prefix(READ_AS))
}

/// Whether the part is about a struct, and not about the field or variant that holds it.
pub(in crate::schema) fn is_of_struct(part: &str) -> bool {
    part == DENY || part.starts_with("tag = ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_within_a_name_does_not_end_a_part() {
        let note = r#"tag = "a, \"b" of "N, M", not written, read as "x, y""#;
        let found = [
            r#"tag = "a, \"b" of "N, M""#,
            NOT_WRITTEN,
            r#"read as "x, y""#,
        ];
        assert_eq!(parts(note), found);
        let attributes = parts(note).into_iter().map(attribute).collect::<Vec<_>>();
        let expected = [
            r#"tag = "a, \"b", rename = "N, M""#,
            "skip_serializing",
            r#"rename(deserialize = "x, y")"#,
        ];
        assert_eq!(attributes, expected);
        assert_eq!(read_as(note), Some(r#""x, y""#));
        assert!(parts("").is_empty());
    }
}
