//! The account of the README: the domain part is what a user writes.

use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
enum AccountEvent {
    Opened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = Uuid, event = AccountEvent, snapshot(every = 100))]
struct Account {
    owner: String,
    cents: u64,
}

impl ApplyAccountEvent for Account {
    fn opened(&mut self, owner: String) {
        self.owner = owner;
    }

    fn deposited(&mut self, cents: u64) {
        self.cents += cents;
    }

    fn withdrawn(&mut self, cents: u64) {
        self.cents -= cents;
    }
}

fn main() {
    let mut account = Account::default();
    account.apply(AccountEvent::Opened {
        owner: "Ada".into(),
    });
    account.apply(AccountEvent::Deposited { cents: 700 });
    account.apply(AccountEvent::Withdrawn { cents: 200 });
    assert_eq!(account.owner, "Ada");
    assert_eq!(account.cents, 500);
    assert_eq!(Account::CATEGORY, "account");
}
