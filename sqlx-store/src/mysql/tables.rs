//! How MySQL and MariaDB write what is made of the table of a read model.

use rehydrate_port::{Column, ColumnKind, StoreError};

use super::cells;
use crate::dialect::session::Bind;
use crate::dialect::tables::{Field, TableDialect};

/// How to tell a table that was made here from one of the application's own.
pub(super) const COMMENT: &str = "a build of a read model, made by rehydrate";

/// Blanks at the end count, and no letter is the same as another, in a collation that has another
/// name on each of the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MySqlTables {
    pub(super) collation: String,
    /// The most bytes of a bind.
    pub(super) largest_bind: usize,
}

impl MySqlTables {
    fn collated(&self, text: &str) -> String {
        format!("{text} COLLATE {}", self.collation)
    }
}

impl TableDialect for MySqlTables {
    fn quoted(&self, name: &str) -> String {
        format!("`{name}`")
    }

    fn bind(&self, _: usize) -> String {
        "?".to_owned()
    }

    fn storage(&self) -> String {
        format!(" ENGINE = InnoDB ROW_FORMAT = DYNAMIC COMMENT = '{COMMENT}'")
    }

    fn column(&self, column: &Column) -> String {
        let name = self.quoted(&column.name);
        let text = |kind: &str| self.collated(&format!("{kind} CHARACTER SET utf8mb4"));
        let kind = match column.kind {
            ColumnKind::Integer => "BIGINT".to_owned(),
            ColumnKind::Real => "DOUBLE".to_owned(),
            ColumnKind::Boolean => "BOOLEAN".to_owned(),
            ColumnKind::Date => "DATE".to_owned(),
            ColumnKind::Time => "DATETIME(6)".to_owned(),
            ColumnKind::Uuid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".to_owned(),
            ColumnKind::Json => "JSON".to_owned(),
            ColumnKind::Text if column.is_key || column.is_indexed => text("VARCHAR(255)"),
            _ => text("LONGTEXT"),
        };
        let null = if column.is_nullable && !column.is_key {
            "NULL"
        } else {
            "NOT NULL"
        };
        format!("{name} {kind} {null}")
    }

