//! The console of an application.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;
use std::sync::Arc;

use rehydrate::{
    Aggregate, Clock, EventStore, Operations, Projection, Reactor, Rebuild, SystemClock,
};
use serde::Serialize;

use crate::args::{Command, Ops};
use crate::commands;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::registry::Registry;

/// What an operator can do with an application's store.
///
/// It carries out [`Ops`], and knows the types that the application has told it of.
///
/// ```
/// # use std::process::ExitCode;
/// # use rehydrate::{Aggregate, EventStore, Projection};
/// # use rehydrate_console::{Console, Ops};
/// # async fn show<Fine: Aggregate + serde::Serialize, Balances: Projection>(
/// #     store: impl EventStore, ops: Ops, balances: Balances, next_balances: Balances,
/// # ) -> ExitCode {
/// Console::new(store)
///     .aggregate::<Fine>()
///     .projection(balances)
///     .projection(next_balances)
///     .run(ops)
///     .await
/// # }
/// ```
#[must_use = "a console does nothing until it is run"]
pub struct Console {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) operations: Operations,
    pub(crate) registry: Registry,
}

impl Console {
    /// A console for a store, which knows no types yet.
    pub fn new(store: impl EventStore) -> Self {
        let store: Arc<dyn EventStore> = Arc::new(store);
        Self {
            clock: Arc::new(SystemClock),
            operations: Operations::new(Arc::clone(&store)),
            store,
            registry: Registry::default(),
        }
    }

    /// Takes the time from this clock.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self.operations = self.operations.with_clock(Arc::clone(&self.clock));
        self.registry.set_clock(&self.clock);
        self
    }

    /// Shows the states of an aggregate, and verifies its snapshots and its stored events.
    pub fn aggregate<A: Aggregate + Serialize>(mut self) -> Self {
        self.registry.aggregate::<A>(&self.store);
        self
    }

    /// Rebuilds a projection. Of several versions the newest counts, where none is asked for.
    pub fn projection<P: Projection>(mut self, projection: P) -> Self {
        let rebuild = Rebuild::new(Arc::clone(&self.store), projection);
        let rebuild = rebuild.with_clock(Arc::clone(&self.clock));
        self.registry.projection::<P>(rebuild);
        self
    }

    /// Knows a reactor by its name; what is done with it is done in the program that runs it.
    pub fn reactor<R: Reactor>(mut self, _reactor: R) -> Self {
        self.registry.reactors.push(R::NAME);
        self
    }

    /// Carries out a command, and prints to stdout and stderr.
    pub async fn run(&self, ops: Ops) -> ExitCode {
        let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
        let is_terminal = stderr.is_terminal();
        let mut output = Output::new(ops.json, &mut stdout, &mut stderr, is_terminal);
        self.carry_out(ops.command, &mut output).await.into()
    }

    /// Carries out a command, prints the result to `result` and everything else to `beside`.
    ///
    /// For tests, and for those who want the result elsewhere.
    pub async fn run_with(
        &self,
        ops: Ops,
        result: &mut (dyn Write + Send),
        beside: &mut (dyn Write + Send),
    ) -> Exit {
        let mut output = Output::new(ops.json, result, beside, false);
        self.carry_out(ops.command, &mut output).await
    }

    pub(crate) async fn carry_out(&self, command: Command, output: &mut Output<'_>) -> Exit {
        match self.execute(command, output).await {
            Ok(exit) => exit,
            Err(error) => output.error(&error),
        }
    }

    pub(crate) async fn execute(
        &self,
        command: Command,
        output: &mut Output<'_>,
    ) -> Result<Exit, OpsError> {
        match command {
            Command::Status(args) => commands::status::run(self, &args, output).await,
            Command::Lag(args) => commands::lag::run(self, &args, output).await,
            Command::Streams(args) => commands::streams::run(self, args, output).await,
            Command::Stream(args) => commands::stream::run(self, args, output).await,
            Command::Projections(args) => commands::projections::run(self, args, output).await,
            Command::DeadLetters(args) => commands::letters::run(self, args, output).await,
            Command::Relay(args) => commands::relay::run(self, args, output).await,
            Command::Verify(args) => commands::verify::run(self, &args, output).await,
            Command::Schema(args) => commands::schema::run(self, args, output).await,
            Command::Copy(args) => commands::copy::run(self, &args, output).await,
            Command::Doctor => commands::doctor::run(self, output).await,
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("store", &self.store)
            .field("aggregates", &self.registry.aggregates.keys())
            .field("projections", &self.registry.projections.keys())
            .field("reactors", &self.registry.reactors)
            .finish_non_exhaustive()
    }
}
