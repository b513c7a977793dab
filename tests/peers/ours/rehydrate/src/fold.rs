//! W6: stored events, decoded and applied: as events that own their texts, and as a load does it.

use peers_harness::{Outcome, Sizes, events_to_fold, measure_fold};
use rehydrate::{Aggregate, Decoded, Event, EventRow, Page, Position, Version};

use crate::account::{Account, AccountEvent};

pub(crate) fn measure(sizes: &Sizes) -> Outcome {
    let page = stored()?;
    measure_fold("w6_typed", sizes, || {
        let mut account = Account::default();
        for stored in page.iter() {
            match AccountEvent::decode(&stored)? {
                Decoded::Retired => {}
                Decoded::One(event) => account.apply(event),
                Decoded::Many(events) => events.into_iter().for_each(|event| account.apply(event)),
            }
        }
        Ok(state(account))
    })?;
    measure_fold("w6_borrowed", sizes, || {
        let mut account = Account::default();
        for stored in page.iter() {
            account.replay(&stored)?;
        }
        Ok(state(account))
    })
}

fn state(account: Account) -> peers_harness::Account {
    peers_harness::Account {
        open: account.open,
        owner: account.owner,
        currency: account.currency,
        balance: account.balance,
        tx_count: account.tx_count,
        last_tx: account.last_tx,
        updated_at: account.updated_at,
    }
}

/// The events as a store hands them over.
fn stored() -> Outcome<Page> {
    let mut page = Page::new();
    for (number, event) in (1..).zip(events_to_fold()) {
        let event = AccountEvent::from(event);
        page.push(&EventRow {
            category: Account::CATEGORY,
            stream_id: "1",
            version: Version(number),
            position: Position(number),
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            payload: &event.encode()?,
            metadata: None,
            event_id: uuid::Uuid::nil(),
            recorded_at: std::time::SystemTime::UNIX_EPOCH.into(),
        });
    }
    Ok(page)
}
