//! W5: a subscription, run once.

use std::sync::{Arc, Mutex, PoisonError};

use evento::Executor;
use evento::context::Data;
use evento::metadata::Event;
use evento::subscription::{Context, SubscriptionBuilder};
use peers_harness::{Counts, Outcome};

use crate::account::{Deposited, Opened, Withdrawn};

type Shared = Data<Arc<Mutex<Counts>>>;

#[evento::subscription]
async fn on_opened<E: Executor>(
    context: &Context<'_, E>,
    _event: Event<Opened>,
) -> anyhow::Result<()> {
    let counts: Shared = context.extract();
    counts
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .opened();
    Ok(())
}

#[evento::subscription]
async fn on_deposited<E: Executor>(
    context: &Context<'_, E>,
    event: Event<Deposited>,
) -> anyhow::Result<()> {
    let counts: Shared = context.extract();
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.deposited(event.data.amount);
    Ok(())
}

#[evento::subscription]
async fn on_withdrawn<E: Executor>(
    context: &Context<'_, E>,
    event: Event<Withdrawn>,
) -> anyhow::Result<()> {
    let counts: Shared = context.extract();
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.withdrawn(event.data.amount);
    Ok(())
}

/// In chunks of 1,000: its default of 300 is slower.
pub(crate) async fn all<E: Executor + Clone + 'static>(executor: &E) -> Outcome<Counts> {
    let counts = Arc::new(Mutex::new(Counts::default()));
    // A name that nobody has used begins at the beginning.
    let name = format!("peers-{}", std::process::id());
    SubscriptionBuilder::new(name)
        .data(Data::new(Arc::clone(&counts)))
        .handler(on_opened())
        .handler(on_deposited())
        .handler(on_withdrawn())
        .any_routing_key()
        .no_retry()
        .chunk_size(1_000)
        .run_once(executor)
        .await?;
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(counts.clone())
}
