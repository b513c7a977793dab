//! Messages of at most a hundred columns.

const WIDTH: usize = 100;

/// A message that grows paragraph by paragraph.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// A paragraph, broken between words; its later lines stand under the first one's text.
    pub(super) fn prose(&mut self, indent: usize, text: &str) {
        let hanging = if text.starts_with("- ") {
            indent + 2
        } else {
            indent
        };
        let mut line = " ".repeat(indent);
        let mut is_empty = true;
        for word in words(text) {
            let length = line.chars().count() + word.chars().count();
            if !is_empty && length + 1 > WIDTH {
                self.line(&line);
                line = " ".repeat(hanging);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(&word);
            is_empty = false;
        }
        self.line(&line);
    }

    /// Lines as they are, between empty ones.
    pub(super) fn code(&mut self, indent: usize, code: &str) {
        self.empty_line();
        for line in code.lines() {
            let line = format!("{}{line}", " ".repeat(indent));
            self.line(line.trim_end());
        }
        self.empty_line();
    }

    pub(super) fn empty_line(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.0.trim_end().to_owned()
    }
}

/// The words of a text; code between backticks is one, unless it is too long for that.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        let room = words
            .last()
            .is_some_and(|last| last.chars().count() < WIDTH / 2);
        match words.last_mut() {
            Some(last) if is_open && room => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}
