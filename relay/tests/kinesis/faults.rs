//! What the service does on a bad day: it takes a part of a request, loses answers, and refuses.

use std::time::Duration;

use rehydrate::{Message, PublishError, Publisher};
use rehydrate_tests::brokers::{
    assert_confirmed, assert_failures_hold_their_keys, duplicates, message, messages, read_all,
    send_all,
};
use rehydrate_tests::kinesis::kinesalite;

use crate::fixture::{name, options, publisher, source};
use crate::proxy::{Fault, Proxy, Seen};

const THROTTLED: &str = "ProvisionedThroughputExceededException";
const STREAMS: u64 = 40;
const VERSIONS: u64 = 25;

/// A proxy with faults in what is put, and the address of the server behind it.
fn with_faults(plan: impl Fn(&Seen) -> Fault + Send + Sync + 'static) -> Option<(Proxy, String)> {
    let endpoint = kinesalite()?.url();
    let proxy = Proxy::start(&endpoint, move |seen| match seen.action.as_str() {
        "PutRecords" => plan(seen),
        _ => Fault::Pass,
    });
    Some((proxy, endpoint))
}

/// The records of a request that are to fail.
fn some(seen: &Seen, is_one: impl Fn(usize, &str) -> bool) -> Vec<usize> {
    let keys = seen.keys.iter().enumerate();
    let failing = keys.filter(|(number, key)| is_one(*number, key));
    failing.map(|(number, _)| number).collect()
}

