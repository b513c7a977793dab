//! What librdkafka is told.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::gathering;
use super::options::{KafkaOptions, Mechanism};
use crate::connect::ConnectError;

/// Settings that are not to be had, and why: a promise depends on them, or there is a method.
const KEPT: &[(&[&str], &str)] = &[
    (
        &["bootstrap.servers", "metadata.broker.list"],
        "the address names the brokers",
    ),
    (
        &[
            "security.protocol",
            "sasl.mechanism",
            "sasl.mechanisms",
            "sasl.username",
            "sasl.password",
        ],
        "see `user`, `mechanism` and `require_tls`",
    ),
    (
        &[
            "ssl.ca.location",
            "ssl.certificate.location",
            "ssl.key.location",
        ],
        "see `tls_ca` and `tls_client`",
    ),
    (
        &["enable.idempotence", "enable.gapless.guarantee"],
        "see `idempotent`",
    ),
    (
        &[
            "acks",
            "request.required.acks",
            "delivery.report.only.error",
        ],
        "what is confirmed is in the broker, whichever fails",
    ),
    (
        &[
            "max.in.flight",
            "max.in.flight.requests.per.connection",
            "queuing.strategy",
            "partitioner",
            "transactional.id",
        ],
        "the order of a key depends on it",
    ),
    (
        &[
            "message.timeout.ms",
            "delivery.timeout.ms",
            "retries",
            "message.send.max.retries",
        ],
        "the order of a key depends on it; see `timeout`",
    ),
    (
        &[
            "auto.offset.reset",
            "enable.partition.eof",
            "enable.auto.commit",
            "enable.auto.offset.store",
            "group.instance.id",
        ],
        "a reader keeps its own offsets, and says `Gone` where something is missing",
    ),
    (
        &["api.version.request", "broker.version.fallback"],
        "see `broker_version`",
    ),
    (&["allow.auto.create.topics"], "see `create`"),
];

/// Why a setting cannot be had, if so.
pub(super) fn kept(name: &str) -> Option<&'static str> {
    // Defaults of topics may be set with this before the name, too.
    let name = name.strip_prefix("default.topic.").unwrap_or(name);
    let found = KEPT.iter().find(|(names, _)| names.contains(&name));
    found.map(|(_, reason)| *reason)
}

/// What every client is told.
pub(super) fn common(options: &KafkaOptions) -> Result<ClientConfig, ConnectError> {
    let login = options.login(|name| std::env::var(name).ok())?;
    let needs_tls =
        options.is_tls() || (login.is_some() && options.mechanism_or_default() != Mechanism::Plain);
    if needs_tls && !cfg!(feature = "kafka-tls") {
        return Err(options.feature_off());
    }
    let mut config = ClientConfig::new();
    config
        .set_log_level(RDKafkaLogLevel::Info)
        .set("bootstrap.servers", options.servers())
        .set("client.id", "rehydrate")
        .set("socket.timeout.ms", millis(options))
        .set("socket.nagle.disable", "true")
        // Somebody waits when there is no connection.
        .set("reconnect.backoff.max.ms", "1000")
        .set("allow.auto.create.topics", "false")
        .set("enable.metrics.push", "false")
        .set("log.connection.close", "false");
    for (name, value) in &options.raw {
        config.set(name, value);
    }
    let protocol = match (login.is_some(), options.is_tls()) {
        (true, true) => "sasl_ssl",
        (true, false) => "sasl_plaintext",
        (false, true) => "ssl",
        (false, false) => "plaintext",
    };
    config.set("security.protocol", protocol);
    if let Some(login) = login {
        config
            .set("sasl.mechanism", options.mechanism_or_default().name())
            .set("sasl.username", login.user)
            .set("sasl.password", login.password);
    }
    if options.is_tls() {
        check_files(options)?;
        if let Some(file) = &options.tls_ca {
            config.set("ssl.ca.location", file.display().to_string());
        }
        if let Some((certificate, key)) = &options.tls_client {
            config
                .set(
                    "ssl.certificate.location",
                    certificate.display().to_string(),
                )
                .set("ssl.key.location", key.display().to_string());
        }
    }
    if let Some(version) = &options.broker_version {
        config
            .set("api.version.request", "false")
            .set("broker.version.fallback", version);
    }
    Ok(config)
}

