//! What librdkafka says by itself: log lines, errors, and what became of messages.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, NoCustomPartitioner, ProducerContext};
use tokio::sync::{mpsc, watch};

use super::gathering::OnTheWay;

/// Hears the log and the errors of one client.
#[derive(Clone, Debug, Default)]
pub(super) struct Events(Arc<Heard>);

#[derive(Debug, Default)]
struct Heard {
    complaint: Mutex<Option<Complaint>>,
    is_dead: watch::Sender<bool>,
}

/// What has gone wrong last, beside what was asked.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) code: RDKafkaErrorCode,
    pub(super) reason: String,
}

impl Complaint {
    /// Whether the brokers know who we are, and say no; or we do not trust them.
    pub(super) fn is_about_login(&self) -> bool {
        matches!(
            self.code,
            RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::UnsupportedSASLMechanism
                | RDKafkaErrorCode::IllegalSASLState
                | RDKafkaErrorCode::SSL
        )
    }
}

/// Lets a client that reads nothing yet say what it has to say: it is heard only when it is polled.
pub(super) fn hear(client: &BaseConsumer<Events>) {
    // A line of the log is as silent as nothing.
    for _ in 0..200 {
        drop(client.poll(Duration::ZERO));
    }
}

impl Events {
    /// What has gone wrong last.
    pub(super) fn complaint(&self) -> Option<Complaint> {
        let complaint = self.0.complaint.lock();
        complaint.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as the end of a sentence.
    pub(super) fn said(&self) -> String {
        match self.complaint() {
            Some(complaint) => format!("; the client said last: {}", complaint.reason),
            None => String::new(),
        }
    }

    /// Becomes true when the client will do nothing any more.
    pub(super) fn is_dead(&self) -> watch::Receiver<bool> {
        self.0.is_dead.subscribe()
    }

    fn hear(&self, error: &KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        // The end of a partition is one to librdkafka.
        if code == RDKafkaErrorCode::PartitionEOF {
            return;
        }
        tracing::debug!(target: "librdkafka", ?code, reason);
        if code == RDKafkaErrorCode::Fatal {
            self.0.is_dead.send_replace(true);
        }
        let mut complaint = self
            .0
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // That all brokers are down says less than why.
        if code == RDKafkaErrorCode::AllBrokersDown && complaint.is_some() {
            return;
        }
        *complaint = Some(Complaint {
            code,
            reason: reason.to_owned(),
        });
    }
}

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        // It calls this setting experimental each time; the module's documentation does it once.
        if facility == "CONFWARN" && line.contains("enable.gapless.guarantee") {
            tracing::debug!(target: "librdkafka", facility, "{line}");
            return;
        }
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                tracing::warn!(target: "librdkafka", facility, "{line}");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "librdkafka", facility, "{line}");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{line}"),
        }
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.hear(&error, reason);
    }
}

impl ConsumerContext for Events {}

/// Where it is said what became of a message.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) number: usize,
    pub(super) to: mpsc::UnboundedSender<Delivery>,
    pub(super) on_the_way: OnTheWay,
}

/// What became of a message.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) number: usize,
    pub(super) result: Result<(), KafkaError>,
    /// It is, until somebody has heard of it or nobody will.
    pub(super) on_the_way: OnTheWay,
}

impl ProducerContext<NoCustomPartitioner> for Events {
    type DeliveryOpaque = Box<Report>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Box<Report>) {
        let result = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.clone()),
        };
        let report = *report;
        // Whoever published has gone if it fails.
        let _ = report.to.send(Delivery {
            number: report.number,
            result,
            on_the_way: report.on_the_way,
        });
    }
}
