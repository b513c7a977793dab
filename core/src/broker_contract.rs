//! The promises of [`Publisher`](crate::Publisher) and [`Source`](crate::Source) as tests, for the
//! brokers here and for anybody's.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says with a panic that it has failed"
)]

mod fixture;
mod publishing;
mod reading;

pub use self::fixture::{ContractBroker, MaybeBroker};

macro_rules! promises {
    ($list:ident, $contract:ident, $module:ident, $port:literal { $($name:ident,)* }) => {
        $(
            #[doc = concat!("The promise `", stringify!($name), "`, on a new topic.")]
            ///
            /// # Panics
            /// The broker breaks it.
            pub async fn $name(broker: impl MaybeBroker) {
                if let Some(broker) = broker.broker() {
                    $module::$name(broker).await;
                }
            }
        )*

        #[doc = concat!("The names of the promises, in the order of [`", $port, "`](crate::", $port, ")'s documentation.")]
        pub const $list: &[&str] = &[$(stringify!($name)),*];

        #[doc = concat!("Runs every promise of [`", $port, "`](crate::", $port, ") as a test of its name.")]
        ///
        /// The expression gives a future of a [`ContractBroker`](crate::broker_contract::ContractBroker)
        /// with a new topic, or of an `Option` of one where a server may be missing; it is evaluated
        /// for every test.
        #[macro_export]
        macro_rules! $contract {
            ($broker:expr) => {
                $(
                    #[test]
                    fn $name() {
                        $crate::contract::run(async {
                            $crate::broker_contract::$name($broker.await).await;
                        });
                    }
                )*
            };
        }
    };
}

promises! {
    PUBLISHER_PROMISES, publisher_contract, publishing, "Publisher" {
        every_message_gets_an_outcome_in_the_order_of_the_batch,
        a_confirmed_message_is_in_the_broker,
        a_message_arrives_as_it_was_sent,
        messages_of_one_key_arrive_in_the_order_of_the_batch,
        batches_arrive_in_the_order_in_which_they_were_sent,
        an_empty_batch_sends_nothing,
        a_message_that_is_too_large_is_rejected_and_those_of_other_keys_are_sent,
        after_a_message_that_failed_no_later_one_of_its_key_in_the_batch_is_sent,
        a_message_that_is_sent_twice_has_the_same_id,
    }
}

promises! {
    SOURCE_PROMISES, source_contract, reading, "Source" {
        a_source_is_read_from_its_beginning_without_a_hole_each_key_in_order,
        a_source_is_read_on_after_an_offset_without_a_hole_and_without_a_repetition,
        a_source_is_read_from_a_time_on,
        a_reader_says_when_it_has_read_what_was_there_when_it_was_opened,
        a_reader_sees_what_is_published_later,
        an_empty_source_is_at_its_end_at_once,
        a_reader_waits_no_longer_than_it_is_told,
        what_is_no_event_is_handed_over_with_its_place_and_what_comes_after_it_is_read,
        readers_of_one_source_do_not_disturb_each_other,
    }
}
