//! Reading and writing the rows of read models.

use rehydrate_port::{
    Column, ColumnKind, Filter, Operator, Order, Position, RowQuery, RowsRead, StoreError, Table,
    Totals,
};
use serde_json::Value;

use super::documents;
use crate::dialect::rows::clamp;
use crate::dialect::session::{Answer, Bind, Session, TableSql};
use crate::dialect::tables::{self, Builder, Field, TableDialect, column, indexed, key, refused};

/// One statement, however many keys, unless the database has a limit to what is bound.
pub(crate) async fn read_rows(
    session: &mut impl Session,
    table: &Table,
    physical: &str,
    keys: &[String],
) -> Result<Vec<String>, StoreError> {
    tables::check(table, physical)?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let dialect = session.tables();
    let key = key(table);
    let fields = indexed(&key);
    let mut rows = Vec::new();
    for part in dialect.parts(physical, &fields, keys)? {
        let mut sql = Builder::new(&dialect);
        let bind = sql.bind(Bind::Text(Some(part)));
        let text = format!(
            "SELECT NULL, {} FROM {} {} {} AS t ON {}",
            dialect.text(&dialect.object("t", &all(table))),
            dialect.elements(&bind, "k", &fields),
            dialect.join_each(),
            dialect.found(physical),
            of_key(&dialect, "t", &fields),
        );
        let sql = sql.finish(physical, text);
        rows.extend(documents(session, "read rows of a read model", sql).await?);
    }
    Ok(rows)
}

/// One statement for what is written and one for what is removed, however much it is, unless the
/// database has a limit to what is bound.
pub(crate) async fn write_rows(
    session: &mut impl Session,
    table: &Table,
    physical: &str,
    rows: &[String],
    removed: &[String],
) -> Result<(), StoreError> {
    const ACTION: &str = "write rows of a read model";
    tables::check(table, physical)?;
    let dialect = session.tables();
    let key = key(table);
    if !removed.is_empty() {
        for part in dialect.parts(physical, &indexed(&key), removed)? {
            let mut sql = Builder::new(&dialect);
            let bind = sql.bind(Bind::Text(Some(part)));
            let text = dialect.delete(&dialect.found(physical), &key, &bind);
            session
                .write_table(ACTION, sql.finish(physical, text))
                .await?;
        }
    }
    if !rows.is_empty() {
        for part in dialect.parts(physical, &by_name(table), rows)? {
            let sql = upsert(&dialect, table, physical, part);
            session.write_table(ACTION, sql).await?;
        }
    }
    Ok(())
}

/// One statement, so that rows and checkpoint are of one moment.
pub(crate) async fn select_rows(
    session: &mut impl Session,
    query: &RowQuery,
) -> Result<RowsRead, StoreError> {
    let physical = query.physical_table();
    tables::check(&query.table, &physical)?;
    if query.after.is_some() && query.order_by.is_some() {
        return Err(refused("rows after a key come in the order of the key"));
    }
    let dialect = session.tables();
    let mut sql = Builder::new(&dialect);
    let position = position(&mut sql, query);
    let order = order(&dialect, query)?;
    let selected: Vec<_> = order
        .iter()
        .enumerate()
        .map(|(index, (column, _))| format!("{column} AS o{index}"))
        .collect();
    let inner: Vec<_> = order
        .iter()
        .map(|(column, direction)| format!("{column}{direction}"))
        .collect();
    let outer: Vec<_> = order
        .iter()
        .enumerate()
        .map(|(index, (_, direction))| format!("m.o{index}{direction}"))
        .collect();
    let conditions = conditions(&mut sql, query)?;
    let limit = sql.bind(query.limit.map_or(i64::MAX, clamp));
    // A row without a document if there are no rows; the second order is of no more than these.
    let text = format!(
        "SELECT c.position, m.document FROM ({position}) AS c LEFT JOIN (\
         SELECT {} AS document, {} FROM {} AS t WHERE {conditions} ORDER BY {} LIMIT {limit}\
         ) AS m ON 1 = 1 ORDER BY {}",
        dialect.text(&dialect.object("t", &all(&query.table))),
        selected.join(", "),
        dialect.found(&physical),
        inner.join(", "),
        outer.join(", "),
    );
    let sql = sql.finish(&physical, text);
    let answers = session.read_table("read rows of a read model", sql).await?;
    Ok(RowsRead {
        position: position_in(&answers, query)?,
        rows: answers.into_iter().filter_map(|answer| answer.1).collect(),
    })
}

