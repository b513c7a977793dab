//! A connection, and whether it holds.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::context::{ContextBuilder, CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{self, Info, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, Event};
use tokio::sync::watch;

use super::options::NatsOptions;
use crate::connect::ConnectError;

/// Before a stream is made again that the server had no place for.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(500),
];

/// A connection to the servers of one stream; the client behind it reconnects by itself.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) jetstream: Context,
    pub(super) stream: String,
    /// The server and the stream, for people.
    pub(super) destination: String,
    state: watch::Receiver<LinkState>,
    complaint: Arc<Mutex<Option<String>>>,
}

/// Whether there is a connection, and how often one was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkState {
    pub(super) is_lost: bool,
    pub(super) losses: u64,
}

impl Link {
    /// Connects, and looks for the stream or makes it.
    pub(super) async fn open(
        options: &NatsOptions,
    ) -> Result<(Self, stream::Config), ConnectError> {
        let stream = options.stream_name()?.to_owned();
        let destination = options.destination();
        let (told, state) = watch::channel(LinkState::default());
        let complaint = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&complaint);
        let client = options
            .client(|name| std::env::var(name).ok())
            .await?
            .event_callback(move |event| {
                hear(event, &told, &heard);
                std::future::ready(())
            })
            .connect(options.servers())
            .await
            .map_err(|error| not_connected(&destination, error))?;
        let jetstream = ContextBuilder::new()
            .timeout(options.timeout)
            .ack_timeout(options.timeout)
            .build(client.clone());
        let link = Self {
            client,
            jetstream,
            stream,
            destination,
            state,
            complaint,
        };
        let config = link.find(options).await?;
        Ok((link, config))
    }

    async fn find(&self, options: &NatsOptions) -> Result<stream::Config, ConnectError> {
        let stream = match self.jetstream.get_stream(&self.stream).await {
            Err(error) if is_missing(&error.kind()) => match options.new_stream() {
                Some(new) => self.make(new).await?,
                None => return Err(self.missing(options, error)),
            },
            Err(error) => return Err(self.unknown(error.into())),
            Ok(found) => found,
        };
        Ok(stream.cached_info().config.clone())
    }

    async fn make(&self, new: stream::Config) -> Result<Stream, ConnectError> {
        let subjects = new.subjects.join(", ");
        let mut pauses = PAUSES.iter();
        loop {
            // Whoever makes it at the same time makes the same, and that is no error.
            let made = self.jetstream.get_or_create_stream(new.clone()).await;
            let error = match made {
                Ok(made) => return Ok(made),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if has_no_room(&error.kind()) => tokio::time::sleep(*pause).await,
                _ => return Err(self.not_made(&subjects, error.into())),
            }
        }
    }

    fn not_made(&self, subjects: &str, source: rehydrate::BoxError) -> ConnectError {
        ConnectError::Refused {
            destination: self.destination.clone(),
            reason: format!(
                "a stream with the subjects {subjects} cannot be made: see which other stream has \
                 one of them with `nats stream ls --subject`, and whether this user may make one"
            ),
            source: Some(source),
        }
    }

    fn missing(
        &self,
        options: &NatsOptions,
        error: impl Into<rehydrate::BoxError>,
    ) -> ConnectError {
        let subjects = options.wanted_subjects().join(",");
        ConnectError::Refused {
            destination: self.destination.clone(),
            reason: format!(
                "there is no such stream: make it with `nats stream add {} --subjects '{subjects}' \
                 --storage file --defaults`, or say `create=true`",
                self.stream
            ),
            source: Some(error.into()),
        }
    }

    fn unknown(&self, error: rehydrate::BoxError) -> ConnectError {
        ConnectError::Unavailable {
            destination: self.destination.clone(),
            reason: format!(
                "JetStream does not say whether it has the stream: is it enabled, and may this \
                 user publish to `$JS.API.STREAM.INFO.{}`?{}",
                self.stream,
                self.complaint()
            ),
            source: Some(error),
        }
    }

    /// What the stream has now; `None` if there is no such stream.
    pub(super) async fn info(&self) -> Result<Option<Info>, rehydrate::BoxError> {
        match self.jetstream.get_stream(&self.stream).await {
            Ok(stream) => Ok(Some(stream.cached_info().clone())),
            Err(error) if is_missing(&error.kind()) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// The last thing that the server has said against us, as the end of a sentence.
    pub(super) fn complaint(&self) -> String {
        let said = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*said {
            Some(said) => format!("; the server said last: {said}"),
            None => String::new(),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

fn hear(event: Event, told: &watch::Sender<LinkState>, heard: &Mutex<Option<String>>) {
    match event {
        Event::Disconnected => told.send_modify(|state| {
            state.is_lost = true;
            state.losses += 1;
        }),
        Event::Connected => told.send_modify(|state| state.is_lost = false),
        // Nobody is answered when they publish where they may not: this is all there is to know.
        Event::ServerError(said) => {
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(said.to_string());
        }
        _ => {}
    }
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(said)
        if said.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn not_connected(destination: &str, error: async_nats::ConnectError) -> ConnectError {
    let destination = destination.to_owned();
    let refused = |reason: &str| (reason.to_owned(), true);
    let (reason, is_refused) = match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => refused(
            "it does not let us in: check the user and password (REHYDRATE_NATS_USER, \
             REHYDRATE_NATS_PASSWORD), the token (REHYDRATE_NATS_TOKEN), the NKey \
             (REHYDRATE_NATS_NKEY) or the credentials (REHYDRATE_NATS_CREDENTIALS)",
        ),
        _ if is_about_tls(&error) => {
            refused("TLS does not work out: check `tls_ca`, `tls_certificate` and `tls_key`")
        }
        ConnectErrorKind::ServerParse => refused("the address is none that the client knows"),
        _ => (
            "there is no connection: does the server run there, and does it want TLS?".to_owned(),
            false,
        ),
    };
    let source = Some(error.into());
    if is_refused {
        return ConnectError::Refused {
            destination,
            reason,
            source,
        };
    }
    ConnectError::Unavailable {
        destination,
        reason,
        source,
    }
}

/// The server could not make the folder: while it deletes the last stream of an account it removes
/// the one that all are in.
fn has_no_room(error: &CreateStreamErrorKind) -> bool {
    matches!(error, CreateStreamErrorKind::JetStream(answer)
        if answer.error_code() == ErrorCode::STREAM_CREATE)
}

/// The client has a kind for that, and an I/O error with bad data inside for a certificate that it
/// does not trust.
fn is_about_tls(error: &async_nats::ConnectError) -> bool {
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    error.kind() == ConnectErrorKind::Tls
        || io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData)
}
