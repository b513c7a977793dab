//! Who is let in, and what those are told who are not.

use std::fmt::Write;
use std::time::Duration;

use rehydrate::{PublishError, Publisher};
use rehydrate_relay::ConnectError;
use rehydrate_relay::nats::{NatsOptions, NatsPublisher, NatsSource};

use rehydrate_tests::brokers::{assert_confirmed, message, read_all};
use rehydrate_tests::engine::{certify, host, openssl};
use rehydrate_tests::nats::Server;

/// A key of the documentation of NATS.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const KEY: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

/// A server with a configuration file.
fn configured(text: &str) -> Option<Server> {
    Server::start_with(|folder| {
        let file = folder.join("server.conf");
        std::fs::write(&file, text).expect("it can be written");
        vec!["-c".to_owned(), file.display().to_string()]
    })
}

fn address(server: &Server, login: &str) -> NatsOptions {
    let url = format!("nats://{login}{}/events?create=true", host(&server.url()));
    NatsOptions::new(&url).expect("it is an address")
}

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

async fn assert_let_in(options: NatsOptions) {
    let publisher = NatsPublisher::connect(options).await;
    let publisher = publisher.expect("it is let in");
    let shown = format!("{} {publisher:?}", publisher.destination());
    assert!(
        shown.contains("events") && !shown.contains("hidden"),
        "{shown}"
    );
    assert_confirmed(&publisher.publish(&[message("events.a", "a", 1)]).await);
}

async fn assert_refused(options: NatsOptions) {
    for error in [
        NatsPublisher::connect(options.clone()).await.map(drop),
        NatsSource::connect(options, "events.a").await.map(drop),
    ] {
        let error = error.expect_err("it is not let in");
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        let text = whole(&error);
        assert!(text.contains("REHYDRATE_NATS_PASSWORD"), "{text}");
        assert!(!text.contains("hidden") && !text.contains(SEED), "{text}");
    }
}

#[tokio::test]
async fn a_user_is_let_in_with_the_password_and_told_what_to_do_without_it() {
    let Some(server) = configured("authorization { user: us, password: 'hid@den/1' }") else {
        return;
    };
    assert_let_in(address(&server, "us:hid%40den%2F1@")).await;
    assert_let_in(address(&server, "").user("us", "hid@den/1")).await;
    assert_refused(address(&server, "us:hidden@")).await;
    assert_refused(address(&server, "hidden@")).await;
    assert_refused(address(&server, "")).await;
}

