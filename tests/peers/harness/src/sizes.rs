//! How much of everything.

/// How many events, accounts and repetitions the workloads have.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Accounts that W1 creates.
    pub created: u64,
    /// Writers of W1 at once.
    pub writers: u64,
    /// The commands of W2.
    pub commands: Vec<CommandSizes>,
    /// Commands of W2 from the cache, on each of its accounts.
    pub cached_commands: u64,
    /// Events of a commit of W3.
    pub batch: u64,
    /// Commits of W3.
    pub batches: u64,
    /// Events of the account that W4 loads.
    pub loaded: u64,
    /// Loads of W4.
    pub loads: u64,
    /// Streams that W5 replays.
    pub streams: u64,
    /// Events of each of these streams.
    pub events_of_a_stream: u64,
    /// Events that W6 folds.
    pub folded: u64,
}

/// Commands on accounts of one length.
#[derive(Debug, Clone, Copy)]
pub struct CommandSizes {
    /// Events that each account has before.
    pub events: u64,
    /// How many accounts there are.
    pub accounts: u64,
    /// How many commands each of them gets.
    pub each: u64,
}

impl CommandSizes {
    const fn new(events: u64, accounts: u64, each: u64) -> Self {
        Self {
            events,
            accounts,
            each,
        }
    }
}

impl Sizes {
    /// What the figures in the documentation are measured with.
    #[must_use]
    pub fn full() -> Self {
        Self {
            created: 2_000,
            writers: 8,
            commands: vec![
                CommandSizes::new(10, 400, 1),
                CommandSizes::new(100, 150, 2),
                CommandSizes::new(1_000, 30, 8),
            ],
            cached_commands: 5,
            batch: 1_000,
            batches: 5,
            loaded: 10_000,
            loads: 5,
            streams: 1_000,
            events_of_a_stream: 200,
            folded: 1_000_000,
        }
    }

    /// To see whether everything works.
    #[must_use]
    pub fn small() -> Self {
        Self {
            created: 160,
            writers: 8,
            commands: vec![
                CommandSizes::new(10, 20, 1),
                CommandSizes::new(100, 5, 2),
                CommandSizes::new(1_000, 2, 3),
            ],
            cached_commands: 2,
            batch: 1_000,
            batches: 1,
            loaded: 2_000,
            loads: 1,
            streams: 20,
            events_of_a_stream: 200,
            folded: 50_000,
        }
    }

    /// The commands on the shortest accounts.
    pub(crate) fn shortest(&self) -> CommandSizes {
        self.commands[0]
    }

    /// The commands on the longest accounts, which are those with snapshots.
    pub(crate) fn longest(&self) -> CommandSizes {
        self.commands[self.commands.len() - 1]
    }
}
