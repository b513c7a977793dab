//! The connections to a server.
//!
//! Not the driver's pool, which asks each connection after each use whether it is still there: a
//! second round trip for every call. Here a connection goes back only after a call that came to
//! its end, so there is nothing to ask; one whose call was cut short is closed.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rehydrate_port::StoreError;
use sqlx::{ConnectOptions as _, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::Dialect;

type Options<D> = <<D as sqlx::Database>::Connection as Connection>::Options;

/// How many connections, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_connections: usize,
    /// How long to wait for a connection, new or not.
    pub(crate) acquire_timeout: Duration,
    /// A connection that nobody has used for so long is closed.
    pub(crate) idle_timeout: Duration,
    /// A connection that is so old is closed after its next use.
    pub(crate) max_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(10 * 60),
            max_lifetime: Duration::from_secs(30 * 60),
        }
    }
}

/// Connections that are opened when they are needed and kept for the next call.
#[derive(Debug)]
pub(crate) struct Pool<D: Dialect>(Arc<Shared<D>>);

struct Shared<D: Dialect> {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle<D>>>,
    options: Options<D>,
    limits: Limits,
    store: Arc<str>,
}

struct Idle<D: Dialect> {
    connection: D::Connection,
    opened: Instant,
    since: Instant,
}

impl<D: Dialect> Pool<D> {
    pub(crate) fn new(options: Options<D>, limits: Limits, store: Arc<str>) -> Self {
        let count = limits.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Shared {
            permits: Arc::new(Semaphore::new(count)),
            idle: Mutex::default(),
            options,
            limits,
            store,
        }))
    }

    /// A connection from the pool, or a new one.
    pub(crate) async fn acquire(&self) -> Result<Pooled<D>, StoreError> {
        let shared = &self.0;
        // Too far away for a clock is as good as never.
        let patience = shared
            .limits
            .acquire_timeout
            .min(Duration::from_secs(1 << 30));
        let deadline = tokio::time::Instant::now() + patience;
        let permit = Arc::clone(&shared.permits).acquire_owned();
        let Ok(Ok(permit)) = timeout_at(deadline, permit).await else {
            return Err(shared.unavailable("all connections are taken"));
        };
        if let Some(Idle {
            connection, opened, ..
        }) = shared.pop()
        {
            return Ok(self.pooled(connection, opened, true, permit));
        }
        let opened = Instant::now();
        match timeout_at(deadline, shared.options.connect()).await {
            Ok(Ok(connection)) => Ok(self.pooled(connection, opened, false, permit)),
            Ok(Err(error)) => Err(D::explain(&shared.store, "connect", error)),
            Err(_) => Err(shared.unavailable("the server does not answer")),
        }
    }

    /// Closes what is not in use: where one connection was cut, the others are, too.
    pub(crate) fn forget_idle(&self) {
        self.0.idle().clear();
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn options(&self) -> &Options<D> {
        &self.0.options
    }

    fn pooled(
        &self,
        connection: D::Connection,
        opened: Instant,
        is_reused: bool,
        permit: OwnedSemaphorePermit,
    ) -> Pooled<D> {
        Pooled {
            connection: Some(connection),
            opened,
            is_reused,
            pool: self.clone(),
            _permit: permit,
        }
    }
}

impl<D: Dialect> Clone for Pool<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Dialect> Shared<D> {
    fn pop(&self) -> Option<Idle<D>> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < self.limits.idle_timeout);
        idle.pop()
    }

    fn unavailable(&self, what: &str) -> StoreError {
        StoreError::Unavailable {
            reason: format!(
                "{what}; waited {:?} for a connection to {}",
                self.limits.acquire_timeout, self.store
            ),
            source: None,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle<D>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Dialect> std::fmt::Debug for Shared<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The options hold a password.
        f.debug_struct("Pool")
            .field("store", &self.store)
            .field("limits", &self.limits)
            .field("idle", &self.idle().len())
            .finish_non_exhaustive()
    }
}

/// A connection on loan; closed when dropped, unless it was given back.
pub(crate) struct Pooled<D: Dialect> {
    /// None only while being given back.
    connection: Option<D::Connection>,
    opened: Instant,
    is_reused: bool,
    pool: Pool<D>,
    _permit: OwnedSemaphorePermit,
}

impl<D: Dialect> Pooled<D> {
    /// Whether it was used before, so that the server may have closed it meanwhile.
    pub(crate) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Keeps the connection, which has nothing left to read and no open transaction.
    pub(crate) fn give_back(mut self) {
        let shared = &self.pool.0;
        if let Some(connection) = self.connection.take()
            && self.opened.elapsed() < shared.limits.max_lifetime
        {
            shared.idle().push(Idle {
                connection,
                opened: self.opened,
                since: Instant::now(),
            });
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "only giving it back takes the connection"
)]
impl<D: Dialect> Deref for Pooled<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        self.connection.as_ref().expect("BUG: a connection in use")
    }
}

#[expect(
    clippy::expect_used,
    reason = "only giving it back takes the connection"
)]
impl<D: Dialect> DerefMut for Pooled<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        self.connection.as_mut().expect("BUG: a connection in use")
    }
}

impl<D: Dialect> std::fmt::Debug for Pooled<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pooled")
            .field("is_reused", &self.is_reused)
            .finish_non_exhaustive()
    }
}
