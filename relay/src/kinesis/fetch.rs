//! One look into a shard.

use std::time::Duration;

use aws_sdk_kinesis::primitives::DateTime as AwsTime;
use aws_sdk_kinesis::types::ShardIteratorType;
use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::ReceivedMessage;

use super::link::Link;
use super::place::Place;
use super::record;
use super::sequence::Sequence;
use super::trouble::{Kind, Trouble};

/// How many records are asked for at once.
const AT_ONCE: i32 = 2_000;
/// A time is no place if it is later than the service's clock, which may be behind ours.
const CLOCKS: TimeDelta = TimeDelta::seconds(10);
/// Kinesis may answer with nothing where there is something; it is asked so often before it is taken
/// at its word.
const LOOKS: usize = 5;
/// Between two looks at a shard, which takes 5 a second.
const SPACING: Duration = Duration::from_millis(200);

/// Where to look, and what for.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub(super) link: Link,
    pub(super) stream: String,
    pub(super) shard: String,
    /// Where the last look ended, if that is not too long ago.
    pub(super) iterator: Option<String>,
    pub(super) place: Place,
    /// What is older is passed over.
    pub(super) from: Option<DateTime<Utc>>,
    /// Something between may have been thrown away: looks whether the last record is still there.
    pub(super) may_have_hole: bool,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<(Sequence, ReceivedMessage)>,
    /// `None`: there is nothing more, and nothing more comes.
    pub(super) iterator: Option<String>,
    /// What the shard had got by then was seen.
    pub(super) until: DateTime<Utc>,
    /// Whether that was everything.
    pub(super) is_at_tip: bool,
}

/// Why nothing was seen.
#[derive(Debug)]
pub(super) enum Unseen {
    /// The service does not do what it is told: this.
    Trouble(&'static str, Trouble),
    /// What comes after the place may have been thrown away.
    Gone(String),
}

impl Fetch {
    pub(super) async fn page(&self) -> Result<Page, Unseen> {
        let iterator = match &self.iterator {
            Some(iterator) => iterator.clone(),
            None => self.begin().await?,
        };
        let page = match self.look(&iterator, AT_ONCE).await {
            // It is good for 5 minutes.
            Err(Unseen::Trouble(_, trouble)) if trouble.kind == Kind::ExpiredIterator => {
                self.look(&self.begin().await?, AT_ONCE).await?
            }
            looked => looked?,
        };
        // Afterwards: if the last record is still there now, then so was everything behind it.
        if self.may_have_hole {
            self.check_kept().await?;
        }
        Ok(page)
    }

    /// An iterator for the place.
    async fn begin(&self) -> Result<String, Unseen> {
        match (&self.place, self.from) {
            (Place::After(sequence), _) => {
                let after = ShardIteratorType::AfterSequenceNumber;
                self.iterator(after, Some(sequence), None).await
            }
            (_, Some(from)) => {
                let from = from.min(Utc::now() - CLOCKS);
                let at = ShardIteratorType::AtTimestamp;
                self.iterator(at, None, Some(from)).await
            }
            (_, None) => {
                let horizon = ShardIteratorType::TrimHorizon;
                self.iterator(horizon, None, None).await
            }
        }
    }

    async fn iterator(
        &self,
        kind: ShardIteratorType,
        sequence: Option<&Sequence>,
        time: Option<DateTime<Utc>>,
    ) -> Result<String, Unseen> {
        let asked = self.link.client.get_shard_iterator();
        let asked = asked.stream_name(&self.stream).shard_id(&self.shard);
        let answer = asked
            .shard_iterator_type(kind)
            .set_starting_sequence_number(sequence.map(|it| it.as_str().to_owned()))
            .set_timestamp(time.map(|time| AwsTime::from_millis(time.timestamp_millis())))
            .send()
            .await;
        let action = "GetShardIterator";
        match answer.map_err(Trouble::of) {
            Ok(answer) => answer.shard_iterator.ok_or_else(|| {
                Unseen::Trouble(action, Trouble::new(Kind::Away, "it gives no iterator"))
            }),
            Err(trouble) if trouble.kind == Kind::Invalid && sequence.is_some() => {
                Err(Unseen::Gone(format!(
                    "{} does not know the sequence number: it has expired, or the stream is \
                     another one than before ({})",
                    self.shard,
                    trouble.source()
                )))
            }
            Err(trouble) => Err(Unseen::Trouble(action, trouble)),
        }
    }

    async fn look(&self, iterator: &str, limit: i32) -> Result<Page, Unseen> {
        let asked = self.link.client.get_records();
        let asked = asked.shard_iterator(iterator).limit(limit);
        let answer = asked.send().await;
        let answer = answer.map_err(|error| Unseen::Trouble("GetRecords", Trouble::of(error)))?;
        let behind = answer.millis_behind_latest().unwrap_or_default();
        let behind = TimeDelta::try_milliseconds(behind).unwrap_or_default();
        // Some servers say that nothing is left where the limit was reached.
        let is_full = i32::try_from(answer.records().len()).unwrap_or(limit) >= limit;
        let records = answer.records.into_iter().map(|record| {
            let time = record.approximate_arrival_timestamp();
            let sent_at = time.map_or(DateTime::UNIX_EPOCH, |time| milliseconds(*time));
            let place = format!(
                "stream {}, shard {}, sequence {}",
                self.stream, self.shard, record.sequence_number
            );
            let sequence = Sequence::parse(&record.sequence_number).ok_or_else(|| {
                let said = format!("{:?} is no sequence number", record.sequence_number);
                Unseen::Trouble("GetRecords", Trouble::new(Kind::Refused, said))
            })?;
            let event = record::event(record.data.as_ref());
            Ok((sequence, ReceivedMessage::new(event, place, sent_at)))
        });
        Ok(Page {
            records: records.collect::<Result<_, Unseen>>()?,
            iterator: answer.next_shard_iterator,
            until: Utc::now() - behind,
            is_at_tip: behind.is_zero() && !is_full,
        })
    }

    /// That the last record that was read is still there.
    async fn check_kept(&self) -> Result<(), Unseen> {
        let gone = |what: &str| {
            Err(Unseen::Gone(format!(
                "{what} of {} has expired, and what came after it may have, too",
                self.shard
            )))
        };
        let Place::After(sequence) = &self.place else {
            return gone("what was to come next");
        };
        let at = ShardIteratorType::AtSequenceNumber;
        let mut iterator = self.iterator(at, Some(sequence), None).await?;
        for _ in 0..LOOKS {
            let page = self.look(&iterator, 1).await?;
            if let Some((first, _)) = page.records.first() {
                if first == sequence {
                    return Ok(());
                }
                break;
            }
            match page.iterator {
                Some(next) if !page.is_at_tip => iterator = next,
                _ => break,
            }
            tokio::time::sleep(SPACING).await;
        }
        gone("the last record that was read")
    }
}

/// The service counts milliseconds, and a fraction of a second as a number may miss one.
fn milliseconds(time: AwsTime) -> DateTime<Utc> {
    let nanos = time.subsec_nanos().saturating_add(500_000);
    let rounded = DateTime::from_timestamp(time.secs(), 0).unwrap_or_default();
    rounded + TimeDelta::milliseconds(i64::from(nanos / 1_000_000))
}
