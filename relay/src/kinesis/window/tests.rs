//! What is sent when, and what becomes of it.

use rehydrate::CloudEvent;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn batch(keys: usize, each: usize) -> Vec<Message> {
    let text = r#"{"specversion":"1.0","id":"1","source":"/test","type":"counted",
        "subject":"a","time":"2024-01-02T03:04:05Z","category":"count","streamversion":"1",
        "position":"1","schemaversion":"1","data":1}"#;
    let event = CloudEvent::from_json(text).expect("it is an event");
    let keys = (0..each).flat_map(|_| 0..keys);
    keys.map(|key| Message::new("topic", key.to_string(), event.clone()))
        .collect()
}

fn stored(request: Request) -> Vec<(Entry, Answer)> {
    let entries = request.entries.into_iter();
    entries
        .map(|it| (it, Answer::Stored("shard".to_owned(), None)))
        .collect()
}

fn again() -> Answer {
    Answer::Again(PublishError::Failed {
        reason: "it is too much".to_owned(),
        source: None,
    })
}

#[test]
fn a_key_has_one_record_on_its_way_until_it_is_confirmed() {
    let batch = batch(2, 3);
    let mut window = Window::new(&batch, PATIENCE);
    let now = Instant::now();
    for _ in 0..3 {
        let request = window.request(now, 3).expect("there is one");
        assert_eq!(request.entries.len(), 2);
        assert!(window.request(now, 2).is_none());
        window.take(stored(request), now);
    }
    assert!(window.request(now, 3).is_none() && window.due().is_none());
    assert!(window.outcomes().iter().all(Result::is_ok));
}

#[test]
fn numbers_are_compared_within_a_shard_of_a_stream() {
    let mut batch = batch(1, 3);
    for message in &mut batch[1..] {
        message.topic = "another".to_owned();
    }
    let mut window = Window::new(&batch, PATIENCE);
    let mut disordered = Vec::new();
    for number in ["7", "5", "4"] {
        let mut request = window.request(Instant::now(), 0).expect("there is one");
        let entry = request.entries.remove(0);
        let sequence = Sequence::parse(number).expect("it is one");
        disordered.push(window.later(&entry, "shard", &sequence).is_some());
        let answer = Answer::Stored("shard".to_owned(), Some(sequence));
        window.take(vec![(entry, answer)], Instant::now());
    }
    assert_eq!(disordered, [false, false, true]);
}

#[test]
fn records_are_shared_out_among_requests_that_are_neither_small_nor_large() {
    for (keys, expected) in [
        (90, vec![90]),
        (500, vec![125, 125, 125, 125]),
        (1_700, vec![425, 425, 425, 425]),
        (4_000, vec![500, 500, 500, 500]),
    ] {
        let batch = batch(keys, 1);
        let mut window = Window::new(&batch, PATIENCE);
        let beside = (0..4).rev();
        let requests = beside.map_while(|it| window.request(Instant::now(), it));
        let sizes: Vec<usize> = requests.map(|it| it.entries.len()).collect();
        assert_eq!(sizes, expected);
    }
}

#[test]
fn a_record_that_is_not_taken_waits_and_fails_when_the_patience_is_over() {
    let batch = batch(2, 2);
    let mut window = Window::new(&batch, PATIENCE);
    let mut now = Instant::now();
    let mut tries = 0;
    loop {
        if let Some(request) = window.request(now, 3) {
            let answers = request.entries.into_iter().map(|entry| match entry.key {
                0 => (entry, again()),
                _ => (entry, Answer::Stored("shard".to_owned(), None)),
            });
            tries += 1;
            window.take(answers.collect(), now);
        } else if let Some(due) = window.due() {
            assert!(due > now && due <= now + LONGEST_PAUSE * 2);
            now = due;
        } else {
            break;
        }
    }
    assert!((7..30).contains(&tries), "{tries}");
    let outcomes = window.outcomes();
    assert!(matches!(
        &outcomes[..],
        [
            Err(PublishError::Failed { .. }),
            Ok(()),
            Err(PublishError::NotSent),
            Ok(())
        ]
    ));
}

#[test]
fn where_nobody_answers_three_times_nothing_more_is_sent() {
    let batch = batch(1_000, 2);
    let mut window = Window::new(&batch, PATIENCE);
    let mut now = Instant::now();
    let held = window.request(now, 0).expect("there is one");
    for _ in 0..TRIES {
        let request = window.request(now, 0).expect("there is one");
        let entries = request.entries.into_iter();
        let answers = entries.map(|entry| (entry, Answer::Away(away())));
        window.take(answers.collect(), now);
        now = window.due().unwrap_or(now) + LONGEST_PAUSE;
    }
    // What was on its way may still be confirmed, and ends there.
    window.take(stored(held), now);
    assert!(window.request(now, 3).is_none() && window.due().is_none());
    let outcomes = window.outcomes();
    let confirmed = outcomes.iter().filter(|it| it.is_ok()).count();
    assert_eq!(confirmed, 500);
    let waiting = outcomes.iter();
    let waiting = waiting.filter(|it| matches!(it, Err(PublishError::Unavailable { .. })));
    assert_eq!(waiting.count(), 1_000);
}
