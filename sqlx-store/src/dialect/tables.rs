//! The tables of read models.
//!
//! Their names and columns are the application's, so these statements cannot be constant text as the
//! others are. What goes into the text is names alone, each of them checked and quoted; values are
//! bound, always, and so it makes no difference how many rows there are.

use rehydrate_port::{Column, StoreError, Table};

use super::session::{Bind, TableSql};

/// The longest name that every database takes as it is: PostgreSQL cuts what is longer.
const LONGEST_NAME: usize = 63;
/// The tables of the store itself.
const RESERVED: &str = "rehydrate_";

/// Where a value stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// In an object.
    Name(&'a str),
    /// In an array.
    Index(usize),
}

/// How a database writes what is made of a table.
///
/// An expression that is "JSON" may stand in `array`; `text` makes text of it. A column's JSON has
/// `null` for nothing, `true` and `false` for truth, and times in RFC 3339.
pub(crate) trait TableDialect: Send + Sync {
    /// A name, which has been checked, as an identifier.
    fn quoted(&self, name: &str) -> String {
        format!("\"{name}\"")
    }

    /// A table or an index that exists, with its schema.
    fn found(&self, name: &str) -> String {
        self.quoted(name)
    }

    /// The bind of this number, counted from 1. Each is used once, in order.
    fn bind(&self, number: usize) -> String;

    /// How the creation of a table begins. It is not there yet, except where a crash may have left
    /// it behind.
    fn create_table(&self) -> &'static str {
        "CREATE TABLE"
    }

    /// What stands after the columns of a new table.
    fn storage(&self) -> String {
        String::new()
    }

    /// A column of a new table, with its checks.
    fn column(&self, column: &Column) -> String;

    /// The elements of a JSON array that is bound, as a relation `alias` with each element in
    /// `alias.value` and its place in `alias.number`. What will be asked of them is in `fields`.
    fn elements(&self, bind: &str, alias: &str, fields: &[(Field<'_>, &Column)]) -> String;

    /// What is written or asked for, as `elements` takes it, in as many parts as there are to be
    /// statements. A database that takes what does not fit into a column has to refuse it here.
    fn parts(
        &self,
        _table: &str,
        _fields: &[(Field<'_>, &Column)],
        items: &[String],
    ) -> Result<Vec<String>, StoreError> {
        Ok(vec![format!("[{}]", items.join(","))])
    }

    /// A field of an element of `elements`, as the column holds it.
    fn field(&self, alias: &str, field: Field<'_>, column: &Column) -> String;

    /// What to bind for a field of JSON: by itself the JSON.
    fn value(
        &self,
        _table: &str,
        json: &str,
        _field: Field<'_>,
        _column: &Column,
    ) -> Result<Bind, StoreError> {
        Ok(Bind::text(json))
    }

    /// A field of JSON that is bound, as the column holds it.
    fn bound(&self, bind: &str, field: Field<'_>, column: &Column) -> String;

    /// Begins a join that goes from each element to the rows.
    fn join_each(&self) -> &'static str {
        "JOIN"
    }

    /// A row of `alias` as a JSON object.
    fn object(&self, alias: &str, columns: &[&Column]) -> String;

    /// The columns of a row as a JSON array.
    fn values(&self, alias: &str, columns: &[&Column]) -> String;

    /// A JSON array of expressions that are JSON or numbers.
    fn array(&self, items: &[String]) -> String;

    /// JSON, or JSON's null where `present` is NULL.
    fn json_if(&self, present: &str, json: &str) -> String {
        format!("CASE WHEN {present} IS NOT NULL THEN {json} END")
    }

    /// JSON as text.
    fn text(&self, json: &str) -> String;

    /// Whether two columns hold different values, where nothing is a value.
    fn differ(&self, one: &str, other: &str) -> String;

    /// The sum of integers, 0 of none, as a number of 64 bits.
    fn sum(&self, column: &str) -> String;

    /// Whether a checkpoint is that of the live build; the bind has that word.
    fn is_live(&self, bind: &str) -> String {
        format!("role = {bind}")
    }

    /// The end of an INSERT over rows with the same key.
    fn overwrite(&self, keys: &[&Column], others: &[&Column]) -> String {
        let names: Vec<_> = keys.iter().map(|key| self.quoted(&key.name)).collect();
        let sets: Vec<_> = others
            .iter()
            .map(|column| {
                let name = self.quoted(&column.name);
                format!("{name} = excluded.{name}")
            })
            .collect();
        let action = if sets.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", sets.join(", "))
        };
        format!("ON CONFLICT ({}) DO {action}", names.join(", "))
    }

    /// A DELETE of the rows with the keys of a JSON array.
    fn delete(&self, table: &str, keys: &[&Column], bind: &str) -> String {
        let names: Vec<_> = keys.iter().map(|key| self.quoted(&key.name)).collect();
        let fields = indexed(keys);
        let wanted: Vec<_> = fields
            .iter()
            .map(|(field, column)| self.field("k", *field, column))
            .collect();
        format!(
            "DELETE FROM {table} WHERE ({}) IN (SELECT {} FROM {})",
            names.join(", "),
            wanted.join(", "),
            self.elements(bind, "k", &fields),
        )
    }
}

/// A statement in the making.
#[derive(Debug)]
pub(crate) struct Builder<'a, D> {
    pub(crate) dialect: &'a D,
    binds: Vec<Bind>,
}

impl<'a, D: TableDialect> Builder<'a, D> {
    pub(crate) fn new(dialect: &'a D) -> Self {
        Self {
            dialect,
            binds: Vec::new(),
        }
    }

    /// Binds a value, and says how the text names it.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) -> String {
        self.binds.push(value.into());
        self.dialect.bind(self.binds.len())
    }

    /// The text must name the binds in the order in which they were bound.
    pub(crate) fn finish(self, table: &str, text: String) -> TableSql {
        TableSql {
            table: table.to_owned(),
            text,
            binds: self.binds,
        }
    }
}

/// The statements that make a build's table.
///
/// Its indexes have the build in their names, and keep them when the table gets another one, so that
/// those of two builds are never the same.
pub(crate) fn create(
    dialect: &impl TableDialect,
    table: &Table,
    build: u32,
    physical: &str,
) -> Result<Vec<TableSql>, StoreError> {
    check(table, physical)?;
    let own = |part: &str| -> Result<String, StoreError> {
        let name = format!("{}__build_{build}_{part}", table.name);
        check_name(&name)?;
        Ok(dialect.quoted(&name))
    };
    let mut parts: Vec<_> = table
        .columns
        .iter()
        .map(|column| dialect.column(column))
        .collect();
    let keys: Vec<_> = table.key().map(|key| dialect.quoted(&key.name)).collect();
    parts.push(format!(
        "CONSTRAINT {} PRIMARY KEY ({})",
        own("pkey")?,
        keys.join(", ")
    ));
    let made = dialect.found(physical);
    let mut statements = vec![format!(
        "{} {made} ({}){}",
        dialect.create_table(),
        parts.join(", "),
        dialect.storage(),
    )];
    for column in table.columns.iter().filter(|column| column.is_indexed) {
        statements.push(format!(
            "CREATE INDEX {} ON {made} ({})",
            own(&column.name)?,
            dialect.quoted(&column.name),
        ));
    }
    let statement = |text| Builder::new(dialect).finish(physical, text);
    Ok(statements.into_iter().map(statement).collect())
}

/// The statement that removes a build's table.
pub(crate) fn drop(dialect: &impl TableDialect, physical: &str) -> Result<TableSql, StoreError> {
    check_name(physical)?;
    let text = format!("DROP TABLE IF EXISTS {}", dialect.found(physical));
    Ok(Builder::new(dialect).finish(physical, text))
}

/// The columns of the key.
pub(crate) fn key(table: &Table) -> Vec<&Column> {
    table.key().collect()
}

/// The columns of a key, as they stand in its JSON.
pub(crate) fn indexed<'c>(keys: &[&'c Column]) -> Vec<(Field<'static>, &'c Column)> {
    let fields = keys.iter().enumerate();
    fields
        .map(|(index, key)| (Field::Index(index), *key))
        .collect()
}

