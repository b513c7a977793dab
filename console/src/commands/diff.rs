//! `ops projections diff`.

use std::fmt::{self, Display};

use rehydrate::DiffRow;
use serde::Serialize;
use serde_json::Value;

use crate::args::projections;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count, shortened};

#[derive(Serialize)]
struct Diff {
    added: u64,
    removed: u64,
    changed: u64,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: Value,
    live: Option<Value>,
    shadow: Option<Value>,
}

pub(crate) async fn run(
    console: &Console,
    args: &projections::Diff,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let found = console
        .registry
        .find(&args.which.name, args.which.version)?;
    let diff = found.rebuild.diff(args.limit).await?;
    if !diff.is_level() {
        output.note(format!(
            "warning: the live table of {} is at position {}, the shadow at {}: what has come in between is part of the difference. Is anybody running the projection?",
            args.which.name, diff.live.position, diff.shadow.position
        ))?;
    }
    output.show(&Diff {
        added: diff.added,
        removed: diff.removed,
        changed: diff.changed,
        rows: diff.rows.into_iter().map(row).collect(),
    })?;
    Ok(Exit::Fine)
}

fn row(row: DiffRow) -> Row {
    Row {
        key: row.key,
        live: row.live,
        shadow: row.shadow,
    }
}

impl Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.added + self.removed + self.changed;
        if all == 0 {
            return f.write_str("No row differs.");
        }
        let keys = names(self.rows.iter().map(|row| Some(&row.key)));
        let mut columns = names(
            self.rows
                .iter()
                .flat_map(|row| [row.live.as_ref(), row.shadow.as_ref()]),
        );
        columns.retain(|column| {
            !keys.contains(column) && self.rows.iter().any(|row| row.differs(column))
        });
        let heads = keys.iter().map(|key| Column::Text(key));
        let heads = heads.chain([Column::Text("CHANGE")]);
        let heads: Vec<Column<'_>> = heads
            .chain(columns.iter().map(|column| Column::Number(column)))
            .collect();
        let mut grid = Grid::new(&heads);
        for row in &self.rows {
            let key = keys.iter().map(|key| shown(row.key.get(key)));
            let cells = columns.iter().map(|column| row.cell(column));
            grid.row(key.chain([row.change().to_owned()]).chain(cells));
        }
        writeln!(f, "{grid}")?;
        let shown = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        if shown < all {
            writeln!(f, "… and {}", count(all - shown, "more row"))?;
        }
        write!(
            f,
            "\n{} added, {} removed, {} changed (live -> shadow)",
            self.added, self.removed, self.changed
        )
    }
}

impl Row {
    fn change(&self) -> &'static str {
        match (&self.live, &self.shadow) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }

    fn sides(&self, column: &str) -> [Option<&Value>; 2] {
        [&self.live, &self.shadow].map(|side| side.as_ref().and_then(|row| row.get(column)))
    }

    fn differs(&self, column: &str) -> bool {
        let [live, shadow] = self.sides(column);
        live != shadow
    }

    fn cell(&self, column: &str) -> String {
        let [live, shadow] = self.sides(column);
        match (&self.live, &self.shadow) {
            (None, _) => shown(shadow),
            (_, None) => shown(live),
            _ if live == shadow => String::new(),
            _ => format!("{} -> {}", shown(live), shown(shadow)),
        }
    }
}

/// The columns of some rows, each once.
fn names<'a>(rows: impl Iterator<Item = Option<&'a Value>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in rows
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
    {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => shortened(text),
        Some(value) => shortened(&value.to_string()),
    }
}