/// How many of them there are twice, after everything was sent through the proxy.
async fn sent_and_read(proxy: &Proxy, endpoint: &str) -> (usize, usize) {
    let topic = name();
    let publisher = publisher(options(&proxy.url(), 3)).await;
    let interruptions = send_all(&publisher, messages(&topic, STREAMS, VERSIONS)).await;
    proxy.assert_one_record_of_a_key_in_a_request();
    let events = read_all(&source(options(endpoint, 3), &topic).await).await;
    (duplicates(&events, STREAMS, VERSIONS), interruptions)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_not_taken_are_sent_again_and_their_keys_stay_in_order() {
    let Some((proxy, endpoint)) = with_faults(|seen| {
        let turn = usize::try_from(seen.number).expect("it is small");
        let failing = some(seen, |number, _| (number + turn).is_multiple_of(3));
        let code = ["InternalFailure", THROTTLED][turn % 2];
        Fault::Fail(failing, code)
    }) else {
        return;
    };
    let (duplicates, interruptions) = sent_and_read(&proxy, &endpoint).await;
    eprintln!(
        "a third of the records not taken at first: {} messages in {} requests, {duplicates} \
         duplicates, {interruptions} batches broke off",
        STREAMS * VERSIONS,
        proxy.count("PutRecords")
    );
    assert_eq!((duplicates, interruptions), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_cost_duplicates_and_no_order() {
    let Some((proxy, endpoint)) = with_faults(|seen| match seen.number % 8 {
        1 => Fault::LoseAnswer,
        3 => Fault::Say(500, "InternalFailure"),
        5 => Fault::HangUp,
        7 => Fault::Say(400, THROTTLED),
        number => {
            let turn = usize::try_from(number / 2).expect("it is small");
            Fault::Fail(some(seen, |it, _| (it + turn).is_multiple_of(2)), THROTTLED)
        }
    }) else {
        return;
    };
    let (duplicates, interruptions) = sent_and_read(&proxy, &endpoint).await;
    eprintln!(
        "answers lost, 500s, closed connections, throttling: {} messages in {} requests, \
         {duplicates} duplicates, {interruptions} batches broke off",
        STREAMS * VERSIONS,
        proxy.count("PutRecords")
    );
    assert!(duplicates > 0, "the answers were lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_never_taken_fails_after_a_while_and_the_others_flow() {
    let Some((proxy, endpoint)) =
        with_faults(|seen| Fault::Fail(some(seen, |_, key| key == "count/s1"), THROTTLED))
    else {
        return;
    };
    let topic = name();
    let options = options(&proxy.url(), 2).patience(Duration::from_millis(300));
    let publisher = publisher(options.clone()).await;
    let batch = messages(&topic, 5, 4);
    let outcomes = publisher.publish(&batch).await;
    assert_failures_hold_their_keys(&batch, &outcomes);
    for (message, outcome) in batch.iter().zip(&outcomes) {
        let is_held = message.key == "count/s1";
        assert_eq!(outcome.is_err(), is_held, "{}: {outcome:?}", message.key);
    }
    let Some(Err(PublishError::Failed { reason, .. })) = outcomes.first() else {
        panic!("{outcomes:?}")
    };
    assert!(reason.contains("more shards"), "{reason}");
    let events = read_all(&source(options.endpoint(endpoint).unwrap(), &topic).await).await;
    assert_eq!(events.len(), 16);
}

/// The outcome of one message where every request is answered with this.
async fn outcome(fault: Fault) -> Option<(PublishError, u64)> {
    let (proxy, _) = with_faults(move |_| fault.clone())?;
    let options = options(&proxy.url(), 1).patience(Duration::from_millis(300));
    let publisher = publisher(options).await;
    let sent = publisher.publish(&[message(&name(), "a", 1)]).await;
    let outcome = sent.into_iter().next().expect("it has an outcome");
    let error = outcome.expect_err("it is not confirmed");
    Some((error, proxy.count("PutRecords")))
}

#[tokio::test]
async fn what_is_said_of_a_whole_request_is_told_apart() {
    for (fault, kind, advice, is_repeated) in [
        (
            Fault::Say(400, THROTTLED),
            "unavailable",
            "more shards",
            true,
        ),
        (
            Fault::Say(500, "InternalFailure"),
            "unavailable",
            "not answered",
            true,
        ),
        (Fault::HangUp, "unavailable", "not answered", true),
        (Fault::LoseAnswer, "unavailable", "not answered", true),
        (
            Fault::Say(400, "AccessDeniedException"),
            "failed",
            "allow `kinesis:PutRecords`",
            false,
        ),
        (
            Fault::Say(400, "KMSDisabledException"),
            "failed",
            "kms:GenerateDataKey",
            false,
        ),
        (
            Fault::Say(400, "ExpiredTokenException"),
            "unavailable",
            "AWS_SESSION_TOKEN",
            false,
        ),
    ] {
        let shown = format!("{fault:?}");
        let Some((error, count)) = outcome(fault).await else {
            return;
        };
        let found = match &error {
            PublishError::Unavailable { .. } => "unavailable",
            PublishError::Failed { .. } => "failed",
            _ => "another",
        };
        assert_eq!(found, kind, "{shown}: {error}");
        assert!(error.to_string().contains(advice), "{shown}: {error}");
        assert_eq!(count > 1, is_repeated, "{shown}: {count} requests");
    }
}

#[tokio::test]
async fn a_request_that_is_not_taken_is_sent_record_by_record_to_find_the_one() {
    let Some((proxy, endpoint)) = with_faults(|seen| {
        let has_it = seen.keys.iter().any(|key| key == "count/s2");
        match has_it {
            true => Fault::Say(400, "InvalidArgumentException"),
            false => Fault::Pass,
        }
    }) else {
        return;
    };
    let topic = name();
    let publisher = publisher(options(&proxy.url(), 1)).await;
    let batch = messages(&topic, 4, 2);
    let outcomes = publisher.publish(&batch).await;
    assert_failures_hold_their_keys(&batch, &outcomes);
    assert!(matches!(outcomes[1], Err(PublishError::Rejected { .. })));
    let confirmed = outcomes.iter().filter(|outcome| outcome.is_ok());
    assert_eq!(confirmed.count(), 6, "{outcomes:?}");
    let events = read_all(&source(options(&endpoint, 1), &topic).await).await;
    assert_eq!(events.len(), 6);
}

/// Whoever drops a batch sends it again: what is still on its way then may be there twice, but never
/// before what comes before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_dropped_and_sent_again_keeps_its_keys_in_order() {
    let Some((proxy, endpoint)) = with_faults(|seen| match seen.number % 5 {
        2 => Fault::Fail(some(seen, |number, _| number.is_multiple_of(2)), THROTTLED),
        _ => Fault::Pass,
    }) else {
        return;
    };
    let topic = name();
    let publisher = publisher(options(&proxy.url(), 3)).await;
    let batch: Vec<Message> = messages(&topic, 20, 10);
    assert_confirmed(&publisher.publish(&batch[..1]).await);
    let mut dropped = 0;
    // Each time it gets a bit further.
    let outcomes = loop {
        let patience = Duration::from_millis(10 * (dropped + 1));
        match tokio::time::timeout(patience, publisher.publish(&batch)).await {
            Ok(outcomes) => break outcomes,
            Err(_) => dropped += 1,
        }
    };
    assert_confirmed(&outcomes);
    let events = read_all(&source(options(&endpoint, 3), &topic).await).await;
    let duplicates = duplicates(&events, 20, 10);
    eprintln!("dropped {dropped} times: {duplicates} duplicates");
    assert!(dropped > 3, "it was dropped {dropped} times");
}
