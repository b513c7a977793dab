//! The test kit accepts what is right and says plainly what is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rehydrate::testing::given;
use rehydrate_tests::account::{Account, AccountEvent, Overdrawn};

fn opened() -> AccountEvent {
    AccountEvent::Opened {
        owner: "Ada".to_owned(),
    }
}

fn deposited(cents: u64) -> AccountEvent {
    AccountEvent::Deposited { cents }
}

fn withdrawn(cents: u64) -> AccountEvent {
    AccountEvent::Withdrawn { cents }
}

fn account(cents: u64) -> Account {
    Account {
        owner: "Ada".to_owned(),
        cents,
    }
}

fn message_of(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("the test fails");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(_) => panic!("a panic has a message"),
    }
}

#[test]
fn a_decision_that_is_right_passes() {
    given::<Account>([opened(), deposited(10)])
        .when(|account| account.withdraw(4))
        .then([withdrawn(4)])
        .when(|account| account.withdraw(6))
        .then([withdrawn(6)])
        .then_state(account(0));
    given::<Account>([])
        .when(|account| account.withdraw(1))
        .then_refused(Overdrawn { cents: 0 });
    given::<Account>([opened()])
        .when(|_| Ok::<_, Overdrawn>(None::<AccountEvent>))
        .then_nothing();
    given::<Account>([opened()])
        .when(|account| account.deposit(3))
        .then_state(account(3));
}

#[test]
fn events_of_older_programs_are_given_as_they_are_stored() {
    given::<Account>([opened(), deposited(10)])
        .and_stored("transferred_and_charged", 1, r#"{"cents":3,"charge":1}"#)
        .and_stored("flagged", 4, "{}")
        .then_state(account(6));
    let message = message_of(|| {
        let _ = given::<Account>([opened()]).and_stored("renamed", 1, "{}");
    });
    assert!(message.contains("event 2 of account/given"), "{message}");
    assert!(message.contains("`renamed`"), "{message}");
}

#[test]
fn a_wrong_decision_is_shown_as_a_difference() {
    let message = message_of(|| {
        given::<Account>([opened(), deposited(10)])
            .when(|account| account.withdraw(4))
            .then([withdrawn(5)]);
    });
    assert!(
        message.starts_with("the decided events are not what was expected"),
        "{message}"
    );
    let lines: Vec<&str> = message.lines().collect();
    assert!(lines.contains(&"-         cents: 5,"), "{message}");
    assert!(lines.contains(&"+         cents: 4,"), "{message}");
    assert!(lines.contains(&"      Withdrawn {"), "{message}");
}

#[test]
fn a_refusal_that_should_not_be_and_one_that_is_missing_are_told_apart() {
    let refused = message_of(|| {
        given::<Account>([])
            .when(|account| account.withdraw(4))
            .then([withdrawn(4)]);
    });
    assert!(refused.contains("the command was refused"), "{refused}");
    assert!(refused.contains("Overdrawn"), "{refused}");
    let accepted = message_of(|| {
        given::<Account>([deposited(9)])
            .when(|account| account.withdraw(4))
            .then_refused(Overdrawn { cents: 9 });
    });
    assert!(accepted.contains("the command was accepted"), "{accepted}");
    assert!(accepted.contains("Withdrawn"), "{accepted}");
    let other = message_of(|| {
        given::<Account>([])
            .when(|account| account.withdraw(4))
            .then_refused(Overdrawn { cents: 1 });
    });
    assert!(
        other.contains("-     cents: 1,") && other.contains("+     cents: 0,"),
        "{other}"
    );
}
