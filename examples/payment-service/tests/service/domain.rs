//! What a fine decides, without a store.

use payment_service::fine::FineEvent::{
    self, AppealFiled, AppealSentToPrefecture, Dismissed, HandedToCreditCollection, Notified,
    PenaltyAdded, Sent,
};
use payment_service::fine::{Appeal, Fine, Issued, PaymentReceived, Refusal};
use payment_service::money::{Cents, NotAnAmount};
use rehydrate::testing::given;

fn issued(cents: i64) -> FineEvent {
    FineEvent::Issued(Issued {
        amount: Cents(cents),
        ..Issued::default()
    })
}

fn paid(cents: i64) -> FineEvent {
    FineEvent::PaymentReceived(PaymentReceived {
        cents: Cents(cents),
        ..PaymentReceived::default()
    })
}

fn sent(cents: i64) -> FineEvent {
    Sent {
        expense: Cents(cents),
    }
}

fn raised(cents: i64) -> FineEvent {
    PenaltyAdded {
        amount: Cents(cents),
    }
}

fn issue(cents: i64) -> impl Fn(&Fine) -> Result<FineEvent, Refusal> {
    move |fine| {
        fine.issue(Issued {
            amount: Cents(cents),
            ..Issued::default()
        })
    }
}

fn pay(cents: i64) -> impl Fn(&Fine) -> Result<FineEvent, Refusal> {
    move |fine| fine.receive_payment(Cents(cents), None)
}

#[test]
fn a_fine_is_issued_once() {
    given::<Fine>([]).when(issue(21_00)).then([issued(21_00)]);
    given::<Fine>([issued(21_00)])
        .when(issue(21_00))
        .then_refused(Refusal::AlreadyIssued);
}

#[test]
fn a_fine_of_nothing_is_refused() {
    for cents in [0, -1] {
        given::<Fine>([])
            .when(issue(cents))
            .then_refused(Refusal::NotPositive(Cents(cents)));
    }
    given::<Fine>([])
        .when(issue(i64::MAX))
        .then_refused(Refusal::TooLarge(Cents(i64::MAX)));
}

#[test]
fn what_is_owed_is_the_penalty_in_place_of_the_amount_and_the_expense() {
    let given = given::<Fine>([issued(36_00), sent(13_00), raised(74_00), paid(49_00)]);
    let fine = given.state();
    assert_eq!(fine.owed(), Cents(87_00));
    assert_eq!(fine.outstanding(), Cents(38_00));
}

#[test]
fn a_payment_is_taken_up_to_what_is_outstanding() {
    given::<Fine>([issued(21_00), paid(20_00)])
        .when(pay(1_00))
        .then([paid(1_00)]);
    given::<Fine>([issued(21_00), paid(20_00)])
        .when(pay(1_01))
        .then_refused(Refusal::Overpaid {
            paid: Cents(1_01),
            outstanding: Cents(1_00),
        });
}

#[test]
fn a_payment_of_zero_or_less_is_refused() {
    for cents in [0, -5] {
        given::<Fine>([issued(21_00)])
            .when(pay(cents))
            .then_refused(Refusal::NotPositive(Cents(cents)));
    }
}

#[test]
fn an_unknown_a_paid_and_a_dismissed_fine_take_no_payment() {
    given::<Fine>([])
        .when(pay(1_00))
        .then_refused(Refusal::UnknownFine);
    given::<Fine>([issued(21_00), paid(21_00)])
        .when(pay(1_00))
        .then_refused(Refusal::AlreadyPaid);
    let code = "5".to_owned();
    given::<Fine>([issued(21_00), Dismissed { code: code.clone() }])
        .when(pay(1_00))
        .then_refused(Refusal::Dismissed { code });
}

#[test]
fn a_penalty_is_added_once_and_never_lowers_the_fine() {
    let raise = |cents| move |fine: &Fine| fine.add_penalty(Cents(cents));
    given::<Fine>([issued(21_00)])
        .when(raise(42_00))
        .then([raised(42_00)]);
    given::<Fine>([issued(21_00), raised(42_00)])
        .when(raise(84_00))
        .then_refused(Refusal::PenaltyAlreadyAdded);
    given::<Fine>([issued(21_00)])
        .when(raise(20_99))
        .then_refused(Refusal::PenaltyTooLow {
            penalty: Cents(20_99),
            amount: Cents(21_00),
        });
}

