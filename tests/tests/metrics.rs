//! What is told to the recorder of the metrics crate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use rehydrate::{EventStore, MemoryStore, Rebuild, Repository, Runner};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{OnThirteen, Wealths, happen};

/// The last value of each metric of `wealth`, by name and build.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<BTreeMap<String, f64>>>);

struct One(String, Seen);

impl One {
    fn change(&self, change: impl Fn(f64) -> f64) {
        let mut seen = self.1.0.lock().unwrap();
        let value = seen.entry(self.0.clone()).or_default();
        *value = change(*value);
    }
}

impl CounterFn for One {
    fn increment(&self, value: u64) {
        let value = f64::from(u32::try_from(value).unwrap());
        self.change(|sum| sum + value);
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for One {
    fn increment(&self, value: f64) {
        self.change(|now| now + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|now| now - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl HistogramFn for One {
    fn record(&self, _: f64) {
        self.change(|count| count + 1.0);
    }
}

impl Seen {
    fn one(&self, key: &Key) -> Arc<One> {
        let labels: Vec<String> = key.labels().map(|label| label.value().to_owned()).collect();
        Arc::new(One(
            format!("{} {}", key.name(), labels.join(" ")),
            self.clone(),
        ))
    }
}

impl Recorder for Seen {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.one(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}

#[test]
fn events_lag_parked_streams_and_progress_are_told() {
    let seen = Seen::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&seen, || {
        runtime.block_on(async {
            let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
            let accounts: Repository<Account> = Repository::new(Arc::clone(&store));
            let events = [1, 2, 13, 4, 5].map(|cents| AccountEvent::Deposited { cents });
            happen(
                &accounts,
                events
                    .into_iter()
                    .enumerate()
                    .map(|(at, event)| (at as u64, event)),
            )
            .await;
            let on_thirteen = OnThirteen::Fails;
            let runner = Runner::new(Arc::clone(&store)).with_batch(2);
            let runner = runner.projection(Wealths::<2> { on_thirteen });
            runner.catch_up().await.unwrap();
            Rebuild::new(store, Wealths::<2>::default())
                .run()
                .await
                .unwrap();
        });
    });
    let seen = seen.0.lock().unwrap();
    let value = |name: &str| seen.get(name).copied();
    assert_eq!(value("rehydrate_events_total wealth 1 0"), Some(5.0));
    assert_eq!(value("rehydrate_lag_events wealth 1 0"), Some(0.0));
    assert_eq!(value("rehydrate_lag_seconds wealth 1 0"), Some(0.0));
    assert_eq!(value("rehydrate_parked_streams wealth 1 0"), Some(1.0));
    assert_eq!(value("rehydrate_batch_seconds wealth 1 0"), Some(3.0));
    assert_eq!(value("rehydrate_rebuild_ratio wealth 2"), Some(1.0));
}
