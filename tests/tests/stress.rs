//! Every committed event is seen by every reader once and in order, whatever the writers do.

use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::stress::{Plan, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_follow_slow_and_failing_writers_see_every_event_once_and_in_order() {
    on_every_store(|store| async move {
        let plan = Plan::new(50);
        let outcomes = run(store, plan).await;
        outcomes.assert_exact();
        assert_eq!(
            outcomes.committed.len() + outcomes.rolled_back,
            plan.writers * plan.turns
        );
        println!(
            "{} events committed, {} rolled back, {} readers lost none",
            outcomes.committed.len(),
            outcomes.rolled_back,
            outcomes.readers.len()
        );
    })
    .await;
}
