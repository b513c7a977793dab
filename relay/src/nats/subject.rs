//! Subjects: `<topic>.<key>`, the key in one token.

use std::fmt::Write;

use rehydrate::{Message, PublishError};

/// A server takes 4,096 bytes for the whole line of which a subject is a part.
const LONGEST: usize = 2_000;

/// The subject of a message.
pub(super) fn of(message: &Message) -> Result<String, PublishError> {
    let rejected = |reason: String| PublishError::Rejected {
        reason,
        source: None,
    };
    if !is_topic(&message.topic) {
        return Err(rejected(format!(
            "{:?} is no topic: words with dots between them, without `*`, `>` and blanks",
            message.topic
        )));
    }
    let mut subject = format!("{}.", message.topic);
    push_token(&mut subject, &message.key);
    if subject.len() > LONGEST {
        return Err(rejected(format!(
            "its subject has {} bytes, and {LONGEST} are the most: shorten the key",
            subject.len()
        )));
    }
    Ok(subject)
}

/// What a source of a topic reads: that topic, or whatever a pattern of the caller's own says.
pub(super) fn filter(topic: &str) -> Result<String, &'static str> {
    let is_pattern = topic.split('.').any(|token| matches!(token, "*" | ">"));
    if is_pattern {
        let tokens = topic
            .split('.')
            .filter(|token| !matches!(*token, "*" | ">"));
        let is_last = !topic.contains('>') || topic.find('>') == Some(topic.len() - 1);
        if is_last && tokens.into_iter().all(is_token) {
            return Ok(topic.to_owned());
        }
    } else if is_topic(topic) {
        return Ok(format!("{topic}.*"));
    }
    Err("it is neither a topic (`payments`) nor a filter (`payments.>`)")
}

/// Whether a subject, or every subject of a filter, is one of a pattern.
pub(super) fn is_within(subject: &str, pattern: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in pattern.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(token)) if token != ">" => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

fn is_topic(topic: &str) -> bool {
    topic.split('.').all(is_token)
}

fn is_token(token: &str) -> bool {
    let is_forbidden =
        |it: char| it.is_whitespace() || it.is_control() || matches!(it, '*' | '>' | '.');
    !token.is_empty() && !token.contains(is_forbidden)
}

/// Every key has a token of its own, and it stays readable: `fine/A22688` is itself.
fn push_token(subject: &mut String, key: &str) {
    if key.is_empty() {
        // No other key has it, because a `%` is written as `%25`.
        subject.push('%');
    }
    for byte in key.bytes() {
        match byte {
            b'%' | b'.' | b'*' | b'>' | 0..=b' ' | 0x7f.. => {
                // Writing to a `String` cannot fail.
                let _ = write!(subject, "%{byte:02X}");
            }
            _ => subject.push(char::from(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: &str) -> String {
        let mut token = String::new();
        push_token(&mut token, key);
        token
    }

    #[test]
    fn keys_become_tokens_that_differ_where_the_keys_do() {
        assert_eq!(token("fine/A22688"), "fine/A22688");
        assert_eq!(token("a.b c*>%é"), "a%2Eb%20c%2A%3E%25%C3%A9");
        assert_eq!(token(""), "%");
        assert_ne!(token("%"), token(""));
        assert_ne!(token("a%2Eb"), token("a.b"));
    }

    #[test]
    fn a_filter_is_a_topic_or_a_pattern() {
        assert_eq!(filter("payments"), Ok("payments.*".to_owned()));
        assert_eq!(filter("a.b"), Ok("a.b.*".to_owned()));
        assert_eq!(filter("payments.>"), Ok("payments.>".to_owned()));
        assert_eq!(filter("*.b"), Ok("*.b".to_owned()));
        for wrong in ["", "a..b", "a b", "a.", ">.a", "a*", "a.>b"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_subject_is_within_the_patterns_that_have_it() {
        assert!(is_within("a.b", "a.*"));
        assert!(is_within("a.*", "a.>"));
        assert!(is_within("a.b.c", ">"));
        assert!(is_within("a.b", "a.b"));
        assert!(!is_within("a", "a.>"));
        assert!(!is_within("a.>", "a.*"));
        assert!(!is_within("a.b.c", "a.*"));
        assert!(!is_within("a.b", "a.b.c"));
    }
}
