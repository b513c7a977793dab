//! esrs 0.18, on PostgreSQL.

use esrs::manager::AggregateManager;
use esrs::store::postgres::{PgStore, PgStoreBuilder};
use esrs::{Aggregate, AggregateState};
use futures_util::StreamExt;
use peers_harness::{
    Account, Arguments, Counts, Deposit, Event, Id, Loaded, NotAllowed, Outcome, Peer, Phase,
    Source, Task, event, measure_replay, run,
};
use uuid::Uuid;

peers_harness::local_event!(AccountEvent);

struct Bank;

enum Command {
    Deposit(Id, Deposit),
    Several(Vec<Event>),
}

impl Aggregate for Bank {
    const NAME: &'static str = "account";
    type State = Account;
    type Command = Command;
    type Event = AccountEvent;
    type Error = NotAllowed;

    fn handle_command(state: &Account, command: Command) -> Result<Vec<AccountEvent>, NotAllowed> {
        match command {
            Command::Deposit(id, deposit) => {
                state.may_deposit(deposit.amount)?;
                Ok(vec![deposit.into_event(&id).into()])
            }
            Command::Several(events) => Ok(events.into_iter().map(Into::into).collect()),
        }
    }

    fn apply_event(mut state: Account, event: AccountEvent) -> Account {
        event.apply_to(&mut state);
        state
    }
}

struct Accounts {
    manager: AggregateManager<PgStore<Bank>>,
}

impl Accounts {
    async fn state(&self, id: &Id) -> Outcome<AggregateState<Account>> {
        let state = self.manager.load(uuid(id)).await?;
        Ok(state.ok_or("there is no such account")?)
    }
}

impl Peer for Accounts {
    fn spawn(task: Task) -> Task {
        peers_shared::spawn(task)
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.batch(id, Source::Events, 0, 1).await
    }

    async fn command(&self, id: &Id, _: Source, deposit: Deposit) -> Outcome {
        let state = self.state(id).await?;
        let deposit = Command::Deposit(id.clone(), deposit);
        self.manager.handle_command(state, deposit).await??;
        Ok(())
    }

    async fn batch(&self, id: &Id, _: Source, from: u64, events: u64) -> Outcome {
        let state = match from {
            0 => AggregateState::with_id(uuid(id)),
            _ => self.state(id).await?,
        };
        let events = (from..from + events).map(|number| event(id, number));
        let several = Command::Several(events.collect());
        self.manager.handle_command(state, several).await??;
        Ok(())
    }

    async fn load(&self, id: &Id, _: Source) -> Outcome<Loaded> {
        Ok(self.state(id).await?.inner().loaded())
    }
}

fn uuid(id: &Id) -> Uuid {
    Uuid::from_u128(id.number)
}

/// All events of the aggregate's type, as its store streams them: faster than its rebuilder.
async fn replay(url: &str) -> Outcome<Counts> {
    let pool = peers_shared::postgres(url, 1).await?;
    let store = PgStoreBuilder::<Bank>::new(pool.clone())
        .without_running_migrations()
        .try_build()
        .await?;
    let mut events = store.stream_events(&pool);
    let mut counts = Counts::default();
    while let Some(event) = events.next().await {
        event?.payload.count_in(&mut counts);
    }
    Ok(counts)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let url = &arguments.url;
    if arguments.phase == Phase::Replay {
        return measure_replay(&arguments.sizes, replay(url)).await;
    }
    run(&arguments, async |connections| {
        let pool = peers_shared::postgres(url, connections).await?;
        let mut builder = PgStoreBuilder::<Bank>::new(pool);
        if arguments.phase != Phase::SeedReplay {
            builder = builder.without_running_migrations();
        }
        let manager = AggregateManager::new(builder.try_build().await?);
        Ok(Accounts { manager })
    })
    .await
}