/// One statement, so that sums and checkpoint are of one moment.
pub(crate) async fn total_rows(
    session: &mut impl Session,
    query: &RowQuery,
    columns: &[&str],
) -> Result<Totals, StoreError> {
    const ACTION: &str = "add up rows of a read model";
    let physical = query.physical_table();
    tables::check(&query.table, &physical)?;
    let dialect = session.tables();
    let mut numbers = vec!["COUNT(*)".to_owned()];
    for name in columns {
        if column(&query.table, name)?.kind != ColumnKind::Integer {
            return Err(refused(format!("`{name}` is no column of integers")));
        }
        let column = format!("t.{}", dialect.quoted(name));
        numbers.push(dialect.sum(&column));
    }
    let mut sql = Builder::new(&dialect);
    let position = position(&mut sql, query);
    let conditions = conditions(&mut sql, query)?;
    let text = format!(
        "SELECT c.position, m.document FROM ({position}) AS c CROSS JOIN (\
         SELECT {} AS document FROM {} AS t WHERE {conditions}) AS m",
        dialect.text(&dialect.array(&numbers)),
        dialect.found(&physical),
    );
    let answers = session
        .read_table(ACTION, sql.finish(&physical, text))
        .await?;
    let position = position_in(&answers, query)?;
    let document = answers.into_iter().find_map(|answer| answer.1);
    let numbers: Vec<i64> =
        serde_json::from_str(&document.unwrap_or_default()).map_err(|error| {
            StoreError::Backend {
                action: ACTION,
                source: error.into(),
            }
        })?;
    let (rows, sums) = numbers.split_first().unwrap_or((&0, &[]));
    Ok(Totals {
        rows: u64::try_from(*rows).unwrap_or(0),
        sums: sums.to_vec(),
        position,
    })
}

fn upsert(dialect: &impl TableDialect, table: &Table, physical: &str, rows: String) -> TableSql {
    let columns = all(table);
    let others: Vec<_> = columns.iter().copied().filter(|it| !it.is_key).collect();
    let fields = by_name(table);
    let names: Vec<_> = columns
        .iter()
        .map(|column| dialect.quoted(&column.name))
        .collect();
    let values: Vec<_> = fields
        .iter()
        .map(|(field, column)| dialect.field("r", *field, column))
        .collect();
    let mut sql = Builder::new(dialect);
    let bind = sql.bind(Bind::Text(Some(rows)));
    // Without the WHERE, SQLite takes the ON of the end for that of a join.
    let text = format!(
        "INSERT INTO {} ({}) SELECT {} FROM {} WHERE 1 = 1 {}",
        dialect.found(physical),
        names.join(", "),
        values.join(", "),
        dialect.elements(&bind, "r", &fields),
        dialect.overwrite(&key(table), &others),
    );
    sql.finish(physical, text)
}

/// The lowest checkpoint of the build's shards, NULL if there is none.
fn position<D: TableDialect>(sql: &mut Builder<'_, D>, query: &RowQuery) -> String {
    let checkpoints = sql.dialect.found("rehydrate_checkpoints");
    let consumer = sql.bind(Bind::name(&query.consumer));
    let which = match query.build {
        Some((build, _)) => format!("build = {}", sql.bind(build)),
        None => {
            let live = sql.bind(Bind::name("live"));
            sql.dialect.is_live(&live)
        }
    };
    format!(
        "SELECT MIN(position) AS position FROM {checkpoints} WHERE consumer = {consumer} AND {which}"
    )
}

fn position_in(answers: &[Answer], query: &RowQuery) -> Result<Position, StoreError> {
    let position = answers.first().and_then(|answer| answer.0);
    let consumer = &query.consumer;
    let position = position.ok_or_else(|| {
        refused(match query.build {
            Some((build, _)) => format!("`{consumer}` has no build {build}"),
            None => format!("`{consumer}` has no live build"),
        })
    })?;
    Ok(Position::new(u64::try_from(position).unwrap_or(0)))
}

/// The columns to order by, and the direction of each.
fn order(
    dialect: &impl TableDialect,
    query: &RowQuery,
) -> Result<Vec<(String, &'static str)>, StoreError> {
    let mut order = Vec::new();
    if let Some((name, direction)) = &query.order_by {
        let column = column(&query.table, name)?;
        let name = format!("t.{}", dialect.quoted(name));
        // Nothing is less than anything, which not every database holds by itself.
        if column.is_nullable && !column.is_key {
            order.push((
                format!("CASE WHEN {name} IS NULL THEN 0 ELSE 1 END"),
                direction_of(*direction),
            ));
        }
        order.push((name, direction_of(*direction)));
    }
    for key in query.table.key() {
        let name = format!("t.{}", dialect.quoted(&key.name));
        if order.iter().all(|(ordered, _)| *ordered != name) {
            order.push((name, ""));
        }
    }
    Ok(order)
}