    fn elements(&self, bind: &str, alias: &str, fields: &[(Field<'_>, &Column)]) -> String {
        let mut columns = vec!["number FOR ORDINALITY".to_owned()];
        columns.extend(fields.iter().map(|(field, column)| {
            let kind = match column.kind {
                ColumnKind::Integer => "BIGINT",
                ColumnKind::Real => "DOUBLE",
                ColumnKind::Boolean => "TINYINT",
                ColumnKind::Date | ColumnKind::Time | ColumnKind::Uuid => {
                    "VARCHAR(36) CHARACTER SET utf8mb4"
                }
                ColumnKind::Text if column.is_key || column.is_indexed => {
                    "VARCHAR(255) CHARACTER SET utf8mb4"
                }
                _ => "LONGTEXT CHARACTER SET utf8mb4",
            };
            let path = match field {
                Field::Name(name) => format!("$.{name}"),
                Field::Index(index) => format!("$[{index}]"),
            };
            format!("{} {kind} PATH '{path}'", self.quoted(&named(*field)))
        }));
        format!(
            "JSON_TABLE({bind}, '$[*]' COLUMNS ({})) AS {alias}",
            columns.join(", ")
        )
    }

    fn parts(
        &self,
        table: &str,
        fields: &[(Field<'_>, &Column)],
        items: &[String],
    ) -> Result<Vec<String>, StoreError> {
        cells::parts(table, fields, items, self.largest_bind)
    }

    fn value(
        &self,
        table: &str,
        json: &str,
        field: Field<'_>,
        column: &Column,
    ) -> Result<Bind, StoreError> {
        cells::bind(table, json, field, column)
    }

    fn field(&self, alias: &str, field: Field<'_>, column: &Column) -> String {
        let name = format!("{alias}.{}", self.quoted(&named(field)));
        match column.kind {
            ColumnKind::Text => self.collated(&name),
            ColumnKind::Date => format!("CAST({name} AS DATE)"),
            ColumnKind::Time => format!("CAST({name} AS DATETIME(6))"),
            ColumnKind::Uuid => format!("CONVERT({name} USING ascii) COLLATE ascii_bin"),
            _ => name,
        }
    }

    fn bound(&self, bind: &str, _: Field<'_>, column: &Column) -> String {
        match column.kind {
            ColumnKind::Text => self.collated(&format!("CONVERT({bind} USING utf8mb4)")),
            ColumnKind::Uuid => format!("CONVERT({bind} USING ascii) COLLATE ascii_bin"),
            ColumnKind::Real => format!("({bind} + 0e0)"),
            ColumnKind::Date => format!("CAST({bind} AS DATE)"),
            ColumnKind::Time => format!("CAST({bind} AS DATETIME(6))"),
            _ => bind.to_owned(),
        }
    }

    /// From each element to its row, whatever the server thinks of how many there are.
    fn join_each(&self) -> &'static str {
        "STRAIGHT_JOIN"
    }

    fn object(&self, alias: &str, columns: &[&Column]) -> String {
        let pairs: Vec<_> = columns
            .iter()
            .map(|column| format!("'{}', {}", column.name, self.json(alias, column)))
            .collect();
        format!("JSON_OBJECT({})", pairs.join(", "))
    }

    fn values(&self, alias: &str, columns: &[&Column]) -> String {
        let values: Vec<_> = columns
            .iter()
            .map(|column| self.json(alias, column))
            .collect();
        self.array(&values)
    }

    fn array(&self, items: &[String]) -> String {
        format!("JSON_ARRAY({})", items.join(", "))
    }

    /// What comes out of a CASE may be JSON no longer.
    fn json_if(&self, present: &str, json: &str) -> String {
        format!("JSON_EXTRACT(CASE WHEN {present} IS NOT NULL THEN {json} END, '$')")
    }

    fn text(&self, json: &str) -> String {
        json.to_owned()
    }

    fn differ(&self, one: &str, other: &str) -> String {
        format!("NOT ({one} <=> {other})")
    }

    fn sum(&self, column: &str) -> String {
        format!("COALESCE(SUM({column}), 0)")
    }

    fn overwrite(&self, keys: &[&Column], others: &[&Column]) -> String {
        let columns = if others.is_empty() { keys } else { others };
        let sets: Vec<_> = columns
            .iter()
            .map(|column| self.quoted(&column.name))
            .map(|name| format!("{name} = VALUES({name})"))
            .collect();
        format!("ON DUPLICATE KEY UPDATE {}", sets.join(", "))
    }

    /// A join, because it goes by the key where IN reads the whole table.
    fn delete(&self, table: &str, keys: &[&Column], bind: &str) -> String {
        let fields = crate::dialect::tables::indexed(keys);
        let equal: Vec<_> = fields
            .iter()
            .map(|(field, column)| {
                let name = self.quoted(&column.name);
                format!("t.{name} = {}", self.field("k", *field, column))
            })
            .collect();
        format!(
            "DELETE t FROM {} {} {table} AS t ON {}",
            self.elements(bind, "k", &fields),
            self.join_each(),
            equal.join(" AND "),
        )
    }

    fn is_live(&self, bind: &str) -> String {
        // While tables are being renamed either may have the live name, and what both have taken
        // is in either.
        format!("{bind} IN (role, COALESCE(next_role, role))")
    }
}

impl MySqlTables {
    /// A column as it is to stand in JSON; all texts in one collation, without which MariaDB does
    /// not put them together.
    fn json(&self, alias: &str, column: &Column) -> String {
        let name = format!("{alias}.{}", self.quoted(&column.name));
        let text = match column.kind {
            ColumnKind::Integer | ColumnKind::Real => return name,
            ColumnKind::Boolean => {
                return format!(
                    "JSON_EXTRACT(CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, '$')"
                );
            }
            ColumnKind::Json => return format!("JSON_EXTRACT({name}, '$')"),
            ColumnKind::Date => format!("DATE_FORMAT({name}, '%Y-%m-%d')"),
            ColumnKind::Time => format!("DATE_FORMAT({name}, '%Y-%m-%dT%H:%i:%s.%fZ')"),
            ColumnKind::Uuid => format!("CONVERT({name} USING utf8mb4)"),
            _ => name,
        };
        format!("{text} COLLATE utf8mb4_bin")
    }
}

/// The name of a field among those of an element, of which no name begins like that.
fn named(field: Field<'_>) -> String {
    match field {
        Field::Name(name) => format!("_{name}"),
        Field::Index(index) => format!("_{index}"),
    }
}
