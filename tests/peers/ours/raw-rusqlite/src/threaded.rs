//! On a thread of the connection's own.

use std::sync::mpsc;
use std::thread;

use peers_harness::{Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};
use tokio::sync::oneshot;

use crate::by_hand::{self, Hand};

type Job = Box<dyn FnOnce(&Hand) + Send>;

pub(crate) struct Threaded(mpsc::Sender<Job>);

impl Threaded {
    pub(crate) fn start(path: &str) -> Outcome<Self> {
        let connection = by_hand::open(path, "thread")?;
        let (jobs, todo) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for job in todo {
                job(&connection);
            }
        });
        Ok(Self(jobs))
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Hand) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (answer, answered) = oneshot::channel();
        let job = move |connection: &Hand| {
            // Whoever asked has gone; nobody else wants to know.
            let _ = answer.send(job(connection));
        };
        let sent = self.0.send(Box::new(job));
        sent.map_err(|_| "the thread has ended")?;
        answered.await?
    }
}

impl Peer for Threaded {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        let id = id.clone();
        self.run(move |on| by_hand::insert(on, &id, 1, &event(&id, 0)))
            .await
    }

    // The decision is the caller's, so these are two jobs.
    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let loaded = id.clone();
        let found = self
            .run(move |on| by_hand::load(on, &loaded, source))
            .await?;
        let id = id.clone();
        self.run(move |on| by_hand::decide(on, found, &id, source, deposit))
            .await
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let id = id.clone();
        self.run(move |on| by_hand::batch(on, &id, source, from, events))
            .await
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let id = id.clone();
        let found = self.run(move |on| by_hand::load(on, &id, source)).await?;
        Ok(found.account.loaded())
    }

    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}
