//! Migrations, and whether a store has had them.

use rehydrate_port::StoreError;

/// One step of a schema; a released one never changes.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
}

/// The steps of a database's schema, in order.
#[derive(Debug)]
pub(crate) struct Migrations(pub(crate) &'static [Migration]);

impl Migrations {
    /// The newest migration that this program knows.
    pub(crate) fn known(&self) -> u32 {
        self.0.last().map_or(0, |migration| migration.version)
    }

    /// What a store with schema version `found` has not had yet.
    pub(crate) fn after(&self, found: u32) -> impl Iterator<Item = &'static Migration> {
        let migrations = self.0.iter();
        migrations.filter(move |migration| migration.version > found)
    }

    /// The schema version in a store's own table, at most the newest known one.
    pub(crate) fn not_newer(&self, store: &str, found: i64) -> Result<u32, StoreError> {
        match u32::try_from(found) {
            Ok(found) if found <= self.known() => Ok(found),
            found => Err(self.mismatch(
                store,
                found.unwrap_or(u32::MAX),
                "run the newer program that has migrated it",
            )),
        }
    }

    /// Refuses a schema that is not this program's.
    pub(crate) fn check(
        &self,
        store: &str,
        found: u32,
        advice: &'static str,
    ) -> Result<(), StoreError> {
        if found == self.known() {
            Ok(())
        } else {
            Err(self.mismatch(store, found, advice))
        }
    }

    fn mismatch(&self, store: &str, found: u32, advice: &'static str) -> StoreError {
        StoreError::SchemaMismatch {
            store: store.to_owned(),
            found,
            known: self.known(),
            advice,
        }
    }
}
