//! Who is let in, and what those are told who are not.

use std::fmt::Write;
use std::time::Duration;

use rehydrate_relay::ConnectError;
use rehydrate_relay::kafka::{KafkaOptions, KafkaPublisher, KafkaSource, Mechanism};
use rehydrate_tests::kafka::Server;

use crate::fixture::options;

/// An error with everything behind it.
fn whole(error: &ConnectError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_unavailable() {
    let Some(mut server) = Server::tansu() else {
        return;
    };
    server.kill();
    let url = server.url().replace("kafka://", "kafka://us:hidden@");
    let options = options(&url).timeout(Duration::from_secs(1));
    for error in [
        KafkaPublisher::connect(options.clone()).await.map(drop),
        KafkaSource::connect(options, "topic").await.map(drop),
    ] {
        let error = error.expect_err("there is no broker");
        assert!(
            matches!(error, ConnectError::Unavailable { .. }),
            "{error:?}"
        );
        assert!(!whole(&error).contains("hidden"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_what_to_check() {
    let with_login = |_: &std::path::Path| vec!["--authentication".to_owned()];
    let Some(server) = Server::tansu_with(with_login) else {
        return;
    };
    let plain = options(&server.url()).user("us", "hidden");
    let mut refused = vec![plain.clone()];
    if cfg!(feature = "kafka-tls") {
        refused.push(plain.clone().sasl(Mechanism::ScramSha256));
        refused.push(plain.sasl(Mechanism::ScramSha512));
    }
    for options in refused {
        let options = options.timeout(Duration::from_secs(2));
        let publisher = KafkaPublisher::connect(options.clone()).await.map(drop);
        let source = KafkaSource::connect(options, "topic").await.map(drop);
        for (what, error) in [("publisher", publisher), ("source", source)] {
            let error = error.expect_err("it is not let in");
            let text = whole(&error);
            assert!(
                matches!(error, ConnectError::Refused { .. }),
                "{what}: {text}"
            );
            assert!(text.contains("REHYDRATE_KAFKA_PASSWORD"), "{text}");
            assert!(!text.contains("hidden"), "{text}");
        }
    }
}

#[cfg(not(feature = "kafka-tls"))]
#[tokio::test]
async fn without_the_feature_tls_and_scram_name_it() {
    let scram = KafkaOptions::new("kafka://us:hidden@127.0.0.1:1").expect("it is an address");
    for options in [
        KafkaOptions::new("kafka+tls://127.0.0.1:1").expect("it is an address"),
        scram.sasl(Mechanism::ScramSha256),
    ] {
        let error = KafkaPublisher::connect(options).await;
        let error = error.expect_err("it needs a feature");
        assert!(
            matches!(error, ConnectError::FeatureOff { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("kafka-tls"), "{error}");
    }
}

#[cfg(feature = "kafka-tls")]
mod tls {
    use rehydrate::Publisher;
    use rehydrate_tests::brokers::{assert_confirmed, messages, read_all};
    use rehydrate_tests::engine::{certify, openssl};

    use super::*;
    use crate::fixture::{publisher, source};

    fn server(wants_certificate: bool) -> Option<Server> {
        openssl()?;
        Server::old_over_tls(wants_certificate)
    }

    fn address(server: &Server) -> KafkaOptions {
        let url = server.url().replace("kafka:", "kafka+tls:");
        options(&url).timeout(Duration::from_secs(3))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_broker_is_trusted_if_its_authority_is() {
        let Some(server) = server(false) else {
            return;
        };
        let authority = server.folder().join("ca.pem");
        let options = address(&server).tls_ca(authority);
        let sender = publisher(options.clone()).await;
        let batch = messages("topic", 5, 5);
        assert_confirmed(&sender.publish(&batch).await);
        let events = read_all(&source(options, "topic").await).await;
        assert_eq!(events.len(), batch.len());
        // Another authority is not enough, and that of the system is not.
        let other = tempfile::TempDir::new().expect("a temporary folder can be made");
        certify(other.path());
        for options in [
            address(&server).tls_ca(other.path().join("ca.pem")),
            address(&server),
        ] {
            let error = KafkaPublisher::connect(options).await;
            let error = error.expect_err("nobody knows its authority");
            assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
            assert!(error.to_string().contains("tls_ca"), "{error}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_broker_that_wants_a_certificate_gets_it() {
        let Some(server) = server(true) else {
            return;
        };
        let file = |name: &str| server.folder().join(name);
        let options = address(&server).tls_ca(file("ca.pem"));
        let without = KafkaPublisher::connect(options.clone()).await.map(drop);
        assert!(without.is_err(), "{without:?}");
        let options = options.tls_client(file("server.pem"), file("server.key"));
        let sender = publisher(options).await;
        assert_confirmed(&sender.publish(&messages("topic", 5, 5)).await);
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let options = KafkaOptions::new("kafka+tls://127.0.0.1:1?tls_ca=/no/such/file");
        let error = KafkaPublisher::connect(options.expect("it is an address")).await;
        let error = whole(&error.expect_err("there is no file"));
        assert!(error.contains("/no/such/file"), "{error}");
    }
}
