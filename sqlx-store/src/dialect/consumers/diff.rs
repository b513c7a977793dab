//! How two builds of a read model differ.

use rehydrate_port::{
    ChangedRow, Checkpoint, Column, DiffQuery, Position, StoreError, Table, TableDiff,
};
use serde_json::Value;

use super::rows::{all, of_key};
use super::{build, documents};
use crate::dialect::rows::clamp;
use crate::dialect::session::{Bind, Session};
use crate::dialect::tables::{self, Builder, TableDialect, indexed, key, refused};

const ACTION: &str = "compare two builds";

/// Compares two builds, in a transaction whose statements all see the same.
///
/// The database compares; what comes here is numbers and as many rows as were asked for.
pub(crate) async fn diff(
    session: &mut impl Session,
    query: &DiffQuery,
) -> Result<TableDiff, StoreError> {
    let (live_position, live_table) = found(session, query, query.live.0).await?;
    let (next_position, next_table) = found(session, query, query.next.0).await?;
    let comparison = Comparison {
        live: (&live_table, &query.live.1),
        next: (&next_table, &query.next.1),
    };
    comparison.check()?;
    let (added, removed, changed) = comparison.counts(session).await?;
    Ok(TableDiff {
        live_position,
        next_position,
        added,
        removed,
        changed,
        rows: comparison.first(session, query.limit).await?,
        asked: comparison.asked(session, &query.keys).await?,
    })
}

/// The position and the table of a build.
async fn found(
    session: &mut impl Session,
    query: &DiffQuery,
    number: u32,
) -> Result<(Position, String), StoreError> {
    let shards = build(session, &query.consumer, number).await?;
    let position = shards.iter().map(|shard| shard.position).min();
    let table = shards.iter().find_map(Checkpoint::physical_table);
    position.zip(table).ok_or_else(|| {
        refused(format!(
            "`{}` has no build {number} with a table",
            query.consumer
        ))
    })
}

/// The tables of two builds: their names at present, and their shapes.
struct Comparison<'a> {
    live: (&'a str, &'a Table),
    next: (&'a str, &'a Table),
}

