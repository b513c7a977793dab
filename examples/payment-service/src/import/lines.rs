//! A file line by line, whatever is in it.
//!
//! One line is one row. So a stray quote spoils its own row and not the rest of the file, and lines
//! are counted as an editor counts them.

use std::io::{self, BufRead, Read};

use super::ImportError;

/// No row is longer than this many bytes.
pub(super) const LONGEST: usize = 64 * 1024;

pub(super) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

pub(super) struct Line<'a> {
    pub(super) number: u64,
    /// The line without its end; `None` if it is too long to be a row.
    pub(super) text: Option<&'a [u8]>,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_some_and(|text| text.trim_ascii().is_empty())
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            number: 0,
            bytes: 0,
        }
    }

    /// How much of the file has been read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, ImportError> {
        let number = self.number + 1;
        match self.read() {
            Ok(false) => Ok(None),
            Ok(true) => {
                self.number = number;
                let text = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                let text = (text.len() <= LONGEST).then_some(text);
                Ok(Some(Line { number, text }))
            }
            Err(source) => Err(ImportError::Read {
                line: number,
                source,
            }),
        }
    }

    fn read(&mut self) -> io::Result<bool> {
        // Room for the line's end, and for one byte that shows that the line is too long.
        let limit = LONGEST as u64 + 2;
        self.buffer.clear();
        let read = self
            .source
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut self.buffer)?;
        self.bytes += read as u64;
        if read as u64 == limit && !self.buffer.ends_with(b"\n") {
            self.skip_rest()?;
        }
        Ok(read > 0)
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let rest = self.source.fill_buf()?;
            let end = rest.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(rest.len(), |end| end + 1);
            self.source.consume(used);
            self.bytes += used as u64;
            if end.is_some() || used == 0 {
                return Ok(());
            }
        }
    }
}