fn direction_of(order: Order) -> &'static str {
    match order {
        Order::Ascending => "",
        Order::Descending => " DESC",
    }
}

/// All that must hold of a row.
fn conditions<D: TableDialect>(
    sql: &mut Builder<'_, D>,
    query: &RowQuery,
) -> Result<String, StoreError> {
    let mut conditions = vec!["1 = 1".to_owned()];
    for filter in &query.filters {
        conditions.push(condition(sql, &query.table, filter)?);
    }
    for (key_json, comparison) in [(&query.key, "="), (&query.after, ">")] {
        let Some(key_json) = key_json else { continue };
        let keys = key(&query.table);
        let values: Vec<Value> = serde_json::from_str(key_json)
            .map_err(|error| refused(format!("{key_json} is no key: {error}")))?;
        if values.len() != keys.len() {
            let table = &query.table.name;
            return Err(refused(format!(
                "{key_json} is not a key of table `{table}`"
            )));
        }
        let mut names = Vec::new();
        let mut wanted = Vec::new();
        for (index, column) in keys.iter().enumerate() {
            names.push(format!("t.{}", sql.dialect.quoted(&column.name)));
            let field = Field::Index(index);
            let value = sql
                .dialect
                .value(&query.table.name, key_json, field, column)?;
            let bind = sql.bind(value);
            wanted.push(sql.dialect.bound(&bind, field, column));
        }
        conditions.push(format!(
            "({}) {comparison} ({})",
            names.join(", "),
            wanted.join(", ")
        ));
        // Where it begins, for a database that does not see that in the comparison of rows.
        if let ([first, _, ..], [name, ..], ">") = (&keys[..], &names[..], comparison) {
            let field = Field::Index(0);
            let value = sql
                .dialect
                .value(&query.table.name, key_json, field, first)?;
            let bind = sql.bind(value);
            let begin = sql.dialect.bound(&bind, field, first);
            conditions.push(format!("{name} >= {begin}"));
        }
    }
    Ok(conditions.join(" AND "))
}

fn condition<D: TableDialect>(
    sql: &mut Builder<'_, D>,
    table: &Table,
    filter: &Filter,
) -> Result<String, StoreError> {
    let column = column(table, &filter.column)?;
    let name = format!("t.{}", sql.dialect.quoted(&column.name));
    let value = &filter.value;
    if value.is_null() {
        return Ok(match filter.operator {
            Operator::Equal => format!("{name} IS NULL"),
            Operator::NotEqual => format!("{name} IS NOT NULL"),
            Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast => {
                "1 = 0".to_owned()
            }
        });
    }
    let fits = match column.kind {
        ColumnKind::Integer => value.is_i64(),
        ColumnKind::Real => value.is_number(),
        ColumnKind::Boolean => value.is_boolean(),
        ColumnKind::Text | ColumnKind::Date | ColumnKind::Time | ColumnKind::Uuid => {
            value.is_string()
        }
        _ => false,
    };
    if !fits {
        return Err(refused(format!(
            "column `{}` holds {:?}, which does not compare with {value}",
            column.name, column.kind
        )));
    }
    let json = Value::from(vec![value.clone()]).to_string();
    let field = Field::Index(0);
    let value = sql.dialect.value(&table.name, &json, field, column)?;
    let bind = sql.bind(value);
    let value = sql.dialect.bound(&bind, field, column);
    let operator = match filter.operator {
        Operator::NotEqual => return Ok(sql.dialect.differ(&name, &value)),
        Operator::Equal => "=",
        Operator::Less => "<",
        Operator::AtMost => "<=",
        Operator::More => ">",
        Operator::AtLeast => ">=",
    };
    Ok(format!("{name} {operator} {value}"))
}

/// That the columns of a key are those of an element `k`.
pub(super) fn of_key(
    dialect: &impl TableDialect,
    alias: &str,
    fields: &[(Field<'_>, &Column)],
) -> String {
    let equal: Vec<_> = fields
        .iter()
        .map(|(field, column)| {
            let name = dialect.quoted(&column.name);
            format!("{alias}.{name} = {}", dialect.field("k", *field, column))
        })
        .collect();
    equal.join(" AND ")
}

pub(super) fn all(table: &Table) -> Vec<&Column> {
    table.columns.iter().collect()
}

fn by_name(table: &Table) -> Vec<(Field<'_>, &Column)> {
    let columns = table.columns.iter();
    columns
        .map(|column| (Field::Name(&column.name), column))
        .collect()
}
