//! Refolding one stream, replaying a part, looking at a sample.

use std::sync::Arc;

use rehydrate::{EventStore, Rebuild, RebuildError, Replay, ReplayError, StreamId};
use rehydrate_tests::read_models::{Flows, OnThirteen, Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

use super::{accounts, deposited, opened, runner, withdrawn};

async fn history(store: &Arc<dyn EventStore>) {
    let history = [
        (1, opened("Ada")),
        (1, deposited(50)),
        (2, deposited(13)),
        (2, deposited(4)),
        (1, withdrawn(20)),
    ];
    happen(&accounts(store), history).await;
}

fn wealth(store: &Arc<dyn EventStore>) -> Rebuild {
    Rebuild::new(Arc::clone(store), Wealths::<2>::default())
}

/// Somebody has changed a row by hand.
async fn tamper(store: &Arc<dyn EventStore>) {
    let row = Wealth {
        account: 1,
        owner: None,
        cents: 999,
        events: 9,
    };
    let text = serde_json::to_string(&row).unwrap();
    let table = <Wealth as rehydrate::ReadModel>::TABLE;
    let mut transaction = store.begin().await.unwrap();
    let consumers = transaction.consumers().unwrap();
    consumers
        .write_rows(&table, "wealth", &[text], &[])
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_wrong_row_is_found_and_its_stream_refolded() {
    on_every_store(async |store| {
        history(&store).await;
        runner(&store)
            .projection(Wealths::<2>::default())
            .catch_up()
            .await
            .unwrap();
        let verified = wealth(&store).verify(100).await.unwrap();
        assert_eq!((verified.streams, verified.events), (2, 5));
        assert_eq!(verified.wrong, []);

        tamper(&store).await;
        let verified = wealth(&store).verify(100).await.unwrap();
        assert_eq!(verified.wrong.len(), 1);
        assert_eq!(verified.wrong[0].live.as_ref().unwrap()["cents"], 999);
        assert_eq!(verified.wrong[0].refolded.as_ref().unwrap()["cents"], 30);

        let stream = StreamId::new("account", 1).unwrap();
        let refolded = wealth(&store).stream(&stream).await.unwrap();
        assert_eq!((refolded.events, refolded.rows), (3, 1));
        assert_eq!(rows_of::<Wealths>(&store).await[0].cents, 30);
        let shared = Rebuild::new(Arc::clone(&store), Flows)
            .stream(&stream)
            .await;
        assert!(
            matches!(shared, Err(RebuildError::SharedRows { .. })),
            "{shared:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refolded_stream_is_not_parked_any_more() {
    on_every_store(async |store| {
        history(&store).await;
        let unlucky = Wealths::<2> {
            on_thirteen: OnThirteen::Fails,
        };
        runner(&store).projection(unlucky).catch_up().await.unwrap();
        assert_eq!(rows_of::<Wealths>(&store).await.len(), 1);
        let stream = StreamId::new("account", 2).unwrap();
        let failed = Rebuild::new(Arc::clone(&store), unlucky)
            .stream(&stream)
            .await;
        assert!(
            matches!(failed, Err(RebuildError::Event { .. })),
            "{failed:?}"
        );
        wealth(&store).stream(&stream).await.unwrap();
        assert_eq!(rows_of::<Wealths>(&store).await[1].cents, 17);
        happen(&accounts(&store), [(2, deposited(1))]).await;
        runner(&store)
            .projection(Wealths::<2>::default())
            .catch_up()
            .await
            .unwrap();
        assert_eq!(rows_of::<Wealths>(&store).await[1].cents, 18);
    })
    .await;
}

#[tokio::test]
async fn a_part_is_replayed_over_rows_that_allow_it_and_refused_by_others() {
    on_every_store(async |store| {
        history(&store).await;
        let runner = runner(&store)
            .projection(Owners { prefix: "" })
            .projection(Flows);
        runner.catch_up().await.unwrap();
        let refused = Replay::new(Arc::clone(&store), Flows)
            .run()
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ReplayError::NotIdempotent { .. }),
            "{refused:?}"
        );
        assert!(refused.to_string().contains("rebuild it"), "{refused}");

        let better = || Replay::new(Arc::clone(&store), Owners { prefix: "Lady " });
        let none = better().of_types(["deposited"]).run().await.unwrap();
        assert_eq!(none, 3);
        assert_eq!(rows_of::<Owners>(&store).await[0].owner, "Ada");
        let replayed = better().of_types(["opened"]).run().await.unwrap();
        assert_eq!(replayed, 1);
        assert_eq!(rows_of::<Owners>(&store).await[0].owner, "Lady Ada");
        assert_eq!(
            better()
                .after(1.into())
                .up_to(3.into())
                .run()
                .await
                .unwrap(),
            2
        );
    })
    .await;
}

use owners::Owners;

mod owners {
    //! Rows that are set and never added to.

    use rehydrate::{BoxError, Projection, ReadModel, Recorded};
    use rehydrate_tests::account::{Account, AccountEvent};
    use serde::{Deserialize, Serialize};

    #[derive(ReadModel, Clone, Debug, Serialize, Deserialize)]
    #[read_model(table = "owners")]
    pub(super) struct OwnerRow {
        #[read_model(key)]
        account: u64,
        pub(super) owner: String,
    }

    pub(super) struct Owners {
        pub(super) prefix: &'static str,
    }

    impl Projection for Owners {
        type Events = Account;
        type Row = OwnerRow;

        const NAME: &'static str = "owners";
        const IDEMPOTENT: bool = true;

        fn keys(
            &self,
            event: &Recorded<'_, AccountEvent>,
        ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
            let is_opened = matches!(event.event, AccountEvent::Opened { .. });
            Ok(is_opened.then(|| event.id()).transpose()?)
        }

        fn apply(
            &self,
            row: &mut Option<OwnerRow>,
            event: &Recorded<'_, AccountEvent>,
        ) -> Result<(), BoxError> {
            if let AccountEvent::Opened { owner } = &event.event {
                *row = Some(OwnerRow {
                    account: event.id()?,
                    owner: format!("{}{owner}", self.prefix),
                });
            }
            Ok(())
        }
    }
}
