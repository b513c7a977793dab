//! Tasks at once, without a runtime's help.

use std::future::poll_fn;
use std::task::Poll;

use crate::peer::{Outcome, Task};

/// Waits for all of them; the first failure ends it.
pub(crate) async fn all(mut tasks: Vec<Task>) -> Outcome {
    poll_fn(|context| {
        let mut failed = None;
        tasks.retain_mut(|task| match task.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(outcome) => {
                failed = failed.take().or(outcome.err());
                false
            }
        });
        match failed {
            Some(failure) => Poll::Ready(Err(failure)),
            None if tasks.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}
