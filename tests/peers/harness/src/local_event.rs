//! A copy of the events for a contestant whose traits a foreign type could not implement.

/// Declares an event enum of the shape of [`Event`](crate::Event), made from it, that an
/// [`Account`](crate::Account) and [`Counts`](crate::Counts) can take.
#[macro_export]
macro_rules! local_event {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum $name {
            Opened { account_id: String, owner: String, currency: String, memo: String, at: i64 },
            Deposited { account_id: String, tx_id: u64, amount: i64, currency: String, memo: String, at: i64 },
            Withdrawn { account_id: String, tx_id: u64, amount: i64, currency: String, memo: String, at: i64 },
        }

        $crate::local_event_as_the_others!($name);
    };
}

/// The conversions of [`local_event!`], for an enum that is declared by hand.
#[macro_export]
macro_rules! local_event_as_the_others {
    ($name:ident) => {
        impl From<$crate::Event> for $name {
            #[inline]
            fn from(event: $crate::Event) -> Self {
                match event {
                    $crate::Event::Opened {
                        account_id,
                        owner,
                        currency,
                        memo,
                        at,
                    } => Self::Opened {
                        account_id,
                        owner,
                        currency,
                        memo,
                        at,
                    },
                    $crate::Event::Deposited {
                        account_id,
                        tx_id,
                        amount,
                        currency,
                        memo,
                        at,
                    } => Self::Deposited {
                        account_id,
                        tx_id,
                        amount,
                        currency,
                        memo,
                        at,
                    },
                    $crate::Event::Withdrawn {
                        account_id,
                        tx_id,
                        amount,
                        currency,
                        memo,
                        at,
                    } => Self::Withdrawn {
                        account_id,
                        tx_id,
                        amount,
                        currency,
                        memo,
                        at,
                    },
                }
            }
        }

        #[allow(dead_code, reason = "a contestant need not use all of it")]
        impl $name {
            #[inline]
            fn kind(&self) -> &'static str {
                match self {
                    Self::Opened { .. } => "Opened",
                    Self::Deposited { .. } => "Deposited",
                    Self::Withdrawn { .. } => "Withdrawn",
                }
            }

            #[inline]
            fn apply_to(&self, account: &mut $crate::Account) {
                match self {
                    Self::Opened {
                        owner,
                        currency,
                        at,
                        ..
                    } => account.opened(owner, currency, *at),
                    Self::Deposited {
                        tx_id, amount, at, ..
                    } => {
                        account.deposited(*tx_id, *amount, *at);
                    }
                    Self::Withdrawn {
                        tx_id, amount, at, ..
                    } => {
                        account.withdrawn(*tx_id, *amount, *at);
                    }
                }
            }

            #[inline]
            fn count_in(&self, counts: &mut $crate::Counts) {
                match self {
                    Self::Opened { .. } => counts.opened(),
                    Self::Deposited { amount, .. } => counts.deposited(*amount),
                    Self::Withdrawn { amount, .. } => counts.withdrawn(*amount),
                }
            }
        }
    };
}
