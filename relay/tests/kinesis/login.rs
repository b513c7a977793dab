//! Who is let in, and what those are told who are not.

use std::process::Command;
use std::time::Duration;

use rehydrate::{PublishError, Publisher, Source};
use rehydrate_relay::ConnectError;
use rehydrate_relay::kinesis::{KinesisOptions, KinesisPublisher, KinesisSource};
use rehydrate_tests::brokers::{assert_confirmed, message, read_all};
use rehydrate_tests::kinesis::{kinesalite, moto};

use crate::fixture::{REGION, name, options, publisher, source};

const ENDPOINT: &str = "REHYDRATE_TEST_ENDPOINT";

/// Runs a test of this program with these variables, and without those of AWS.
fn as_a_program(test: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("it has a path"));
    command.args(["--exact", test, "--nocapture"]);
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    // No profile, and nobody who gives roles to machines.
    command.env("HOME", "/nonexistent");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(variables.iter().copied());
    let output = command.output().expect("it can be run");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn without_credentials() -> Option<KinesisOptions> {
    let endpoint = std::env::var(ENDPOINT).ok()?;
    let url = format!("kinesis://{REGION}?create=true&endpoint={endpoint}");
    Some(KinesisOptions::new(&url).expect("it is an address"))
}

#[tokio::test]
async fn child_with_credentials() {
    let Some(options) = without_credentials() else {
        return;
    };
    let topic = name();
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&[message(&topic, "a", 1)]).await);
    let source = source(options, &topic).await;
    assert_eq!(read_all(&source).await.len(), 1);
    println!("{publisher:?} {source:?} {}", source.origin());
}

#[tokio::test]
async fn child_without_credentials() {
    let Some(options) = without_credentials() else {
        return;
    };
    let error = KinesisPublisher::connect(options.clone()).await.map(drop);
    let error = error.expect_err("there are no credentials");
    println!("{error} {error:?}");
    let source = KinesisSource::connect(options, "x").await.map(drop);
    assert!(matches!(source, Err(ConnectError::Refused { .. })));
}

#[test]
fn credentials_come_from_the_environment_and_are_not_shown() {
    let Some(server) = kinesalite() else { return };
    let endpoint = server.url();
    let said = as_a_program(
        "login::child_with_credentials",
        &[
            (ENDPOINT, &endpoint),
            ("AWS_ACCESS_KEY_ID", "hidden-key"),
            ("AWS_SECRET_ACCESS_KEY", "hidden-secret"),
            ("AWS_SESSION_TOKEN", "hidden-token"),
        ],
    );
    assert!(
        said.contains(&endpoint) && !said.contains("hidden"),
        "{said}"
    );
    let said = as_a_program("login::child_without_credentials", &[(ENDPOINT, &endpoint)]);
    assert!(said.contains("AWS_ACCESS_KEY_ID"), "{said}");
}

#[tokio::test]
async fn a_stream_of_another_region_is_missing_and_the_region_is_named() {
    let Some(server) = moto() else { return };
    let topic = name();
    let here = options(&server.url(), 1).requests(1);
    let batch = [message(&topic, "a", 1)];
    assert_confirmed(&publisher(here).await.publish(&batch).await);
    let url = format!("kinesis://eu-west-1?endpoint={}", server.url());
    let there = KinesisOptions::new(&url).expect("it is an address");
    let there = there.access_key("test-key", "hidden", None);
    let error = KinesisSource::connect(there.clone(), &topic)
        .await
        .map(drop);
    let error = error.expect_err("it is not there").to_string();
    let outcome = publisher(there).await.publish(&batch).await.remove(0);
    let Err(rejected @ PublishError::Rejected { .. }) = outcome else {
        panic!("{outcome:?}")
    };
    for said in [error, rejected.to_string()] {
        assert!(
            said.contains("in eu-west-1") && said.contains(&topic),
            "{said}"
        );
        assert!(
            said.contains("create=true") && !said.contains("hidden"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let port = rehydrate_tests::engine::free_port();
    let options = options(&format!("http://127.0.0.1:{port}"), 1);
    let error = KinesisSource::connect(options.clone(), "x").await.map(drop);
    let error = error.expect_err("there is no server");
    assert!(
        matches!(error, ConnectError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hidden"),
        "{error:?}"
    );
    let publisher = publisher(options.timeout(Duration::from_secs(1))).await;
    let outcome = publisher.publish(&[message("x", "a", 1)]).await.remove(0);
    assert!(
        matches!(outcome, Err(PublishError::Unavailable { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_address_is_enough_and_a_topic_is_checked() {
    let error = KinesisSource::connect(options("http://127.0.0.1:1", 1), "a/b").await;
    let error = error.map(drop).expect_err("no stream is called so");
    assert!(error.to_string().contains("a/b"), "{error}");
    let unknown = rehydrate_relay::publisher("kinesis://eu-west-1/events").await;
    let unknown = unknown.map(drop).expect_err("the stream is the topic");
    assert!(unknown.to_string().contains("topic"), "{unknown}");
}

/// Without the feature for it, TLS is refused by name; with it, the client is made, whatever other
/// provider of cryptography the program has.
#[tokio::test]
async fn the_service_of_aws_needs_tls() {
    for url in [
        "kinesis://eu-west-1",
        "kinesis://eu-west-1?endpoint=https://127.0.0.1:1",
    ] {
        let options = KinesisOptions::new(url).expect("it is an address");
        let options = options.access_key("test-key", "hidden", None);
        let connected = KinesisPublisher::connect(options).await;
        if cfg!(feature = "kinesis-aws") {
            let publisher = connected.expect("it has TLS");
            if url.contains("127.0.0.1") {
                let sent = publisher.publish(&[message("x", "a", 1)]).await.remove(0);
                assert!(
                    matches!(sent, Err(PublishError::Unavailable { .. })),
                    "{sent:?}"
                );
            }
        } else {
            let error = connected.map(drop).expect_err("it has no TLS");
            assert!(error.to_string().contains("kinesis-aws"), "{error}");
        }
    }
}
