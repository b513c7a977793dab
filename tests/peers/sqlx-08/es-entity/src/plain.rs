//! The entity without snapshots.

use es_entity::*;
use peers_harness::Account;
use sqlx::PgPool;

use crate::event::{BankAccountEvent, BankAccountId};

#[derive(EsEntity)]
pub struct BankAccount {
    pub id: BankAccountId,
    pub account: Account,
    pub(crate) events: EntityEvents<BankAccountEvent>,
}

impl TryFromEvents<BankAccountEvent> for BankAccount {
    fn try_from_events(
        events: EntityEvents<BankAccountEvent>,
    ) -> Result<Self, EntityHydrationError> {
        let mut account = Account::default();
        for event in events.iter_all() {
            event.apply_to(&mut account);
        }
        Ok(Self {
            id: *events.id(),
            account,
            events,
        })
    }
}

impl BankAccount {
    pub(crate) fn push(&mut self, event: BankAccountEvent) {
        event.apply_to(&mut self.account);
        self.events.push(event);
    }
}

pub struct NewBankAccount {
    pub id: BankAccountId,
    pub events: Vec<BankAccountEvent>,
}

impl IntoEvents<BankAccountEvent> for NewBankAccount {
    type IdSource = FromCaller;

    fn into_events(
        self,
        builder: EntityEventsBuilder<BankAccountEvent, FromCaller>,
    ) -> EntityEvents<BankAccountEvent> {
        builder.initial_events(self.id, self.events)
    }
}

#[derive(EsRepo, Debug)]
#[es_repo(entity = "BankAccount", id(source = caller))]
pub struct BankAccounts {
    pool: PgPool,
}

impl BankAccounts {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
