//! The commands.

use std::sync::{Arc, Mutex, PoisonError};

use eventcore::{
    CommandError, CommandLogic, CommandStateSnapshotId, CommandStreams, NewEvents,
    StreamDeclarations, StreamId,
};
use peers_harness::{Account, Deposit, Id, Loaded, NotAllowed, Outcome, Source, event};
use serde_json::Value;

use crate::account::{AccountEvent, stream};

/// What is done to an account.
pub(crate) enum Action {
    Open,
    Deposit(Deposit),
    Several {
        from: u64,
        events: u64,
    },
    /// Nothing: there is no load but for a command.
    Look(Arc<Mutex<Option<Loaded>>>),
}

pub(crate) struct Command {
    id: Id,
    stream: StreamId,
    source: Source,
    action: Action,
}

impl Command {
    pub(crate) fn new(id: &Id, source: Source, action: Action) -> Outcome<Self> {
        Ok(Self {
            id: id.clone(),
            stream: stream(&id.text)?,
            source,
            action,
        })
    }

    fn new_event(&self, event: peers_harness::Event) -> AccountEvent {
        AccountEvent::new(self.stream.clone(), event)
    }
}

impl CommandStreams for Command {
    fn stream_declarations(&self) -> StreamDeclarations {
        StreamDeclarations::single(self.stream.clone())
    }
}

impl CommandLogic for Command {
    type Event = AccountEvent;
    type State = Account;

    fn apply(&self, mut state: Account, event: &AccountEvent) -> Account {
        event.apply_to(&mut state);
        state
    }

    fn handle(&self, state: Account) -> Result<NewEvents<AccountEvent>, CommandError> {
        let refused = |reason: NotAllowed| CommandError::ValidationError(reason.to_string());
        let events = match &self.action {
            Action::Open => {
                eventcore::require!(!state.open, "the account is open already");
                vec![self.new_event(event(&self.id, 0))]
            }
            Action::Deposit(deposit) => {
                state.may_deposit(deposit.amount).map_err(refused)?;
                vec![self.new_event(deposit.clone().into_event(&self.id))]
            }
            Action::Several { from, events } => (*from..from + events)
                .map(|number| self.new_event(event(&self.id, number)))
                .collect(),
            Action::Look(seen) => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                *seen = Some(state.loaded());
                Vec::new()
            }
        };
        Ok(events.into())
    }

    fn command_state_snapshot_id(&self) -> Option<CommandStateSnapshotId> {
        let name = format!("account-v1-{}", self.id.text);
        let id = CommandStateSnapshotId::try_new(name).ok();
        id.filter(|_| self.source == Source::Snapshot)
    }

    fn serialize_command_state_snapshot(&self, state: &Account) -> Result<Value, CommandError> {
        serde_json::to_value(state).map_err(|error| invalid(&error))
    }

    fn deserialize_command_state_snapshot(&self, value: Value) -> Result<Account, CommandError> {
        serde_json::from_value(value).map_err(|error| invalid(&error))
    }
}

fn invalid(error: &serde_json::Error) -> CommandError {
    CommandError::ValidationError(error.to_string())
}
