//! The aggregate.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use peers_harness::{Account, Deposit, Event, Id, NotAllowed};
use serde::{Deserialize, Serialize};

peers_harness::local_event!(AccountEvent);

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        self.kind().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl AccountEvent {
    pub(crate) fn is_counted_in(&self, counts: &mut peers_harness::Counts) {
        self.count_in(counts);
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct BankAccount(pub(crate) Account);

pub(crate) enum Command {
    Open(Event),
    Deposit(Id, Deposit),
    Several(Vec<Event>),
}

impl Aggregate for BankAccount {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = AccountEvent;
    type Error = NotAllowed;
    type Services = ();

    // A sink applies an event at once to what it is given, and a commit applies it once more for a
    // snapshot. Given the aggregate itself, as documented, 0.5.0 writes snapshots of doubled states.
    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), NotAllowed> {
        let mut nobody = Self::default();
        match command {
            Command::Open(event) => sink.write(event.into(), &mut nobody).await,
            Command::Deposit(id, deposit) => {
                self.0.may_deposit(deposit.amount)?;
                sink.write(deposit.into_event(&id).into(), &mut nobody)
                    .await;
            }
            Command::Several(events) => {
                for event in events {
                    sink.write(event.into(), &mut nobody).await;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        event.apply_to(&mut self.0);
    }
}
