//! How SQLite writes what is made of the table of a read model.

use rehydrate_port::{Column, ColumnKind};

use crate::dialect::tables::{Field, TableDialect};

/// A day, for GLOB.
const DAY: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
/// The time of a day, for GLOB: always with microseconds, so that the order of texts is that of
/// times.
const TIME: &str = "T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z";

#[derive(Clone, Copy, Debug)]
pub(super) struct SqliteTables;

impl TableDialect for SqliteTables {
    fn bind(&self, number: usize) -> String {
        format!("?{number}")
    }

    /// Without row numbers, as SQLite makes one up for a key that is an integer and NULL.
    fn storage(&self) -> String {
        " STRICT, WITHOUT ROWID".to_owned()
    }

    fn column(&self, column: &Column) -> String {
        let name = self.quoted(&column.name);
        let kind = match column.kind {
            ColumnKind::Integer | ColumnKind::Boolean => "INTEGER",
            ColumnKind::Real => "REAL",
            _ => "TEXT",
        };
        let null = if column.is_nullable && !column.is_key {
            ""
        } else {
            " NOT NULL"
        };
        let check = match column.kind {
            ColumnKind::Text if column.is_key || column.is_indexed => {
                format!(" CHECK (length({name}) <= 255)")
            }
            ColumnKind::Boolean => format!(" CHECK ({name} IN (0, 1))"),
            ColumnKind::Date => format!(" CHECK ({name} GLOB '{DAY}')"),
            ColumnKind::Time => format!(" CHECK ({name} GLOB '{DAY}{TIME}')"),
            ColumnKind::Uuid => format!(" CHECK (length({name}) = 36)"),
            ColumnKind::Json => format!(" CHECK (json_valid({name}))"),
            _ => String::new(),
        };
        format!("{name} {kind}{null}{check}")
    }

    fn elements(&self, bind: &str, alias: &str, _: &[(Field<'_>, &Column)]) -> String {
        format!("(SELECT key AS number, value FROM json_each({bind})) AS {alias}")
    }

    fn field(&self, alias: &str, field: Field<'_>, column: &Column) -> String {
        self.bound(&format!("{alias}.value"), field, column)
    }

    fn bound(&self, bind: &str, field: Field<'_>, column: &Column) -> String {
        let path = match field {
            Field::Name(name) => format!("'$.{name}'"),
            Field::Index(index) => index.to_string(),
        };
        let value = format!("({bind} ->> {path})");
        match column.kind {
            ColumnKind::Time => format!(
                "(substr({value}, 1, 19) || '.' || substr(rtrim(substr({value}, 21), 'Z') || '000000', 1, 6) || 'Z')"
            ),
            ColumnKind::Uuid => format!("lower({value})"),
            ColumnKind::Json => format!("nullif({bind} -> {path}, 'null')"),
            _ => value,
        }
    }

    /// Which SQLite does not turn around.
    fn join_each(&self) -> &'static str {
        "CROSS JOIN"
    }

    fn object(&self, alias: &str, columns: &[&Column]) -> String {
        let pairs: Vec<_> = columns
            .iter()
            .map(|column| format!("'{}', {}", column.name, json(self, alias, column)))
            .collect();
        format!("json_object({})", pairs.join(", "))
    }

    fn values(&self, alias: &str, columns: &[&Column]) -> String {
        let values: Vec<_> = columns
            .iter()
            .map(|column| json(self, alias, column))
            .collect();
        self.array(&values)
    }

    fn array(&self, items: &[String]) -> String {
        format!("json_array({})", items.join(", "))
    }

    /// What comes out of a CASE may be JSON no longer.
    fn json_if(&self, present: &str, json: &str) -> String {
        format!("json(CASE WHEN {present} IS NOT NULL THEN {json} END)")
    }

    fn text(&self, json: &str) -> String {
        json.to_owned()
    }

    fn differ(&self, one: &str, other: &str) -> String {
        format!("{one} IS NOT {other}")
    }

    fn sum(&self, column: &str) -> String {
        format!("coalesce(sum({column}), 0)")
    }
}

/// A column, or JSON where it would come out as something else.
fn json(dialect: &SqliteTables, alias: &str, column: &Column) -> String {
    let name = format!("{alias}.{}", dialect.quoted(&column.name));
    match column.kind {
        ColumnKind::Boolean => {
            format!("json(CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
        }
        ColumnKind::Json => format!("json({name})"),
        // SQLite's own way has 15 digits, and not every number comes back from them.
        ColumnKind::Real => format!(
            "json(CASE WHEN {name} IS NULL THEN NULL \
             WHEN CAST(printf('%!.15g', {name}) AS REAL) = {name} THEN printf('%!.15g', {name}) \
             ELSE printf('%!.17g', {name}) END)"
        ),
        _ => name,
    }
}
