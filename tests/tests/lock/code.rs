//! The code that a message suggests.

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, accepted, refused};

#[derive(Serialize, Deserialize, Describe)]
#[serde(transparent)]
struct Cents(i64);

#[derive(Serialize, Deserialize, Describe)]
struct PaymentReceivedV1 {
    euro: String,
}

#[derive(Serialize, Deserialize, Describe)]
struct PaymentReceivedV2 {
    cents: Cents,
}

impl From<PaymentReceivedV1> for PaymentReceivedV2 {
    fn from(_: PaymentReceivedV1) -> Self {
        Self { cents: Cents(1) }
    }
}

/// A payment as the payment service has it, and its history.
macro_rules! payment {
    ($module:ident $fields:tt) => {
        mod $module {
            use super::*;

            #[derive(Default, Serialize, Deserialize, Describe)]
            pub(super) struct PaymentReceived $fields

            #[derive(Event, Serialize, Deserialize)]
            pub(super) enum FineEvent {
                #[event(history(PaymentReceivedV1, PaymentReceivedV2))]
                PaymentReceived(PaymentReceived),
            }

            impl From<PaymentReceivedV2> for PaymentReceived {
                fn from(_: PaymentReceivedV2) -> Self {
                    Self::default()
                }
            }
        }
    };
}

impl Default for Cents {
    fn default() -> Self {
        Self(1)
    }
}

payment!(shipped {
    cents: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stated_total_cents: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
});

payment!(now {
    pub(super) cents: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    pub(super) payer: String,
    #[serde(default)]
    pub(super) at: Option<u64>,
});

const MESSAGE: &str = r#"This program would not read what has been stored, as events.lock has it: 1 problem. Nothing was
written.

(1) FineEvent::PaymentReceived, stored as `payment_received`, version 3 (today's shape), was
changed:
  - field `stated_total_cents` was removed; it was shipped as i64?
  - field `payer` was added (string) and has no default: what is stored has no such field
  - golden event events.golden/FineEvent/payment_received.v3.json: it has a payload of another
    shape: missing field `payer` at line 1 column 53

  Keep the shipped shape as a type of its own and add it to the history. Today's shape is then
  version 4, and version 3 is upcast to it:

      #[derive(rehydrate::Describe, serde::Deserialize)]
      struct PaymentReceivedV3 {
          cents: i64,
          #[serde(default)]
          reference: Option<String>,
          #[serde(default)]
          stated_total_cents: Option<i64>,
      }

      #[event(history(PaymentReceivedV1, PaymentReceivedV2, PaymentReceivedV3))]
      PaymentReceived(PaymentReceived),

      impl From<PaymentReceivedV3> for PaymentReceived {
          fn from(old: PaymentReceivedV3) -> Self {
              Self {
                  cents: todo!("Cents from old.cents"),
                  reference: old.reference,
                  payer: todo!("what it was when it was not stored"),
                  at: None,
              }
          }
      }

  The link before it now ends there: `impl From<PaymentReceivedV2> for PaymentReceived` becomes
  `impl From<PaymentReceivedV2> for PaymentReceivedV3`.

  Less work, where it is all that is needed:
    - field `payer`: `#[serde(default)]`, if a default is right for what is stored; or make it an
      `Option<String>`
    - field `stated_total_cents`: put back what was removed

If a version was never shipped, so that it is only on your branch: take events.lock and
events.golden from the released commit, then update them:

    git checkout <released commit> -- events.lock events.golden
    REHYDRATE_UPDATE=1 cargo test"#;

#[test]
fn the_suggested_code_is_whole() {
    let folder = Folder::shipped::<shipped::FineEvent>();
    let message = refused::<now::FineEvent>(&folder);
    assert_eq!(message, MESSAGE);
}

/// The code of the message, with its two `todo!` filled in.
mod pasted {
    use rehydrate::{Describe, Event};
    use serde::{Deserialize, Serialize};

    use super::{Cents, PaymentReceivedV1, PaymentReceivedV2, now::PaymentReceived};

    #[derive(rehydrate::Describe, serde::Deserialize)]
    struct PaymentReceivedV3 {
        cents: i64,
        #[serde(default)]
        reference: Option<String>,
        #[serde(default)]
        stated_total_cents: Option<i64>,
    }

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum FineEvent {
        #[event(history(PaymentReceivedV1, PaymentReceivedV2, PaymentReceivedV3))]
        PaymentReceived(Payment),
    }

    #[derive(Serialize, Deserialize, Describe)]
    #[serde(transparent)]
    pub(super) struct Payment(PaymentReceived);

    impl From<PaymentReceivedV2> for PaymentReceivedV3 {
        fn from(old: PaymentReceivedV2) -> Self {
            Self {
                cents: old.cents.0,
                reference: None,
                stated_total_cents: None,
            }
        }
    }

    impl From<PaymentReceivedV3> for Payment {
        fn from(old: PaymentReceivedV3) -> Self {
            Self(PaymentReceived {
                cents: Cents(old.cents),
                reference: old.reference,
                payer: "unknown".to_owned(),
                at: old.stated_total_cents.and(None),
            })
        }
    }
}

#[test]
fn the_suggested_code_solves_the_problem() {
    let folder = Folder::shipped::<shipped::FineEvent>();
    refused::<now::FineEvent>(&folder);
    accepted::<pasted::FineEvent>(
        &folder,
        "version 4 of `payment_received` is new",
        &["[FineEvent.payment_received.v4]", "payer = \"string\""],
    );
}
