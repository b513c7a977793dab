//! What it means that a message was not taken.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rehydrate::PublishError;

/// What a code of librdkafka or of a broker says about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nobody has answered, or not about the message.
    Away,
    /// A broker does not take it at the moment.
    Later,
    /// A broker never takes it.
    Never,
}

pub(super) fn meaning(error: &KafkaError) -> Meaning {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::InvalidMessageSize
            | Code::InvalidTopic
            | Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::UnsupportedForMessageFormat
            | Code::UnsupportedCompressionType
            | Code::PolicyViolation,
        ) => Meaning::Never,
        Some(
            Code::TopicAuthorizationFailed
            | Code::ThrottlingQuotaExceeded
            | Code::InvalidMessage
            | Code::InvalidRequest
            | Code::InvalidRequiredAcks
            | Code::SecurityDisabled
            | Code::Unknown,
        ) => Meaning::Later,
        _ => Meaning::Away,
    }
}

/// The outcome of a message that a broker, or the client for it, has refused.
pub(super) fn of(error: KafkaError, topic: &str, said: &str) -> PublishError {
    use RDKafkaErrorCode as Code;
    let meaning = meaning(&error);
    let code = error.rdkafka_error_code();
    let reason = match code {
        Some(Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize) => {
            format!(
                "it is larger than {topic} or the client takes: raise max.message.bytes of the topic, \
             and message.max.bytes with `option`"
            )
        }
        Some(Code::InvalidTopic) => format!("{topic:?} is no topic"),
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => {
            format!("there is no topic {topic} any more")
        }
        Some(Code::UnsupportedForMessageFormat) => {
            format!("{topic} takes no headers: say `structured=true`")
        }
        Some(Code::TopicAuthorizationFailed) => format!(
            "this user may not write to {topic}: `kafka-acls --add --operation Write --operation \
             Describe --topic {topic}` allows it"
        ),
        Some(Code::MessageTimedOut | Code::PurgeQueue | Code::PurgeInflight) => {
            format!("it was not confirmed in time{said}")
        }
        _ => format!("it was not confirmed{said}"),
    };
    let source = Some(error.into());
    match meaning {
        Meaning::Away => PublishError::Unavailable { reason, source },
        Meaning::Later => PublishError::Failed { reason, source },
        Meaning::Never => PublishError::Rejected { reason, source },
    }
}
