//! The aggregate.

use eventually_core::aggregate::Aggregate;
use futures::future::BoxFuture;
use peers_harness::{Account, Counts, Deposit, Event, Id, NotAllowed};

peers_harness::local_event!(AccountEvent);

impl AccountEvent {
    pub(crate) fn is_counted_in(&self, counts: &mut Counts) {
        self.count_in(counts);
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Deposit(Id, Deposit),
    Several(Vec<Event>),
}

#[derive(Debug, Clone)]
pub(crate) struct Bank;

impl Aggregate for Bank {
    type Id = String;
    type State = Account;
    type Event = AccountEvent;
    type Command = Command;
    type Error = NotAllowed;

    fn apply(mut state: Account, event: AccountEvent) -> Result<Account, NotAllowed> {
        event.apply_to(&mut state);
        Ok(state)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _: &'s String,
        state: &'s Account,
        command: Command,
    ) -> BoxFuture<'a, Result<Option<Vec<AccountEvent>>, NotAllowed>> {
        Box::pin(async move {
            Ok(Some(match command {
                Command::Deposit(id, deposit) => {
                    state.may_deposit(deposit.amount)?;
                    vec![deposit.into_event(&id).into()]
                }
                Command::Several(events) => events.into_iter().map(Into::into).collect(),
            }))
        })
    }
}
