//! What accompanies a command: its idempotency key, its cause, its author, its time.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use rehydrate_port::{Fingerprint, Metadata, Version};
use serde::Serialize;
use serde_json::Value;

/// What accompanies a command: for one call of `execute_with`, or for a whole task.
///
/// ```
/// use rehydrate::CommandContext;
///
/// let context = CommandContext::new()
///     .idempotency_key("order-17/pay")
///     .actor("till 4")
///     .metadata("ip", "192.0.2.1");
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct CommandContext {
    pub(crate) idempotency_key: Option<String>,
    pub(crate) fingerprint: Option<Result<Fingerprint, String>>,
    pub(crate) expected_version: Option<Version>,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    pub(crate) metadata: Metadata,
}

impl CommandContext {
    /// A context with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the command happen once, however often it is sent: a repetition appends nothing and
    /// returns the first one's outcome.
    ///
    /// A key is 1 to 255 bytes and belongs to one command in the whole store. It is kept with the
    /// events: a command that was refused, or that decided on no events, has not used its key.
    pub fn idempotency_key(mut self, key: impl Display) -> Self {
        self.idempotency_key = Some(key.to_string());
        self
    }

    /// Ties the idempotency key to the command's content, so that the same key with another
    /// content is an error rather than a repetition. Without it a key is only tied to its stream.
    ///
    /// The content is compared by its JSON form, in which the order of a map's keys does not
    /// matter. A content that cannot be written as JSON is refused when the command is executed.
    pub fn fingerprint(mut self, content: &impl Serialize) -> Self {
        let value = serde_json::to_value(content);
        self.fingerprint = Some(match value {
            Ok(value) => Ok(Fingerprint::of(&canonical(&value))),
            Err(error) => Err(error.to_string()),
        });
        self
    }

    /// Refuses the command, without a retry, unless the aggregate has this version: what
    /// `If-Match` is to HTTP.
    pub fn expected_version(mut self, version: Version) -> Self {
        self.expected_version = Some(version);
        self
    }

    /// The time at which it happened, for imports of history and for tests; otherwise the
    /// repository's clock says it. Never earlier than the stream's last event; kept to the
    /// microsecond.
    pub fn recorded_at(mut self, time: DateTime<Utc>) -> Self {
        self.recorded_at = Some(time);
        self
    }

    /// What ties all events of one business conversation together.
    pub fn correlation_id(mut self, id: impl Display) -> Self {
        self.metadata.correlation_id = Some(id.to_string());
        self
    }

    /// The message or event that this command answers.
    pub fn causation_id(mut self, id: impl Display) -> Self {
        self.metadata.causation_id = Some(id.to_string());
        self
    }

    /// The person or program that asks for it.
    pub fn actor(mut self, actor: impl Display) -> Self {
        self.metadata.actor = Some(actor.to_string());
        self
    }

    /// An entry of the application's own.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.custom.insert(key.into(), value.into());
        self
    }

    /// Runs a future in which every command has this context, unless it says otherwise itself.
    ///
    /// A web middleware uses it once, and no handler needs to pass anything on. A scope inside a
    /// scope adds to it. A task that is spawned inside has none of it; give it
    /// [`CommandContext::current`].
    ///
    /// An idempotency key serves the first command of the task, whatever becomes of it. A second one
    /// without a key of its own is refused, because the store could not tell it from a repetition of
    /// the first.
    ///
    /// ```
    /// # use rehydrate::CommandContext;
    /// # async fn handle() {}
    /// # async fn middleware() {
    /// CommandContext::new().actor("till 4").scope(handle()).await;
    /// # }
    /// ```
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        let (context, key_used) = self.within_task();
        let scope = Scope {
            context,
            key_used: key_used.unwrap_or_default(),
        };
        CURRENT.scope(Arc::new(scope), future).await
    }

    /// The context of this task, to be given to another task: all but the idempotency key, which
    /// belongs to one command.
    pub fn current() -> Self {
        let (mut context, _) = Self::new().within_task();
        context.idempotency_key = None;
        context.fingerprint = None;
        context
    }

    /// Completes the context with that of its task. If the key is the task's, it comes with the
    /// flag that says whether a command has used it.
    pub(crate) fn within_task(mut self) -> (Self, Option<Arc<AtomicBool>>) {
        let Ok(scope) = CURRENT.try_with(Arc::clone) else {
            return (self, None);
        };
        let task = &scope.context;
        let mut key_used = None;
        if self.idempotency_key.is_none() && task.idempotency_key.is_some() {
            self.idempotency_key.clone_from(&task.idempotency_key);
            self.fingerprint = self.fingerprint.or_else(|| task.fingerprint.clone());
            key_used = Some(Arc::clone(&scope.key_used));
        }
        self.expected_version = self.expected_version.or(task.expected_version);
        self.recorded_at = self.recorded_at.or(task.recorded_at);
        let own = &mut self.metadata;
        let outer = &task.metadata;
        own.correlation_id = own.correlation_id.take().or(outer.correlation_id.clone());
        own.causation_id = own.causation_id.take().or(outer.causation_id.clone());
        own.actor = own.actor.take().or(outer.actor.clone());
        for (key, value) in &outer.custom {
            own.custom
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        (self, key_used)
    }
}

struct Scope {
    context: CommandContext,
    key_used: Arc<AtomicBool>,
}

tokio::task_local! {
    static CURRENT: Arc<Scope>;
}

/// JSON in which the keys of every object are sorted.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let entries = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::String(key.clone()), canonical(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        plain => plain.to_string(),
    }
}
