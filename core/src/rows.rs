//! Reading a read model.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use rehydrate_port::{
    EventStore, Filter, Operator, Order, Position, RowQuery, RowsRead, StoreError, Table,
};
use serde::Serialize;

use crate::projection::{Projection, key_values};
use crate::read_model::ReadModel;

/// Reads the rows of a projection's live table.
///
/// They can be read with plain SQL as well: the table is an ordinary one with the name and the
/// columns of the row. This way there is no SQL, and every answer knows its position.
///
/// ```
/// # use rehydrate::{MemoryStore, Projection, ReadModel, Rows};
/// # async fn show<P: Projection>(store: MemoryStore) -> Result<(), Box<dyn std::error::Error>> {
/// let balances = Rows::<P>::new(store);
/// let open = balances.all().more_than("outstanding_cents", 0).limit(20).read().await?;
/// println!("{} rows as of position {}", open.rows.len(), open.position);
/// # Ok(())
/// # }
/// ```
pub struct Rows<P> {
    store: Arc<dyn EventStore>,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> Rows<P> {
    /// The rows of a projection in a store.
    #[must_use]
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            projection: PhantomData,
        }
    }

    /// The row with this key.
    ///
    /// # Errors
    /// As for [`Selection::read`].
    pub async fn get(&self, key: &<P::Row as ReadModel>::Key) -> Result<Option<P::Row>, RowsError> {
        let mut one = self.all().limit(1);
        one.query.key = Some(key_values::<P>(key).to_string());
        Ok(one.read().await?.rows.pop())
    }

    /// All rows; narrow it down before you read.
    pub fn all(&self) -> Selection<'_, P> {
        Selection {
            store: &*self.store,
            query: RowQuery::all(P::NAME, table::<P>()),
            fault: None,
            projection: PhantomData,
        }
    }
}

fn table<P: Projection>() -> Table {
    P::Row::TABLE
}

impl<P> Clone for Rows<P> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            projection: PhantomData,
        }
    }
}

impl<P> fmt::Debug for Rows<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Some rows, before they are read.
#[must_use = "nothing is read before `read` or `total`"]
pub struct Selection<'a, P> {
    store: &'a dyn EventStore,
    query: RowQuery,
    fault: Option<RowsError>,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> Selection<'_, P> {
    /// Only rows whose column is this value.
    pub fn equal(self, column: &str, value: impl Serialize) -> Self {
        self.filter(column, Operator::Equal, value)
    }

    /// Only rows whose column is more than this value.
    pub fn more_than(self, column: &str, value: impl Serialize) -> Self {
        self.filter(column, Operator::More, value)
    }

    /// Only rows whose column is less than this value.
    pub fn less_than(self, column: &str, value: impl Serialize) -> Self {
        self.filter(column, Operator::Less, value)
    }

    /// Only rows whose column compares so with a value.
    pub fn filter(mut self, column: &str, operator: Operator, value: impl Serialize) -> Self {
        match (self.named(column), serde_json::to_value(value)) {
            (Ok(column), Ok(value)) => self.query.filters.push(Filter {
                column,
                operator,
                value,
            }),
            (Err(fault), _) => self.fault = Some(fault),
            (_, Err(source)) => self.fault = Some(RowsError::Value(source)),
        }
        self
    }

    /// Ordered by a column; without it by the key.
    pub fn order_by(mut self, column: &str, order: Order) -> Self {
        match self.named(column) {
            Ok(column) => self.query.order_by = Some((column, order)),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Only rows after this key, in the order of the key.
    pub fn after(mut self, key: &<P::Row as ReadModel>::Key) -> Self {
        self.query.after = Some(key_values::<P>(key).to_string());
        self
    }

    /// At most this many.
    pub fn limit(mut self, rows: usize) -> Self {
        self.query.limit = Some(rows);
        self
    }

    /// Reads them, all at one moment.
    ///
    /// # Errors
    /// [`RowsError::UnknownColumn`]: a mistake in the code. [`RowsError::Row`]: the table was built
    /// by another version of the projection. [`RowsError::Store`]: see its kind; the store answers
    /// with an error, too, if the projection has never run.
    pub async fn read(self) -> Result<Selected<P::Row>, RowsError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let consumers = crate::runner::consumers(self.store)?;
        let RowsRead { rows, position } = consumers.select_rows(&self.query).await?;
        let rows: Result<Vec<P::Row>, _> =
            rows.iter().map(|text| serde_json::from_str(text)).collect();
        Ok(Selected {
            rows: rows.map_err(RowsError::Row)?,
            position,
        })
    }

    /// Counts them and adds up some of their columns, all at one moment, whatever the limit.
    ///
    /// # Errors
    /// As for [`Selection::read`].
    pub async fn total<const N: usize>(self, columns: [&str; N]) -> Result<Total<N>, RowsError> {
        for column in columns {
            self.named(column)?;
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let consumers = crate::runner::consumers(self.store)?;
        let totals = consumers.total_rows(&self.query, &columns).await?;
        let mut sums = [0; N];
        for (sum, total) in sums.iter_mut().zip(totals.sums) {
            *sum = total;
        }
        Ok(Total {
            rows: totals.rows,
            sums,
            position: totals.position,
        })
    }

    fn named(&self, column: &str) -> Result<String, RowsError> {
        let table = &self.query.table;
        match table.column(column) {
            Some(column) => Ok(column.name.to_string()),
            None => Err(RowsError::UnknownColumn {
                table: table.name.to_string(),
                column: column.to_owned(),
            }),
        }
    }
}

impl<P> fmt::Debug for Selection<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

/// Rows of a read model at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Every event up to here is in them.
    pub position: Position,
}

/// What rows of a read model come to at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total<const N: usize> {
    /// How many rows there are.
    pub rows: u64,
    /// The sums, in the order of the columns that were asked for.
    pub sums: [i64; N],
    /// Every event up to here is in them.
    pub position: Position,
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// The table has no such column.
    #[error("the table {table} has no column {column}")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The column that was asked for.
        column: String,
    },
    /// A value to compare with cannot be written as JSON.
    #[error("a value to compare with cannot be written as JSON")]
    Value(#[source] serde_json::Error),
    /// A stored row has another shape than the program's.
    #[error("a stored row has another shape than the program's")]
    Row(#[source] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