/// The column of this name.
pub(crate) fn column<'t>(table: &'t Table, name: &str) -> Result<&'t Column, StoreError> {
    table
        .column(name)
        .ok_or_else(|| refused(format!("table `{}` has no column `{name}`", table.name)))
}

/// Refuses a table whose names cannot be put into a statement.
pub(crate) fn check(table: &Table, physical: &str) -> Result<(), StoreError> {
    check_name(&table.name)?;
    check_name(physical)?;
    for column in &*table.columns {
        check_name(&column.name)?;
    }
    if table.key().next().is_none() {
        return Err(refused(format!("table `{}` has no key", table.name)));
    }
    Ok(())
}

/// Refuses a name that is no plain identifier, or too long for one of the databases.
pub(crate) fn check_name(name: &str) -> Result<(), StoreError> {
    let is_plain = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if !is_plain {
        return Err(refused(format!(
            "{name:?} is no name for a table or a column: use lower-case letters, digits and `_`"
        )));
    }
    if name.len() > LONGEST_NAME {
        return Err(refused(format!(
            "the name `{name}` has {} bytes, and at most {LONGEST_NAME} are allowed: shorten the \
             name of the table or of the column",
            name.len()
        )));
    }
    if name.starts_with(RESERVED) {
        return Err(refused(format!(
            "the name `{name}` begins with `{RESERVED}`, as the tables of the store do"
        )));
    }
    Ok(())
}

/// A mistake in what was asked.
pub(crate) fn refused(reason: impl Into<String>) -> StoreError {
    StoreError::Backend {
        action: "use a read model",
        source: reason.into().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_get_into_a_statement() {
        for name in ["payments", "_a", "a_1", &"a".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", "1a", "A", "a\"b", "a b", "ä", "rehydrate_x", &long] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