#[tokio::test]
async fn a_token_and_a_key_let_in_those_who_have_them() {
    let Some(server) = configured("authorization { token: hidden }") else {
        return;
    };
    assert_let_in(address(&server, "hidden@")).await;
    assert_let_in(address(&server, "").token("hidden")).await;
    assert_refused(address(&server, "hidden2@")).await;
    let users = format!("authorization {{ users: [ {{ nkey: {KEY} }} ] }}");
    let Some(server) = configured(&users) else {
        return;
    };
    assert_let_in(address(&server, "").nkey(SEED)).await;
    assert_refused(address(&server, "us:hidden@")).await;
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_named() {
    let options = NatsOptions::new("nats://127.0.0.1:4222/events?credentials=/no/such/file");
    let options = options.expect("it is an address");
    let error = NatsPublisher::connect(options)
        .await
        .expect_err("there is no file");
    assert!(error.to_string().contains("/no/such/file"), "{error}");
}

#[tokio::test]
async fn who_may_not_publish_is_told_what_the_server_said() {
    let Some(server) = configured(
        "authorization { users: [ { user: us, password: pw, permissions: {
            publish: { deny: 'events.>' } } } ] }",
    ) else {
        return;
    };
    let options = address(&server, "us:pw@").timeout(Duration::from_millis(300));
    let publisher = NatsPublisher::connect(options).await.expect("it is let in");
    let outcome = publisher
        .publish(&[message("events.a", "a", 1)])
        .await
        .remove(0);
    let Err(PublishError::Unavailable { reason, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        reason.to_lowercase().contains("permissions violation"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_stream_that_is_missing_is_named_with_the_command_that_makes_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let error = NatsPublisher::connect(address(&server, "").create(false)).await;
    let error = error.expect_err("there is no stream");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert!(
        error.to_string().contains("nats stream add events"),
        "{error}"
    );
    let unnamed = NatsOptions::new(&server.url()).expect("it is an address");
    let error = NatsPublisher::connect(unnamed)
        .await
        .expect_err("no stream is named");
    assert!(error.to_string().contains("/<stream>"), "{error}");
    // The same from an address alone.
    let url = format!("{}/events?create=true", server.url());
    let publisher = rehydrate_relay::publisher(&url).await.expect("it connects");
    assert_confirmed(&publisher.publish(&[message("events.a", "a", 1)]).await);
    let source = rehydrate_relay::source(&url, "events.a").await;
    assert!(source.expect("it connects").origin().contains("events.a.*"));
    let unknown = rehydrate_relay::publisher("amqp://hidden@host").await;
    let unknown = unknown.expect_err("nothing speaks it").to_string();
    assert!(
        unknown.contains("nats:") && !unknown.contains("hidden"),
        "{unknown}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.kill();
    let error = NatsPublisher::connect(address(&server, "us:hidden@")).await;
    let error = error.expect_err("there is no server");
    assert!(
        matches!(error, ConnectError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(!whole(&error).contains("hidden"), "{error:?}");
}

/// A server with a certificate of an authority of its own.
fn with_tls(further: &[&str]) -> Option<Server> {
    openssl()?;
    Server::start_with(|folder| {
        certify(folder);
        let path = |name: &str| folder.join(name).display().to_string();
        let mut arguments = vec!["--tls".to_owned()];
        for (argument, name) in [
            ("--tlscert", "server.pem"),
            ("--tlskey", "server.key"),
            ("--tlscacert", "ca.pem"),
        ] {
            arguments.extend([argument.to_owned(), path(name)]);
        }
        arguments.extend(further.iter().map(|it| (*it).to_owned()));
        arguments
    })
}

#[tokio::test]
async fn over_tls_a_server_is_trusted_if_its_authority_is() {
    let Some(server) = with_tls(&[]) else { return };
    let authority = server.folder().join("ca.pem");
    let url = format!("tls://{}/events?create=true", host(&server.url()));
    let url = format!("{url}&tls_ca={}", authority.display());
    let options = NatsOptions::new(&url).expect("it is an address");
    let publisher = NatsPublisher::connect(options.clone()).await;
    let publisher = publisher.expect("the server is trusted");
    assert_confirmed(&publisher.publish(&[message("events.a", "a", 1)]).await);
    let source = NatsSource::connect(options, "events.a").await;
    assert_eq!(read_all(&source.expect("it connects")).await.len(), 1);
    // Another authority is not enough.
    let other = tempfile::TempDir::new().expect("a temporary folder can be made");
    certify(other.path());
    let options = address(&server, "").require_tls();
    let error = NatsPublisher::connect(options.tls_ca(other.path().join("ca.pem"))).await;
    let error = error.expect_err("nobody knows its authority");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("tls_ca"), "{error}");
}

#[tokio::test]
async fn over_tls_a_server_that_wants_a_certificate_gets_it() {
    let Some(server) = with_tls(&["--tlsverify"]) else {
        return;
    };
    let file = |name: &str| server.folder().join(name);
    let options = address(&server, "").require_tls().tls_ca(file("ca.pem"));
    let without = NatsPublisher::connect(options.clone()).await.map(drop);
    assert!(without.is_err(), "{without:?}");
    let options = options.tls_client(file("server.pem"), file("server.key"));
    let publisher = NatsPublisher::connect(options).await;
    let publisher = publisher.expect("it is let in");
    assert_confirmed(&publisher.publish(&[message("events.a", "a", 1)]).await);
}