impl Comparison<'_> {
    fn check(&self) -> Result<(), StoreError> {
        for (physical, table) in [self.live, self.next] {
            tables::check(table, physical)?;
        }
        let names = |table: &Table| -> Vec<_> {
            let columns = table.key().map(|column| (column.name.clone(), column.kind));
            columns.collect()
        };
        if names(self.live.1) == names(self.next.1) {
            Ok(())
        } else {
            Err(refused("the builds have different keys"))
        }
    }

    async fn counts(&self, session: &mut impl Session) -> Result<(u64, u64, u64), StoreError> {
        let dialect = session.tables();
        let kinds = self.kinds(&dialect);
        let counts = kinds.map(|(from, _)| format!("(SELECT COUNT(*) {from})"));
        let text = format!("SELECT NULL, {}", dialect.text(&dialect.array(&counts)));
        let sql = Builder::new(&dialect).finish(self.next.0, text);
        let document = documents(session, ACTION, sql).await?.pop();
        let document = document.unwrap_or_default();
        let (added, removed, changed) = serde_json::from_str(&document).map_err(unreadable)?;
        Ok((added, removed, changed))
    }

    async fn first(
        &self,
        session: &mut impl Session,
        limit: usize,
    ) -> Result<Vec<ChangedRow>, StoreError> {
        let dialect = session.tables();
        let keys = key(self.next.1);
        let order = |prefix: &str, names: &[String]| -> String {
            let names: Vec<_> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            names.join(", ")
        };
        let columns: Vec<_> = keys.iter().map(|key| dialect.quoted(&key.name)).collect();
        let places: Vec<_> = (0..keys.len()).map(|index| format!("o{index}")).collect();
        let mut sql = Builder::new(&dialect);
        let kinds = self.kinds(&dialect).map(|(from, alias)| {
            let selected: Vec<_> = columns
                .iter()
                .zip(&places)
                .map(|(column, place)| format!("{alias}.{column} AS {place}"))
                .collect();
            // Each kind has no more than the limit, so no more than three times as much is sorted.
            let limit = sql.bind(clamp(limit));
            format!(
                "SELECT * FROM (SELECT {} AS document, {} {from} ORDER BY {} LIMIT {limit}) AS {alias}",
                self.document(&dialect, alias, &keys),
                selected.join(", "),
                order(&format!("{alias}."), &columns),
            )
        });
        let limit = sql.bind(clamp(limit));
        let text = format!(
            "SELECT NULL, d.document FROM ({}) AS d ORDER BY {} LIMIT {limit}",
            kinds.join(" UNION ALL "),
            order("d.", &places),
        );
        let sql = sql.finish(self.next.0, text);
        let documents = documents(session, ACTION, sql).await?;
        let rows = documents.iter().map(|document| {
            let (key, live, next) = serde_json::from_str(document).map_err(unreadable)?;
            Ok(ChangedRow { key, live, next })
        });
        rows.collect()
    }

    async fn asked(
        &self,
        session: &mut impl Session,
        asked: &[String],
    ) -> Result<Vec<ChangedRow>, StoreError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let dialect = session.tables();
        let keys = key(self.next.1);
        let fields = indexed(&keys);
        let mut found = Vec::new();
        for part in dialect.parts(self.next.0, &fields, asked)? {
            let mut sql = Builder::new(&dialect);
            let bind = sql.bind(Bind::Text(Some(part)));
            let text = format!(
                "SELECT NULL, {} FROM {} LEFT JOIN {} AS l ON {} LEFT JOIN {} AS n ON {} \
                 ORDER BY k.number",
                dialect.text(&dialect.array(&self.objects(&dialect, &keys))),
                dialect.elements(&bind, "k", &fields),
                dialect.found(self.live.0),
                of_key(&dialect, "l", &fields),
                dialect.found(self.next.0),
                of_key(&dialect, "n", &fields),
            );
            let sql = sql.finish(self.next.0, text);
            found.extend(documents(session, ACTION, sql).await?);
        }
        let rows = asked.iter().zip(&found).map(|(key, document)| {
            let key: Value = serde_json::from_str(key).map_err(unreadable)?;
            let (live, next) = serde_json::from_str(document).map_err(unreadable)?;
            Ok(ChangedRow { key, live, next })
        });
        rows.collect()
    }

    /// What was added, removed and changed, and the side whose key such a row has.
    fn kinds(&self, dialect: &impl TableDialect) -> [(String, &'static str); 3] {
        let live = dialect.found(self.live.0);
        let next = dialect.found(self.next.0);
        let keys = key(self.next.1);
        let equal: Vec<_> = keys
            .iter()
            .map(|key| dialect.quoted(&key.name))
            .map(|name| format!("l.{name} = n.{name}"))
            .collect();
        let equal = equal.join(" AND ");
        let mut differ: Vec<_> = self
            .shared()
            .map(|column| dialect.quoted(&column.name))
            .map(|name| dialect.differ(&format!("l.{name}"), &format!("n.{name}")))
            .collect();
        differ.push("1 = 0".to_owned());
        // No column of a key is ever empty in a row that is there.
        let key = keys
            .first()
            .map_or(String::new(), |key| dialect.quoted(&key.name));
        [
            (
                format!("FROM {next} AS n LEFT JOIN {live} AS l ON {equal} WHERE l.{key} IS NULL"),
                "n",
            ),
            (
                format!("FROM {live} AS l LEFT JOIN {next} AS n ON {equal} WHERE n.{key} IS NULL"),
                "l",
            ),
            (
                format!(
                    "FROM {live} AS l JOIN {next} AS n ON {equal} WHERE {}",
                    differ.join(" OR ")
                ),
                "n",
            ),
        ]
    }

    /// The columns that both have; of another kind it is another column.
    fn shared(&self) -> impl Iterator<Item = &Column> {
        self.live.1.columns.iter().filter(|column| {
            let other = self.next.1.column(&column.name);
            !column.is_key && other.is_some_and(|other| other.kind == column.kind)
        })
    }

    /// The key and both rows, as text.
    fn document(&self, dialect: &impl TableDialect, alias: &str, keys: &[&Column]) -> String {
        let mut items = vec![dialect.values(alias, keys)];
        items.extend(self.objects(dialect, keys));
        dialect.text(&dialect.array(&items))
    }

    fn objects(&self, dialect: &impl TableDialect, keys: &[&Column]) -> [String; 2] {
        [("l", self.live.1), ("n", self.next.1)].map(|(alias, table)| {
            let key = keys
                .first()
                .map_or(String::new(), |key| dialect.quoted(&key.name));
            let present = format!("{alias}.{key}");
            dialect.json_if(&present, &dialect.object(alias, &all(table)))
        })
    }
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Backend {
        action: ACTION,
        source: error.into(),
    }
}
