//! Decoding by hand.

use peers_harness::{Account, Event, Outcome, Sizes, events_to_fold, measure_fold};
use serde::Deserialize;
use serde_json::Value;

/// The events as far as the state needs them, with text that stays where it is.
#[derive(Deserialize)]
enum Borrowed<'a> {
    Opened {
        #[serde(borrow)]
        owner: &'a str,
        #[serde(borrow)]
        currency: &'a str,
        at: i64,
    },
    Deposited {
        tx_id: u64,
        amount: i64,
        at: i64,
    },
    Withdrawn {
        tx_id: u64,
        amount: i64,
        at: i64,
    },
}

impl Borrowed<'_> {
    fn apply_to(&self, account: &mut Account) {
        match *self {
            Self::Opened {
                owner,
                currency,
                at,
            } => account.opened(owner, currency, at),
            Self::Deposited { tx_id, amount, at } => account.deposited(tx_id, amount, at),
            Self::Withdrawn { tx_id, amount, at } => account.withdrawn(tx_id, amount, at),
        }
    }
}

pub(crate) fn measure(sizes: &Sizes) -> Outcome {
    let events = events_to_fold();
    let texts: Vec<String> = events
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    measure_fold("w6_fold", sizes, || {
        let mut account = Account::default();
        events.iter().for_each(|event| account.apply(event));
        Ok(account)
    })?;
    measure_fold("w6_typed", sizes, || {
        let mut account = Account::default();
        for text in &texts {
            account.apply(&serde_json::from_str::<Event>(text)?);
        }
        Ok(account)
    })?;
    measure_fold("w6_value", sizes, || {
        let mut account = Account::default();
        for text in &texts {
            let value: Value = serde_json::from_str(text)?;
            account.apply(&serde_json::from_value(value)?);
        }
        Ok(account)
    })?;
    measure_fold("w6_borrowed", sizes, || {
        let mut account = Account::default();
        for text in &texts {
            serde_json::from_str::<Borrowed<'_>>(text)?.apply_to(&mut account);
        }
        Ok(account)
    })
}
