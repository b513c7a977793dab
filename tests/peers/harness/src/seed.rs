//! What is in the databases before anything is measured.

use crate::id::{Id, Kind};
use crate::peer::{Outcome, Peer, Source};
use crate::sizes::{CommandSizes, Sizes};

/// How many events follow a snapshot.
pub(crate) const TAIL: u64 = 25;

const LARGEST_COMMIT: u64 = 1_000;

/// What W5 replays: one commit a stream.
pub(crate) async fn replay<P: Peer>(peer: &P, sizes: &Sizes) -> Outcome {
    for stream in 0..sizes.streams {
        let id = Id::new(Kind::Replay, stream);
        let events = sizes.events_of_a_stream;
        peer.batch(&id, Source::Events, 0, events).await?;
    }
    Ok(())
}

/// The accounts of W2 and W4, which are added to what W5 replays.
pub(crate) async fn commands<P: Peer>(peer: &P, sizes: &Sizes) -> Outcome {
    for commands in &sizes.commands {
        for account in 0..commands.accounts {
            let id = commands.id(Kind::Command, account);
            peer.batch(&id, Source::Events, 0, commands.events).await?;
        }
    }
    long(peer, &Id::new(Kind::Load, 0), Source::Events, sizes.loaded).await?;
    if P::loads_from(Source::Cache) {
        let commands = sizes.shortest();
        for account in 0..commands.accounts {
            let id = commands.id(Kind::CommandFromCache, account);
            peer.batch(&id, Source::Events, 0, commands.events).await?;
        }
    }
    if P::loads_from(Source::Snapshot) {
        with_snapshots(peer, sizes).await?;
    }
    peer.settle().await
}

/// Events, a snapshot of them, and a few events after it.
async fn with_snapshots<P: Peer>(peer: &P, sizes: &Sizes) -> Outcome {
    let commands = sizes.longest();
    let accounts = (0..commands.accounts)
        .map(|account| {
            let id = commands.id(Kind::CommandFromSnapshot, account);
            (id, commands.events)
        })
        .chain([(Id::new(Kind::LoadFromSnapshot, 0), sizes.loaded)]);
    let accounts: Vec<_> = accounts.collect();
    for (id, events) in &accounts {
        long(peer, id, Source::Snapshot, *events).await?;
    }
    peer.settle().await?;
    for (id, events) in &accounts {
        peer.make_snapshot(id).await?;
        peer.batch(id, Source::Snapshot, *events, TAIL).await?;
    }
    Ok(())
}

async fn long<P: Peer>(peer: &P, id: &Id, source: Source, events: u64) -> Outcome {
    let mut from = 0;
    while from < events {
        let some = (events - from).min(LARGEST_COMMIT);
        peer.batch(id, source, from, some).await?;
        from += some;
    }
    Ok(())
}

impl CommandSizes {
    /// An account of this length.
    pub(crate) fn id(&self, kind: Kind, account: u64) -> Id {
        Id::new(kind, self.events * 100_000 + account)
    }
}