#[test]
fn a_fine_is_sent_once_and_notified_once_after_that() {
    let notified = Notified {
        notification_type: Some("P".to_owned()),
        last_sent: None,
    };
    let notify = |fine: &Fine| fine.notify(Some("P".to_owned()));
    given::<Fine>([issued(21_00)])
        .when(notify)
        .then_refused(Refusal::NotSent);
    given::<Fine>([issued(21_00), sent(11_00)])
        .when(notify)
        .then([notified.clone()]);
    given::<Fine>([issued(21_00), sent(11_00), notified])
        .when(notify)
        .then_refused(Refusal::AlreadyNotified);
    given::<Fine>([issued(21_00), sent(11_00)])
        .when(|fine| fine.send(Cents(11_00)))
        .then_refused(Refusal::AlreadySent);
}

#[test]
fn a_paid_fine_is_not_handed_to_credit_collection() {
    given::<Fine>([issued(21_00)])
        .when(Fine::hand_to_collection)
        .then([HandedToCreditCollection]);
    given::<Fine>([issued(21_00), paid(21_00)])
        .when(Fine::hand_to_collection)
        .then_refused(Refusal::AlreadyPaid);
    given::<Fine>([issued(21_00), HandedToCreditCollection])
        .when(Fine::hand_to_collection)
        .then_refused(Refusal::AlreadyInCollection);
}

#[test]
fn an_appeal_takes_one_step_after_the_other() {
    given::<Fine>([issued(21_00)])
        .when(Fine::file_appeal)
        .then([AppealFiled]);
    given::<Fine>([issued(21_00), AppealFiled])
        .when(|fine| fine.send_appeal(None))
        .then([AppealSentToPrefecture { dismissal: None }]);
    given::<Fine>([issued(21_00), AppealFiled])
        .when(Fine::receive_appeal_result)
        .then_refused(Refusal::AppealOutOfOrder {
            at: Some(Appeal::Filed),
            to: Appeal::ResultReceived,
        });
}

#[test]
fn an_appeal_that_succeeds_dismisses_the_fine() {
    let dismissal = Some("#".to_owned());
    let given = given::<Fine>([
        issued(21_00),
        AppealFiled,
        AppealSentToPrefecture { dismissal },
    ]);
    assert_eq!(given.state().outstanding(), Cents::ZERO);
    given
        .when(|fine| fine.dismiss("5"))
        .then_refused(Refusal::Dismissed {
            code: "#".to_owned(),
        });
}

#[test]
fn history_is_recorded_as_it_was_except_before_its_beginning() {
    given::<Fine>([issued(21_00), paid(21_00)])
        .when(|fine| fine.record(paid(99_00)))
        .then([paid(99_00)]);
    given::<Fine>([])
        .when(|fine| fine.record(paid(1_00)))
        .then_refused(Refusal::UnknownFine);
    given::<Fine>([issued(21_00)])
        .when(|fine| fine.record(issued(21_00)))
        .then_refused(Refusal::AlreadyIssued);
}

#[test]
fn payments_of_every_release_count_the_same() {
    let given = given::<Fine>([issued(21_00)])
        .and_stored("payment_received", 1, r#"{"euro":"7.50"}"#)
        .and_stored("payment_received", 2, r#"{"cents":250}"#)
        .and_stored("payment_received", 3, r#"{"cents":100,"reference":"A1"}"#);
    assert_eq!(given.state().paid, Cents(11_00));
    assert_eq!(given.state().payments, 3);
}

#[test]
fn euro_are_read_exactly() {
    let read = |text: &str| text.parse::<Cents>();
    assert_eq!(read("35.00"), Ok(Cents(35_00)));
    assert_eq!(read("0.29"), Ok(Cents(29)));
    assert_eq!(read("35.5"), Ok(Cents(35_50)));
    assert_eq!(read("35"), Ok(Cents(35_00)));
    assert_eq!(read("-1.00"), Err(NotAnAmount::Negative));
    assert_eq!(read("99999999999999999999.00"), Err(NotAnAmount::TooLarge));
    for text in [
        "", ".", "1.", ".5", "1.005", "1,00", "1e3", "+1.00", " 1.00", "NaN",
    ] {
        assert_eq!(read(text), Err(NotAnAmount::Malformed), "{text:?}");
    }
}
