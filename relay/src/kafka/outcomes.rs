//! One outcome for each message of a batch, and none after a failure of its key.

use std::collections::{HashMap, HashSet};

use rehydrate::{Message, PublishError};

/// The outcomes of a batch, as far as they are known.
pub(super) struct Outcomes<'a> {
    batch: &'a [Message],
    known: Vec<Option<Result<(), PublishError>>>,
    /// The first failure of each key.
    failed: HashMap<&'a str, usize>,
}

impl<'a> Outcomes<'a> {
    pub(super) fn new(batch: &'a [Message]) -> Self {
        Self {
            batch,
            known: batch.iter().map(|_| None).collect(),
            failed: HashMap::new(),
        }
    }

    pub(super) fn batch(&self) -> &'a [Message] {
        self.batch
    }

    /// The messages that are still to be sent.
    pub(super) fn open(&self) -> Vec<usize> {
        let all = self.batch.iter().zip(&self.known).enumerate();
        let open = all.filter(|(number, (message, outcome))| {
            let failed = self.failed.get(message.key.as_str());
            outcome.is_none() && failed.is_none_or(|it| number < it)
        });
        open.map(|(number, _)| number).collect()
    }

    pub(super) fn confirm(&mut self, number: usize) {
        if let Some(outcome) = self.known.get_mut(number) {
            *outcome = Some(Ok(()));
        }
    }

    /// After this, the later ones of its key are not sent; what is before it may be.
    pub(super) fn fail(&mut self, number: usize, error: PublishError) {
        let message = self.batch.get(number);
        if let (Some(message), Some(outcome)) = (message, self.known.get_mut(number)) {
            let first = self.failed.entry(&message.key).or_insert(usize::MAX);
            if number < *first {
                *first = number;
                *outcome = Some(Err(error));
            }
        }
    }

    /// The first message of every key that is still to be sent fails, and with it the rest.
    pub(super) fn fail_open(&mut self, error: impl Fn() -> PublishError) {
        for number in self.open() {
            self.fail(number, error());
        }
    }

    pub(super) fn finish(self) -> Vec<Result<(), PublishError>> {
        let mut failed = HashSet::new();
        let all = self.batch.iter().zip(self.known);
        let outcomes = all.map(|(message, outcome)| {
            // A confirmation behind a failure is worth nothing: the message is to follow again.
            if failed.contains(message.key.as_str()) {
                return Err(PublishError::NotSent);
            }
            let outcome = outcome.unwrap_or(Err(PublishError::NotSent));
            if outcome.is_err() {
                failed.insert(message.key.as_str());
            }
            outcome
        });
        outcomes.collect()
    }
}

#[cfg(test)]
mod tests {
    use rehydrate::CloudEvent;

    use super::*;

    fn message(key: &str) -> Message {
        let text = r#"{"specversion":"1.0","id":"1","source":"/","type":"t","subject":"s",
            "time":"2024-01-02T03:04:05Z","category":"c","streamversion":"1","position":"1",
            "schemaversion":"1","data":1}"#;
        let event = CloudEvent::from_json(text).unwrap_or_else(|error| panic!("{error}"));
        Message::new("topic", key, event)
    }

    #[test]
    fn after_a_failure_the_rest_of_its_key_is_not_sent() {
        let batch = ["a", "b", "a", "b", "a"].map(message);
        let mut outcomes = Outcomes::new(&batch);
        outcomes.confirm(0);
        outcomes.fail(2, PublishError::NotSent);
        assert_eq!(outcomes.open(), [1, 3]);
        outcomes.fail_open(|| PublishError::Unavailable {
            reason: "gone".to_owned(),
            source: None,
        });
        let all = outcomes.finish();
        let is_unavailable = |it| matches!(it, &Err(PublishError::Unavailable { .. }));
        assert!(all[0].is_ok() && is_unavailable(&all[1]));
        assert!(matches!(all[3], Err(PublishError::NotSent)));
        assert!(matches!(all[4], Err(PublishError::NotSent)));
    }

    #[test]
    fn what_is_before_a_failure_is_sent() {
        let batch = ["a", "a", "a"].map(message);
        let mut outcomes = Outcomes::new(&batch);
        let rejected = || PublishError::Rejected {
            reason: "no".to_owned(),
            source: None,
        };
        outcomes.fail(2, rejected());
        outcomes.fail(1, rejected());
        assert_eq!(outcomes.open(), [0]);
        outcomes.confirm(0);
        let [
            Ok(()),
            Err(PublishError::Rejected { .. }),
            Err(PublishError::NotSent),
        ] = outcomes.finish()[..]
        else {
            panic!("they are told apart");
        };
    }
}
