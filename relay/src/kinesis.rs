//! Amazon Kinesis Data Streams.
//!
//! ```no_run
//! use rehydrate_relay::kinesis::{KinesisOptions, KinesisPublisher, KinesisSource};
//!
//! # async fn example() -> Result<(), rehydrate_relay::ConnectError> {
//! let options = KinesisOptions::new("kinesis://eu-west-1?endpoint=http://127.0.0.1:4567")?
//!     .create(true)
//!     .shards(2);
//! let publisher = KinesisPublisher::connect(options.clone()).await?;
//! let source = KinesisSource::connect(options, "payments").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where
//!
//! `kinesis://region[?parameter=value&…]`. A topic is the stream of that name. Parameters:
//!
//! | parameter | is | otherwise |
//! |---|---|---|
//! | `endpoint` | where the service is: `http://host:port` or `https://host:port` | the one of AWS in the region |
//! | `create` | whether a stream is made if it is missing; one that is being made is awaited for a minute at most | `false` |
//! | `shards` | how many shards it gets then | 1 |
//! | `largest` | how large a record may be, in bytes, with its key | what the stream says, or 1 MiB |
//!
//! With the feature `kinesis` alone, only an `http:` endpoint can be reached: a server of one's
//! own. The service of AWS needs `kinesis-aws`, which is TLS (rustls with ring, and the authorities
//! of the system).
//!
//! Credentials that the [options](KinesisOptions) do not name come from the environment:
//! `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and `AWS_SESSION_TOKEN` if they are temporary.
//! With `kinesis-aws`, and if these are not set, they come from where AWS's own tools find them: a
//! profile, a web identity, the role of a container or of a machine; not from single sign-on, nor
//! from a process. No secret is ever shown or logged. What is allowed to whom:
//!
//! | who | actions |
//! |---|---|
//! | a publisher | `kinesis:PutRecords`, `kinesis:DescribeStreamSummary` |
//! | a source | `kinesis:GetRecords`, `kinesis:GetShardIterator`, `kinesis:ListShards`, `kinesis:DescribeStreamSummary` |
//! | with `create` | `kinesis:CreateStream`, too |
//! | if the stream is encrypted by a key of one's own | `kms:GenerateDataKey` who writes, `kms:Decrypt` who reads |
//!
//! # What is sent
//!
//! A record of Kinesis has no headers, so its data is the [`CloudEvent`](rehydrate::CloudEvent) as
//! one JSON object, which is the structured mode. Its partition key is the message's key: the
//! aggregate's stream, `payment/0190…`. A key of more than 256 characters is cut and gets a hash of
//! the whole, an empty one is `-`. A record with its key has 1 MiB at most, unless the stream was
//! told to take up to 10 MiB (`aws kinesis update-max-record-size`). Records are not aggregated as
//! the Kinesis Producer Library does it: whoever reads without its counterpart could not read them.
//!
//! # What holds
//!
//! - **Order.** `PutRecords` takes some records of a request and not others, and promises no order
//!   among them. So of a key, one record at a time is on its way, in whatever request, and the next
//!   one follows when it is confirmed. Keys do not wait for each other: a request has up to 500
//!   records or 5 MiB, and [4](KinesisOptions::requests) are on their way at a time. So a batch is
//!   as fast as its keys are many, and one of a single key needs a round trip for each message.
//! - **What AWS promises of that.** A record that comes after another was confirmed gets a higher
//!   number, *as a rule*: the documentation calls the order one by arrival time, and promises it
//!   without an "about" only for `PutRecord`, one request a record, with
//!   `SequenceNumberForOrdering`, which this does not use. The numbers of a key are compared within
//!   a batch, and one that is too low is logged as an error.
//! - **At least once.** A record whose confirmation was lost is sent again, and then is there
//!   twice: Kinesis knows no ids. The second one may come late, behind later ones of its key, if
//!   the network has kept it; so may the records of a batch whose future was dropped. The first one
//!   of each message never comes before the first one of an earlier message of its key, because
//!   nothing is sent before what precedes it is confirmed, and nothing at all after the future is
//!   dropped. Readers that remember the last version of each stream, as a [`Feed`](rehydrate::Feed)
//!   does, see neither.
//! - **A record that is not taken** (its shard has had enough, or an internal failure) is sent
//!   again with longer and longer pauses for [10 s](KinesisOptions::patience), and then has failed:
//!   its key waits, the others have gone on. A request that is throttled as a whole is sent again
//!   as long, one that nobody answers three times; then everything waits.
//! - **Confirmed is stored**, in three zones, until the stream's retention is over: 24 hours,
//!   unless it was given more, and a year at most.
//! - **A stream is read** shard by shard with `GetRecords`, without leases and tables: each reader
//!   reads all of it. A shard has 5 such requests a second and 2 MiB a second for *all* its readers
//!   together, so some readers are many; one that gets too little waits, and says nothing. Enhanced
//!   fan-out is not used. A record can be read some time after it was confirmed, mostly within a
//!   second.
//! - **Resharding.** A shard that came of others is read when those were read to their end, so a
//!   key stays in order. An offset says how far each shard was read:
//!   `shardId-000000000000:<sequence number>@<time>,shardId-000000000001:end,…`; shards that it
//!   does not name are read from their beginning.
//! - **The end** that was there at the opening has been read when Kinesis has said of every shard
//!   that there is nothing more (`MillisBehindLatest`), or a record has come that is a minute
//!   younger than the reader. An empty answer is no end.
//! - **Gone.** Kinesis does not say that something was thrown away: it goes on with the oldest that
//!   is left. So an offset has a time (to ten minutes) by which its shard was read to. If that is
//!   longer ago than the retention, and what was read last is not there any more, then something
//!   may be missing, and it is gone; a shard where nothing happened all that time is, too, because
//!   nobody can know. The same is checked of a reader that is too slow. It is also gone where a
//!   shard is not listed any more that was not read to its end, and where Kinesis does not know the
//!   sequence number: the stream was made anew. Not noticed: what was thrown away of a shard of
//!   which nothing was read yet, and a retention that was made shorter and longer again.
//! - **From a time on** is by the time that Kinesis has written on a record when it came
//!   (`ApproximateArrivalTimestamp`), in milliseconds.
//! - **What others have aggregated** (Kinesis Producer Library) is handed over as no event, with
//!   the advice to switch that off.
//!
//! # Tested with
//!
//! kinesalite 3.3.3 over HTTP: the contracts, `kill -9` and restarts, splits and merges, expired
//! records, and, behind a proxy, partial failures, lost answers, throttling and refusals. moto
//! 5.2.5: the contracts, and another region (it has no closed shards, and loses records that are
//! written at the same time). Not tested: **the service of AWS itself**, its throttling and its
//! limits, TLS beyond the making of the client, credentials beyond the given and the environment's,
//! KMS, on-demand streams, records of more than 1 MiB.

mod fetch;
mod link;
mod options;
mod place;
mod publisher;
mod reader;
mod record;
mod sequence;
mod shards;
mod source;
mod trouble;
mod window;

pub use self::options::KinesisOptions;
pub use self::publisher::KinesisPublisher;
pub use self::source::KinesisSource;
