//! Penalties after sixty days, once, however often the program is started anew.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use payment_service::fine::{Fine, FineId, Issued};
use payment_service::money::Cents;
use payment_service::penalties::{DAYS_TO_PAY, Penalties};
use rehydrate::{CommandContext, EventStore, ManualClock, Operations, Repository, Runner};
use rehydrate_tests::stores::on_every_store;

struct Office {
    store: Arc<dyn EventStore>,
    clock: Arc<ManualClock>,
    fines: Repository<Fine>,
}

impl Office {
    fn new(store: Arc<dyn EventStore>) -> Self {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let fines = Repository::new(Arc::clone(&store)).with_clock(Arc::clone(&clock));
        Self {
            store,
            clock,
            fines,
        }
    }

    /// What a program does from one start to its end.
    async fn works(&self) {
        let runner = Runner::new(Arc::clone(&self.store))
            .with_clock(Arc::clone(&self.clock))
            .reactor(Penalties::new(self.fines.clone()));
        runner.drain().await.unwrap();
    }

    async fn is_notified(&self, fine: &str) -> FineId {
        let id = FineId(fine.to_owned());
        let issued = Issued {
            amount: Cents(4_000),
            ..Issued::default()
        };
        self.fines
            .execute(&id, |fine| fine.issue(issued.clone()))
            .await
            .unwrap();
        self.fines
            .execute(&id, |fine| fine.send(Cents(1_300)))
            .await
            .unwrap();
        self.fines
            .execute(&id, |fine| fine.notify(None))
            .await
            .unwrap();
        id
    }

    async fn pays(&self, id: &FineId, cents: i64) {
        let context = CommandContext::new();
        let paid = self
            .fines
            .execute_with(id, context, |fine| fine.receive_payment(Cents(cents), None));
        paid.await.unwrap();
    }

    async fn penalty_of(&self, id: &FineId) -> Option<Cents> {
        self.fines.load(id).await.unwrap().penalty
    }

    fn now(&self) -> DateTime<Utc> {
        rehydrate::Clock::now(&*self.clock)
    }
}

#[tokio::test]
async fn a_fine_that_is_unpaid_after_sixty_days_gets_its_penalty_once() {
    on_every_store(async |store| {
        let office = Office::new(store);
        office.works().await;
        let [paid, unpaid, partly] = [
            office.is_notified("paid").await,
            office.is_notified("unpaid").await,
            office.is_notified("partly").await,
        ];
        let due = office.now() + TimeDelta::days(DAYS_TO_PAY);
        office.works().await;
        let operations = Operations::new(Arc::clone(&office.store));
        let status = operations.status().await.unwrap();
        assert_eq!(status[0].builds[0].scheduled, 3);

        office.clock.set(due - TimeDelta::seconds(1));
        office.pays(&paid, 5_300).await;
        office.pays(&partly, 100).await;
        office.works().await;
        assert_eq!(office.penalty_of(&unpaid).await, None);

        office.clock.set(due);
        for _ in 0..3 {
            office.works().await;
        }
        assert_eq!(office.penalty_of(&paid).await, None);
        assert_eq!(office.penalty_of(&unpaid).await, Some(Cents(8_000)));
        assert_eq!(office.penalty_of(&partly).await, Some(Cents(8_000)));
        // Issued, sent, notified, raised, and nothing twice.
        assert_eq!(office.fines.load(&unpaid).await.unwrap().version().get(), 4);
        let status = operations.status().await.unwrap();
        assert_eq!(status[0].builds[0].scheduled, 0);
    })
    .await;
}
