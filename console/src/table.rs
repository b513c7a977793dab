//! Tables that a person likes to read.

use std::fmt::{self, Display};

use comfy_table::{CellAlignment, Table, presets};

/// The longest text in a cell that holds what somebody else wrote.
const LONGEST: usize = 60;

/// A table with columns that line up and nothing around them.
pub(crate) struct Grid(Table);

/// A column, by its head.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    Text(&'a str),
    Number(&'a str),
}

impl Grid {
    pub(crate) fn new(columns: &[Column<'_>]) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(columns.iter().map(|column| match column {
            Column::Text(head) | Column::Number(head) => *head,
        }));
        for (kind, column) in columns.iter().zip(table.column_iter_mut()) {
            column.set_padding((0, 2));
            if let Column::Number(_) = kind {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(table)
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|cell| plain(&cell)));
    }
}

impl Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.trim_fmt())
    }
}

/// Without anything that would move a terminal's cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The beginning of a text that is too long for a cell.
pub(crate) fn shortened(text: &str) -> String {
    beginning(text, LONGEST)
}

/// So many characters of a text, if it has more.
pub(crate) fn beginning(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What stands where there is nothing.
pub(crate) fn or_dash(cell: Option<impl Display>) -> String {
    cell.map_or_else(|| "-".to_owned(), |cell| cell.to_string())
}

/// `1 event`, `2 events`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}
