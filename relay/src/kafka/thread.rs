//! What blocks is done on threads of its own: those of a runtime would keep it from ending.

use tokio::sync::oneshot;

/// Does something that blocks; `None` if there is no thread for it.
///
/// If the future is dropped, the thread goes on until it is done.
pub(super) async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    spawn(move || {
        // Nobody waits any more if it fails.
        let _ = done.send(work());
    })?;
    result.await.ok()
}

/// Drops a client, which waits for its threads and connections.
pub(super) fn drop_elsewhere(client: impl Send + 'static) {
    // Without a thread the closure is dropped here, and the client with it.
    let _ = spawn(move || drop(client));
}

/// Starts a thread, if there is one to be had.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> Option<()> {
    let thread = std::thread::Builder::new().name("rehydrate-kafka".to_owned());
    match thread.spawn(work) {
        Ok(_) => Some(()),
        Err(error) => {
            tracing::error!(%error, "there is no thread for a client of Kafka");
            None
        }
    }
}
