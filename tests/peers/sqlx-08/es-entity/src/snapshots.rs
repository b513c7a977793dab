//! The entity with a snapshot every 50 events.

use es_entity::*;
use peers_harness::Account;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::event::{SnapAccountEvent, SnapAccountId};

#[derive(EsSnapshot, Debug, Clone, Serialize, Deserialize)]
#[es_snapshot(version = 1)]
pub struct AccountSnapshot {
    pub account: Account,
}

#[derive(EsEntity)]
pub struct SnapAccount {
    pub id: SnapAccountId,
    pub account: Account,
    events: EntityEvents<SnapAccountEvent, AccountSnapshot>,
}

impl TryFromEvents<SnapAccountEvent, AccountSnapshot> for SnapAccount {
    fn try_from_events(
        events: EntityEvents<SnapAccountEvent, AccountSnapshot>,
    ) -> Result<Self, EntityHydrationError> {
        let mut account = Account::default();
        for replayed in events.replay() {
            match replayed {
                Replay::Snapshot(snapshot) => account = snapshot.account.clone(),
                Replay::Event(event) => event.apply_to(&mut account),
            }
        }
        Ok(Self {
            id: *events.id(),
            account,
            events,
        })
    }
}

impl HeadSnapshot for SnapAccount {
    fn capture(&self) -> Option<AccountSnapshot> {
        let is_due = self.events.tail_len() + self.events.len_new() >= 50;
        is_due.then(|| AccountSnapshot {
            account: self.account.clone(),
        })
    }
}

impl SnapAccount {
    pub(crate) fn push(&mut self, event: SnapAccountEvent) {
        event.apply_to(&mut self.account);
        self.events.push(event);
    }
}

pub struct NewSnapAccount {
    pub id: SnapAccountId,
    pub events: Vec<SnapAccountEvent>,
}

impl IntoEvents<SnapAccountEvent> for NewSnapAccount {
    type IdSource = FromCaller;

    fn into_events(
        self,
        builder: EntityEventsBuilder<SnapAccountEvent, FromCaller>,
    ) -> EntityEvents<SnapAccountEvent> {
        builder.initial_events(self.id, self.events)
    }
}

#[derive(EsRepo, Debug)]
#[es_repo(entity = "SnapAccount", id(source = caller), snapshot)]
pub struct SnapAccounts {
    pool: PgPool,
}

impl SnapAccounts {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
