//! How PostgreSQL writes what is made of the table of a read model.

use std::sync::Arc;

use rehydrate_port::{Column, ColumnKind};

use super::options::quoted;
use crate::dialect::tables::{Field, TableDialect};

/// The tables of a store's schema.
#[derive(Clone, Debug)]
pub(super) struct PostgresTables {
    prefix: Arc<str>,
}

impl PostgresTables {
    pub(super) fn new(schema: &str) -> Self {
        Self {
            prefix: format!("{}.", quoted(schema)).into(),
        }
    }
}

impl TableDialect for PostgresTables {
    fn found(&self, name: &str) -> String {
        format!("{}{}", self.prefix, self.quoted(name))
    }

    fn bind(&self, number: usize) -> String {
        format!("${number}")
    }

    fn column(&self, column: &Column) -> String {
        let name = self.quoted(&column.name);
        let kind = match column.kind {
            ColumnKind::Text => r#"text COLLATE "C""#,
            kind => type_of(kind),
        };
        let null = if column.is_nullable && !column.is_key {
            ""
        } else {
            " NOT NULL"
        };
        let check = if column.kind == ColumnKind::Text && (column.is_key || column.is_indexed) {
            format!(" CHECK (char_length({name}) <= 255)")
        } else {
            String::new()
        };
        format!("{name} {kind}{null}{check}")
    }

    fn elements(&self, bind: &str, alias: &str, _: &[(Field<'_>, &Column)]) -> String {
        format!(
            "jsonb_array_elements({bind}::text::jsonb) WITH ORDINALITY AS {alias} (value, number)"
        )
    }

    fn field(&self, alias: &str, field: Field<'_>, column: &Column) -> String {
        value(&format!("{alias}.value"), field, column.kind)
    }

    fn bound(&self, bind: &str, field: Field<'_>, column: &Column) -> String {
        value(&format!("{bind}::text::jsonb"), field, column.kind)
    }

    /// In a subselect, because a function takes no more than 100 arguments.
    fn object(&self, alias: &str, columns: &[&Column]) -> String {
        let columns: Vec<_> = columns
            .iter()
            .map(|column| {
                let name = self.quoted(&column.name);
                format!("{} AS {name}", readable(alias, &name, column.kind))
            })
            .collect();
        format!(
            "(SELECT row_to_json(o) FROM (SELECT {}) AS o)",
            columns.join(", ")
        )
    }

    fn values(&self, alias: &str, columns: &[&Column]) -> String {
        let values: Vec<_> = columns
            .iter()
            .map(|column| readable(alias, &self.quoted(&column.name), column.kind))
            .collect();
        self.array(&values)
    }

    fn array(&self, items: &[String]) -> String {
        format!("json_build_array({})", items.join(", "))
    }

    fn text(&self, json: &str) -> String {
        format!("{json}::text")
    }

    fn differ(&self, one: &str, other: &str) -> String {
        format!("{one} IS DISTINCT FROM {other}")
    }

    fn sum(&self, column: &str) -> String {
        format!("coalesce(sum({column}), 0)::bigint")
    }
}

fn type_of(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "bigint",
        ColumnKind::Real => "double precision",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Time => "timestamptz",
        ColumnKind::Uuid => "uuid",
        ColumnKind::Json => "jsonb",
        _ => "text",
    }
}

fn value(json: &str, field: Field<'_>, kind: ColumnKind) -> String {
    let path = match field {
        Field::Name(name) => format!("'{name}'"),
        Field::Index(index) => index.to_string(),
    };
    let text = format!("({json} ->> {path})");
    match kind {
        ColumnKind::Text => text,
        ColumnKind::Json => format!("nullif({json} -> {path}, 'null'::jsonb)"),
        // With something at its end, because the server takes words such as `yesterday`, too; and
        // with no more than microseconds, because it would round what is more exact.
        ColumnKind::Time => format!(
            "(left({text}, 10) || 'T' || rtrim(substr({text}, 12, 15), 'Z') || 'Z')::timestamptz"
        ),
        ColumnKind::Date => format!("({text} || 'T00:00:00')::timestamp::date"),
        kind => format!("{text}::{}", type_of(kind)),
    }
}

/// A column as it is to stand in JSON.
fn readable(alias: &str, name: &str, kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Time => {
            format!(r#"to_char(timezone('UTC', {alias}.{name}), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#)
        }
        _ => format!("{alias}.{name}"),
    }
}