/// That the files are there: librdkafka does not say which one is not.
fn check_files(options: &KafkaOptions) -> Result<(), ConnectError> {
    let client = options.tls_client.iter();
    let client =
        client.flat_map(|(certificate, key)| [("tls_certificate", certificate), ("tls_key", key)]);
    let authority = options.tls_ca.iter().map(|file| ("tls_ca", file));
    for (name, file) in authority.chain(client) {
        if let Err(error) = std::fs::File::open(file) {
            return Err(ConnectError::Refused {
                destination: options.destination(),
                reason: format!("`{name}`, {}, cannot be read", file.display()),
                source: Some(error.into()),
            });
        }
    }
    Ok(())
}

/// What a producer is told that sends many messages of a key at once, if the brokers allow it.
pub(super) fn producer(options: &KafkaOptions) -> Result<ClientConfig, ConnectError> {
    let mut config = common(options)?;
    if !options.raw.contains_key("linger.ms") && !options.raw.contains_key("queue.buffering.max.ms")
    {
        // Where nothing is gathered for a key, long enough for what is sent at once to go out at once.
        let linger = match options.is_idempotent {
            true => gathering::LINGER,
            false => "1",
        };
        config.set("linger.ms", linger);
    }
    config
        .set("acks", "all")
        .set("partitioner", "murmur2")
        // One after the other to each broker; `gathering` says why that alone is not enough.
        .set("max.in.flight.requests.per.connection", "1")
        // A message that runs out of time alone would let the next one of its key overtake it.
        .set("message.timeout.ms", "0")
        .set("enable.idempotence", options.is_idempotent.to_string())
        // After a refusal nothing else is sent.
        .set(
            "enable.gapless.guarantee",
            options.is_idempotent.to_string(),
        );
    Ok(config)
}

/// What a producer is told that finds out which message it is that is refused.
pub(super) fn careful_producer(options: &KafkaOptions) -> Result<ClientConfig, ConnectError> {
    let mut config = producer(options)?;
    config
        .set("enable.gapless.guarantee", "false")
        .set("batch.num.messages", "1");
    Ok(config)
}

/// What a client is told that only asks.
pub(super) fn asking(options: &KafkaOptions) -> Result<ClientConfig, ConnectError> {
    let mut config = common(options)?;
    config.set("auto.offset.reset", "error");
    Ok(config)
}

/// What a reader is told.
pub(super) fn reader(options: &KafkaOptions) -> Result<ClientConfig, ConnectError> {
    let mut config = asking(options)?;
    if !options.raw.contains_key("group.id") {
        config.set("group.id", "rehydrate");
    }
    for (name, value) in [
        ("isolation.level", "read_committed"),
        ("fetch.queue.backoff.ms", "100"),
        ("queued.max.messages.kbytes", "16384"),
    ] {
        if !options.raw.contains_key(name) {
            config.set(name, value);
        }
    }
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true");
    Ok(config)
}

/// Why there is no client. What librdkafka says has the value in it, which may be secret.
pub(super) fn refused(options: &KafkaOptions, error: &KafkaError) -> ConnectError {
    match error {
        KafkaError::ClientConfig(_, _, name, _) => options.invalid(format!(
            "librdkafka does not take the setting `{name}`: see its CONFIGURATION.md, and whether \
             the feature `kafka-tls` is needed"
        )),
        _ => ConnectError::Refused {
            destination: options.destination(),
            reason: "librdkafka makes no client of these options: check `tls_ca`, \
                     `tls_certificate`, `tls_key` and what was given with `option`"
                .to_owned(),
            source: Some(error.clone().into()),
        },
    }
}

fn millis(options: &KafkaOptions) -> String {
    // What librdkafka takes.
    options.timeout.as_millis().clamp(10, 300_000).to_string()
}
