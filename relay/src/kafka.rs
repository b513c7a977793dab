//! Apache Kafka, and brokers that speak its protocol.
//!
//! ```no_run
//! use rehydrate_relay::kafka::{KafkaOptions, KafkaPublisher, KafkaSource};
//!
//! # async fn example() -> Result<(), rehydrate_relay::ConnectError> {
//! let options = KafkaOptions::new("kafka://127.0.0.1:9092")?
//!     .create(true)
//!     .partitions(12)
//!     .option("compression.type", "lz4")?;
//! let publisher = KafkaPublisher::connect(options.clone()).await?;
//! let source = KafkaSource::connect(options, "payments").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where
//!
//! `kafka://[user:password@]host[:port][,host[:port]…][?parameter=value&…]`, or `kafka+tls://…`; the
//! port is 9092 if there is none, and there is no path, because every message and every source names
//! its topic. A file of TLS's means TLS, whatever the address begins with. Parameters:
//!
//! | parameter | is | otherwise |
//! |---|---|---|
//! | `create` | whether a topic is made if it is missing | `false` |
//! | `partitions`, `replication` | how many it has then, and how many copies of each | as the broker likes |
//! | `sasl` | `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512` | `PLAIN`, if there is a user |
//! | `tls_ca` | a PEM file of authorities | those of the system |
//! | `tls_certificate`, `tls_key` | PEM files: who we are | nobody |
//! | `structured` | whether messages are JSON objects without headers | `false` |
//! | `idempotent` | whether brokers tell repetitions | `true` |
//! | `watermarks` | whether brokers know where a partition ends | `true` |
//! | `broker_version` | of brokers before 0.10, which do not say it | they are asked |
//!
//! A login that neither the address nor the [options](KafkaOptions) name comes from the environment:
//! `REHYDRATE_KAFKA_USER` with `REHYDRATE_KAFKA_PASSWORD`. No secret is ever shown or logged; the log
//! of librdkafka is that of [`tracing`], with the target `librdkafka`. Everything else that librdkafka
//! can be told is an [option](KafkaOptions::option). `kafka+tls:` and SCRAM need the feature
//! `kafka-tls`.
//!
//! A publisher needs `Write` and `Describe` for its topics, and `IdempotentWrite` for the cluster on
//! brokers before 2.8; a source `Read` and `Describe`, and the client asks for the coordinator of the
//! group `rehydrate` (`Describe`), though it never joins it: without that right it reads as well.
//! Making a topic wants `Create`.
//!
//! # What is sent
//!
//! The record's key is the message's key, `payment/0190…`, and the partition is chosen by it as Java's
//! clients do (murmur2). The value is the payload; the rest is in headers, which is the binary mode of
//! [CloudEvents for
//! Kafka](https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md):
//!
//! | header | is |
//! |---|---|
//! | `ce_id`, `ce_source`, `ce_type`, `ce_subject`, `ce_time`, … | the attributes of the [`CloudEvent`](rehydrate::CloudEvent), `ce_specversion` too |
//! | `content-type` | its `datacontenttype` |
//!
//! [Structured](KafkaOptions::structured), the value is one JSON object and there is no header: brokers
//! before 0.11 have none. A source reads both, whatever it is told.
//!
//! # What holds
//!
//! - **Order.** The messages of a batch are on their way at once; those of one key, too, as far as
//!   they are in one request, which a broker takes or refuses as a whole: what is handed over within
//!   half of `linger.ms` (5), up to `batch.size` and `batch.num.messages`. A thread that is held up for
//!   the other half while it does that is left to the sequence numbers of the brokers. What follows of
//!   a key waits for what is on its way. When a broker refuses a request, the producer stops for good
//!   (`enable.gapless.guarantee`, which librdkafka calls experimental); what is left is sent again by
//!   another producer, one message a request and one of a key at a time, so that the one that is at
//!   fault is found and the others get through. A key whose messages go to several topics waits at each change of the topic. What takes
//!   longer than the [timeout](KafkaOptions::timeout) is given up together, with its producer: no
//!   message runs out of time alone and is overtaken by the next one.
//! - **At least once.** What was sent and not confirmed may be there: the failed message and later ones
//!   of its key behind it, in order. It is sent again, and then it is there twice, and its first
//!   appearances are in order. Within a call the brokers leave repetitions out, as long as the producer
//!   lives; Kafka does not know the ids of events, so readers have to, as feeds of rehydrate do.
//! - **Confirmed is stored** by all replicas that are in sync (`acks=all`). How many that are at least
//!   is `min.insync.replicas` of the topic; a broker that loses power may lose what only it has.
//! - **Brokers before 0.11**, or [without idempotence](KafkaOptions::idempotent): of a key one message
//!   at a time is on its way, so a batch needs as many round trips as its busiest key has messages;
//!   and a confirmation that is lost makes a duplicate within a call, too.
//! - **More partitions** for a topic give keys other partitions: messages of a key from before and
//!   after may be read in any order. Topics that are ordered keep the number they have.
//! - **A topic is read** from all of its partitions, without a group and without commits: readers do
//!   not disturb each other. An offset is `0:17,1:4`: for each partition what comes next. Partitions
//!   that are added are noticed within half a minute, and are read from their beginning. Transactions
//!   that are open or aborted are not read.
//! - **The end** that was there is reached with the message before it, or when a broker has nothing
//!   more. Of brokers [without watermarks](KafkaOptions::watermarks) it is the latter alone.
//! - **Compressed** messages are read if that is lz4 or snappy; others are refused, and so is what is
//!   damaged: nothing is left out.
//! - **Gone** is said where a partition begins behind what comes next, and where it ends before it or
//!   is not there, because the topic was made anew. One that was made anew and is longer is not told
//!   from the old one. What was compacted away is no hole.
//! - **A time** is that of the broker or of whoever has published, as the topic is set up
//!   (`message.timestamp.type`); it begins in each partition with the first message that is as young.
//!   Brokers before 0.10 know no times: a source of theirs cannot begin at one, and what it reads has
//!   the time of the event.
//!
//! # Tested with
//!
//! librdkafka 2.12.1 and, each with one broker: Tansu 0.6.0 in memory (the contracts, with
//! `watermarks=false`; logins that are refused); Apache Kafka 0.9.0.1, structured and not idempotent
//! (the contracts, but for times; `kill -9` and restarts, retention, partitions that are added, TLS
//! with an authority of one's own and with a client's certificate); and the mock cluster of librdkafka
//! (refusals, broken connections, brokers that are down or slow). Not tested: later versions of Apache
//! Kafka, clusters of several brokers, logins that are let in, transactions, compaction, and ACLs.

mod config;
mod envelope;
mod events;
mod failure;
mod feed;
mod gathering;
mod lane;
mod offset;
mod options;
mod outcomes;
mod places;
mod publisher;
mod reader;
mod source;
mod thread;
mod topics;

pub use self::options::{KafkaOptions, Mechanism};
pub use self::publisher::KafkaPublisher;
pub use self::source::KafkaSource;
