//! What differs between two texts, line by line.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

pub(super) fn diff(expected: &str, actual: &str) -> String {
    let mut text = "- expected\n+ actual\n\n".to_owned();
    for change in TextDiff::from_lines(expected, actual).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let _ = writeln!(text, "{sign} {}", change.value().trim_end_matches('\n'));
    }
    text
}
