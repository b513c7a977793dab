//! The promises of [`EventStore`](crate::EventStore) and [`ConsumerStore`](crate::ConsumerStore) as
//! tests, for the stores here and for anybody's.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says with a panic that it has failed"
)]

mod appending;
mod commands;
mod consumer_fixture;
mod consumers;
mod consuming;
mod deliveries;
mod diffs;
mod feeding;
mod fixture;
mod log;
mod relaying;
mod running;
mod selecting;
mod snapshots;
mod streams;
mod tables;
mod transactions;

use std::future::Future;

pub use rehydrate_port::ContractStore;

/// Runs a promise to its end, on a runtime of its own with several threads.
///
/// # Panics
/// The promise is broken.
pub fn run(promise: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("BUG: a runtime can be built")
        .block_on(promise);
}

macro_rules! promises {
    ($($module:ident { $($name:ident,)* })*) => {
        $($(
            #[doc = concat!("The promise `", stringify!($name), "`, on an empty store.")]
            ///
            /// # Panics
            /// The store breaks it.
            pub async fn $name(store: impl ContractStore) {
                if let Some(store) = store.store() {
                    $module::$name(store).await;
                }
            }
        )*)*

        /// The names of all promises, in the order of [`EventStore`](crate::EventStore)'s and then
        /// [`ConsumerStore`](crate::ConsumerStore)'s documentation.
        pub const PROMISES: &[&str] = &[$($(stringify!($name)),*),*];

        /// Runs every promise of [`EventStore`](crate::EventStore) and
        /// [`ConsumerStore`](crate::ConsumerStore) as a test of its name.
        ///
        /// The expression gives a future of a new, empty store; it is evaluated for every test. A
        /// store that needs something to live as long as it does, such as a temporary folder, comes
        /// as a pair `(guard, store)`; where a server may be missing, it is an `Option`.
        ///
        /// ```
        /// # use rehydrate::MemoryStore;
        /// mod memory {
        ///     # use rehydrate::MemoryStore;
        ///     rehydrate::store_contract!(async { MemoryStore::new() });
        /// }
        /// ```
        #[macro_export]
        macro_rules! store_contract {
            ($store:expr) => {
                $($(
                    #[test]
                    fn $name() {
                        $crate::contract::run(async {
                            $crate::contract::$name($store.await).await;
                        });
                    }
                )*)*
            };
        }
    };
}

promises! {
    appending {
        an_append_is_all_or_nothing,
        events_get_consecutive_versions,
        an_empty_append_writes_nothing,
        a_stale_expected_version_is_a_conflict_that_names_the_actual_version_and_writes_nothing,
        an_unexpected_stream_is_a_conflict,
        of_many_concurrent_creators_one_wins_and_the_others_get_a_conflict,
        concurrent_appends_to_one_stream_leave_no_hole_and_no_repetition,
        events_come_back_as_they_were_written,
        recorded_times_never_go_back_within_a_stream,
        an_import_older_than_its_stream_is_refused,
    }
    commands {
        the_same_idempotency_key_commits_once,
        the_same_idempotency_key_commits_once_under_concurrency,
        a_repetition_returns_the_first_outcome_even_if_its_expected_version_is_stale,
        a_key_used_for_another_command_is_refused,
        a_failed_append_does_not_use_up_its_key,
    }
    streams {
        a_missing_stream_reads_as_empty,
        a_read_ends_at_the_asked_version,
        a_read_ends_at_the_asked_time,
        a_long_stream_is_read_in_pages_in_order_without_a_hole,
        streams_are_told_apart_by_category_and_by_every_byte_of_their_id,
    }
    snapshots {
        a_read_begins_after_the_newest_usable_snapshot,
        a_snapshot_later_than_asked_is_not_used,
        a_snapshot_of_another_fingerprint_is_reported_and_not_used,
        a_snapshot_only_moves_forward,
    }
    log {
        positions_increase_in_the_order_of_the_log,
        the_log_never_repeats_and_never_skips,
        the_log_yields_each_stream_in_version_order,
        the_log_can_be_read_by_categories,
        a_reader_who_follows_writers_sees_every_event_once,
        nothing_above_the_watermark_is_read,
        streams_are_listed_once_each_in_order,
        a_census_counts_every_type_and_version_of_every_category_in_order,
        an_open_transaction_is_not_in_the_census,
    }
    transactions {
        a_transaction_commits_all_of_its_appends,
        a_dropped_transaction_leaves_nothing_behind,
        a_transaction_reads_its_own_appends,
        nobody_else_reads_an_open_transactions_appends,
        after_commit_actions_run_after_a_commit_only,
        a_refused_append_leaves_the_transaction_usable,
        a_dropped_append_is_there_with_its_key_or_not_at_all,
        a_transaction_has_an_identity_of_its_own_and_that_of_its_store,
    }
    running {
        an_import_keeps_positions_versions_times_and_ids,
        an_import_goes_on_after_the_log_and_not_inside_it,
        an_append_after_an_import_comes_after_it,
        a_wait_for_what_is_there_returns_at_once,
        an_append_ends_a_wait,
        a_diagnosis_shows_how_far_the_log_is_and_what_is_in_it,
    }
    consumers {
        a_build_is_created_once,
        a_build_is_created_whole_by_one_creator,
        a_dropped_build_leaves_nothing_behind,
    }
    tables {
        rows_come_back_as_they_were_written,
    }
    selecting {
        rows_are_read_by_filter_in_order_in_parts,
    }
    tables {
        rows_come_with_the_position_of_their_checkpoint,
    }
    diffs {
        a_diff_names_what_was_added_removed_and_changed,
    }
    consumers {
        a_lease_is_given_to_one_and_runs_out,
    }
    deliveries {
        deliveries_are_found_by_consumer_state_and_time,
    }
    consumers {
        the_events_of_the_log_are_counted_by_category,
    }
    consuming {
        rows_and_checkpoint_commit_together_or_not_at_all,
    }
    tables {
        a_row_that_its_table_cannot_hold_is_a_bad_row,
    }
    consumers {
        a_shard_forgets_only_what_is_noted_of_itself,
    }
    consuming {
        a_locked_checkpoint_is_busy_for_others,
        a_saved_checkpoint_has_a_new_revision,
        a_swap_takes_effect_with_its_commit,
        what_was_swapped_out_is_kept_under_its_own_name,
    }
    feeding {
        a_feed_commits_its_place_and_what_it_has_taken_with_its_rows_or_not_at_all,
        the_last_event_of_each_stream_is_remembered_byte_for_byte,
        what_waits_for_its_stream_comes_back_as_it_was_in_order,
        a_build_that_is_behind_another_one_is_told,
    }
    relaying {
        a_relay_is_remembered_as_it_was_with_its_checkpoint_or_not_at_all,
    }
}
