//! The fold itself, without a store: events in, rows changed.

use std::collections::HashMap;

use rehydrate_port::{BoxError, DecodeError, StoredEvent};
use smallvec::SmallVec;

use super::check::check_row;
use super::times::{keep_row, kept_key};
use super::{EventOf, Projection};
use crate::error::guarded;
use crate::event::panicked;
use crate::event_set::{EventSet, Recorded};
use crate::read_model::ReadModel;

pub(crate) type KeyOf<P> = <<P as Projection>::Row as ReadModel>::Key;

/// A stored event, read, with the keys of the rows it concerns: one list for each of the events
/// that it means today.
pub(crate) struct Prepared<'a, P: Projection> {
    pub(crate) parts: Vec<Part<'a, P>>,
}

type Part<'a, P> = (Recorded<'a, EventOf<P>>, Keys<P>);

/// Most events concern one row.
type Keys<P> = SmallVec<[KeyOf<P>; 1]>;

/// Rows as they were before an event.
type Before<'k, P> = SmallVec<[(&'k KeyOf<P>, Option<<P as Projection>::Row>); 1]>;

impl<'a, P: Projection> Prepared<'a, P> {
    pub(crate) fn new(projection: &P, stored: StoredEvent<'a>) -> Result<Self, BoxError> {
        let mut is_decoded = false;
        let prepared = guarded(|| {
            let events = P::Events::decode(&stored)?;
            is_decoded = true;
            let mut parts = Vec::with_capacity(events.len());
            for (part, event) in events.into_iter().enumerate() {
                let recorded = Recorded {
                    part: stored.part + part,
                    ..Recorded::new(event, stored)
                };
                let mut keys = Keys::<P>::new();
                for key in projection.keys(&recorded)? {
                    keys.push(kept_key::<P>(key)?);
                }
                keys.sort_unstable();
                keys.dedup();
                parts.push((recorded, keys));
            }
            Ok(Self { parts })
        });
        prepared.map_err(|error| {
            if is_decoded || error.is::<DecodeError>() {
                error
            } else {
                panicked(&stored, error.to_string()).into()
            }
        })
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &KeyOf<P>> {
        self.parts.iter().flat_map(|(_, keys)| keys)
    }
}

/// Some rows while events are applied to them.
pub(crate) struct Rows<P: Projection> {
    rows: HashMap<KeyOf<P>, Option<P::Row>>,
    changed: Vec<KeyOf<P>>,
}

impl<P: Projection> Default for Rows<P> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            changed: Vec::new(),
        }
    }
}

impl<P: Projection> Rows<P> {
    pub(crate) fn knows(&self, key: &KeyOf<P>) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn learn(&mut self, key: KeyOf<P>, row: Option<P::Row>) {
        self.rows.insert(key, row);
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, key: &KeyOf<P>) -> Option<&P::Row> {
        self.rows.get(key)?.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyOf<P>, &P::Row)> {
        let rows = self.rows.iter();
        rows.filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// The keys of the rows that have been touched since the last call.
    pub(crate) fn take_changed(&mut self) -> Vec<KeyOf<P>> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Applies an event to all the rows that it concerns, or to none of them.
    pub(crate) fn apply(
        &mut self,
        projection: &P,
        prepared: &Prepared<'_, P>,
    ) -> Result<(), BoxError> {
        let mut before = Before::<P>::new();
        let applied = guarded(|| {
            let mut keys: SmallVec<[&KeyOf<P>; 1]> = prepared.keys().collect();
            // The keys of one part are different ones.
            if prepared.parts.len() > 1 {
                keys.sort_unstable();
                keys.dedup();
            }
            for key in keys {
                before.push((key, self.rows.get(key).cloned().flatten()));
            }
            for (event, keys) in &prepared.parts {
                for key in keys {
                    let row = match self.rows.get_mut(key) {
                        Some(row) => row,
                        None => self.rows.entry(key.clone()).or_default(),
                    };
                    projection.apply(row, event)?;
                    if let Some(row) = row {
                        check_row(&P::Row::TABLE, row)?;
                    }
                    keep_row::<P>(row)?;
                    check_key::<P>(key, row.as_ref())?;
                }
            }
            Ok(())
        });
        match applied {
            Ok(()) => {
                for (key, _) in before {
                    if self.changed.last() != Some(key) {
                        self.changed.push(key.clone());
                    }
                }
            }
            Err(_) => {
                for (key, row) in before {
                    self.rows.insert(key.clone(), row);
                }
            }
        }
        applied
    }
}

/// A row that is stored under another key than the one it was asked for would overwrite a stranger.
fn check_key<P: Projection>(key: &KeyOf<P>, row: Option<&P::Row>) -> Result<(), BoxError> {
    match row.map(ReadModel::key) {
        Some(found) if found != *key => Err(format!(
            "`apply` was given the row with the key {key:?} and left one with the key {found:?}"
        )
        .into()),
        _ => Ok(()),
    }
}
