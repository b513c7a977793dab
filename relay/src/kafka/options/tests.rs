use super::*;

fn of(url: &str) -> KafkaOptions {
    KafkaOptions::new(url).unwrap_or_else(|error| panic!("{error}"))
}

fn login(url: &str, environment: &[(&str, &str)]) -> Result<Option<Login>, ConnectError> {
    of(url).login(|name| {
        let found = environment.iter().find(|(it, _)| *it == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn as_user(login: Result<Option<Login>, ConnectError>, user: &str, password: &str) -> bool {
    matches!(login, Ok(Some(it)) if it.user == user && it.password == password)
}

const SET: [(&str, &str); 2] = [
    ("REHYDRATE_KAFKA_USER", "u"),
    ("REHYDRATE_KAFKA_PASSWORD", "p"),
];

#[test]
fn secrets_come_from_the_address_or_else_from_the_environment() {
    assert!(as_user(login("kafka://a:b%40c@h", &SET), "a", "b@c"));
    assert!(as_user(login("kafka://h", &SET), "u", "p"));
    assert!(matches!(login("kafka://h", &[]), Ok(None)));
    assert!(matches!(login("kafka://h", &SET[1..]), Err(error)
        if error.to_string().contains("REHYDRATE_KAFKA_USER")));
    assert!(login("kafka://h?sasl=PLAIN", &[]).is_err());
}

#[test]
fn hosts_without_a_port_get_the_usual_one() {
    assert_eq!(of("kafka://a,b:1,[::1]").servers(), "[::1]:9092,a:9092,b:1");
}

#[test]
fn what_is_wrong_with_an_address_is_named_without_its_secrets() {
    for (url, named) in [
        ("kafka://u:hidden@h/topic", "`/topic`"),
        ("kafka://hidden@h", "user:password@"),
        ("kafka://u:hidden@h?create=yes", "`create`"),
        ("kafka://u:hidden@h?partitions=0", "`partitions`"),
        ("kafka://u:hidden@h?sasl=hidden", "`sasl`"),
        ("kafka://u:hidden@h?tls_key=k", "`tls_certificate`"),
        ("kafka://u:hidden@h?broker_version=old", "0.9.0.1"),
        ("kafka://u:hidden@h?broker_version=2.8.0", "leave"),
        ("kafka://u:hidden@h?acks=0", "`acks`"),
    ] {
        let error = KafkaOptions::new(url).expect_err("it is wrong").to_string();
        assert!(error.contains(named), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}

#[test]
fn a_setting_on_which_a_promise_depends_is_refused_with_the_way_that_there_is() {
    for (name, named) in [
        ("enable.idempotence", "idempotent"),
        ("acks", "in the broker"),
        ("max.in.flight", "order"),
        ("queuing.strategy", "order"),
        ("auto.offset.reset", "Gone"),
        ("sasl.password", "user"),
    ] {
        let error = of("kafka://h").option(name, "x").expect_err("it is kept");
        assert!(error.to_string().contains(named), "{error}");
    }
    assert!(of("kafka://h").option("compression.type", "lz4").is_ok());
}

#[test]
fn an_old_broker_gets_structured_messages_without_idempotence() {
    let old = of("kafka://h?broker_version=0.9.0.1");
    assert!(old.is_structured && !old.is_idempotent);
    let new = of("kafka://h");
    assert!(!new.is_structured && new.is_idempotent);
    assert!(of("kafka://h?structured=true").is_structured);
}

#[test]
fn options_are_shown_without_secrets() {
    let options = of("kafka://u:hidden@h:1").user("u", "hidden");
    let options = options.option("ssl.key.password", "hidden");
    let options = options.unwrap_or_else(|error| panic!("{error}"));
    let shown = format!("{options:?} {}", options.destination());
    assert!(
        shown.contains("h:1") && !shown.contains("hidden"),
        "{shown}"
    );
}

#[test]
fn a_certificate_means_tls_whatever_the_address_says() {
    assert!(!of("kafka://h").is_tls());
    assert!(of("kafka+tls://h").is_tls());
    assert!(of("kafka://h?tls_ca=a.pem").is_tls());
    assert!(of("kafka://h").tls_client("c.pem", "k.pem").is_tls());
}

#[test]
fn the_same_brokers_have_the_same_name() {
    let name = of("kafka://b,A:9092").destination();
    assert_eq!(name, "Kafka at a:9092, b:9092");
    assert_eq!(name, of("kafka://a,b:9092").destination());
}
