//! NATS with JetStream.
//!
//! ```no_run
//! use rehydrate_relay::nats::{NatsOptions, NatsPublisher, NatsSource};
//!
//! # async fn example() -> Result<(), rehydrate_relay::ConnectError> {
//! let options = NatsOptions::new("nats://127.0.0.1:4222/payments")?
//!     .create(true)
//!     .subjects(["payments.>", "audit.>"]);
//! let publisher = NatsPublisher::connect(options.clone()).await?;
//! let source = NatsSource::connect(options, "payments.public").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where
//!
//! `nats://[user:password@]host[:port][,host[:port]…]/stream[?parameter=value&…]`, or `tls://…`; the
//! port is 4222 if there is none, and what stands alone before the `@` is a token. A file of TLS's
//! means TLS, whatever the address begins with. Parameters:
//!
//! | parameter | is | otherwise |
//! |---|---|---|
//! | `create` | whether the stream is made if it is missing | `false` |
//! | `subjects` | its subjects then, with commas between them | `<stream>.>` |
//! | `credentials` | a file of credentials | none |
//! | `tls_ca` | a PEM file of authorities | those of the system |
//! | `tls_certificate`, `tls_key` | PEM files: who we are | nobody |
//!
//! A login that neither the address nor the [options](NatsOptions) name comes from the environment:
//! `REHYDRATE_NATS_USER` with `REHYDRATE_NATS_PASSWORD`, or `REHYDRATE_NATS_TOKEN`, or
//! `REHYDRATE_NATS_NKEY` (a seed), or `REHYDRATE_NATS_CREDENTIALS` (a file). No secret is ever shown
//! or logged. A stream that is there is used as it is, `create` or not.
//!
//! Besides publishing to its subjects, a publisher asks `$JS.API.STREAM.INFO.<stream>`, and
//! `$JS.API.STREAM.CREATE.<stream>` where it may make the stream; a source
//! asks that, `$JS.API.STREAM.MSG.GET.<stream>`, `$JS.API.CONSUMER.CREATE.<stream>` and
//! `$JS.API.CONSUMER.MSG.NEXT.<stream>.>`. Both subscribe to `_INBOX.>`.
//!
//! # What is sent
//!
//! To the subject `<topic>.<key>`: the key in one token, where blanks, `.`, `*`, `>`, `%` and what is
//! not ASCII are percent-encoded, so `payments.payment/0190…`. The server remembers every subject it
//! has messages of, in memory: a hundred bytes or so for each stream of events. The data is the
//! payload; the rest is in headers, which is the binary mode of [CloudEvents for
//! NATS](https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md),
//! with values percent-encoded as it says:
//!
//! | header | is |
//! |---|---|
//! | `ce-id`, `ce-source`, `ce-type`, `ce-subject`, `ce-time`, … | the attributes of the [`CloudEvent`](rehydrate::CloudEvent), `ce-specversion` and `ce-datacontenttype` too |
//! | `Nats-Msg-Id` | `<id>@<topic>`: the event's id, with the topic because an event may go to several |
//! | `Nats-Expected-Stream` | the stream, so that no other one takes it |
//!
//! # What holds
//!
//! - **Order.** Of a key, one message at a time is on its way, and the next one follows when it is
//!   confirmed; keys do not wait for each other ([512](NatsOptions::window) at a time). So a batch is
//!   as fast as its keys are many, and one of a single key needs a round trip for each message.
//! - **At least once.** A message whose confirmation was lost is sent again, and the stream leaves
//!   it out if it knows its `Nats-Msg-Id`: that is, within its duplicate window of 2 minutes, unless
//!   [another one](NatsOptions::duplicate_window) was chosen. After that, it is there twice. It
//!   works the other way, too: who purges a stream and publishes the same events at once publishes
//!   nothing, until the window has passed.
//! - **Confirmed is stored** by as many servers as the stream has replicas. A server that loses
//!   power may lose the last 2 minutes of a stream with one replica (its `sync_interval`).
//! - **A topic is read** with `<topic>.*`, or with a filter of one's own (`payments.>`); an offset is
//!   a sequence of the stream. Readers are ephemeral consumers: they leave nothing behind, and go on
//!   by themselves when the server was away. Events in structured mode are read as well.
//! - **Gone** is said where the stream begins behind what comes next. In a stream of several topics
//!   the server does not say whose messages it has thrown away, so it may be said where only others'
//!   are gone. Messages that were deleted one by one are no hole.
//!
//! # Tested with
//!
//! nats-server 2.9.10, one server, as the tests print it: the contracts, `kill -9` and restarts,
//! logins by user, token and NKey, TLS with an authority of one's own and with a client's
//! certificate. Not tested: clusters, leaf nodes, JetStream domains, mirrors, later servers, and
//! logins by a credentials file (JWT).

mod envelope;
mod link;
mod options;
mod publisher;
mod reader;
mod source;
mod subject;

pub use self::options::NatsOptions;
pub use self::publisher::NatsPublisher;
pub use self::source::NatsSource;
