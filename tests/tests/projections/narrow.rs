//! A store with one connection: whoever holds a lock must not need a second one.

use std::sync::Arc;
use std::time::Duration;

use rehydrate::{EventStore, Old, Operations, Rebuild, StreamId};
use rehydrate_sqlx::{MySqlOptions, MySqlStore, PostgresOptions, PostgresStore};
use rehydrate_tests::read_models::{OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::Place;

use super::{accounts, deposited, runner};

/// So long a second connection would be waited for.
const SHORT: Duration = Duration::from_secs(2);

async fn stores() -> Vec<(Place, Arc<dyn EventStore>)> {
    let mut stores: Vec<(Place, Arc<dyn EventStore>)> = Vec::new();
    if let Some(place) = Place::on_postgres().await {
        rehydrate_sqlx::migrate(place.url()).await.unwrap();
        let options = PostgresOptions::from_url(place.url()).unwrap();
        let options = options.max_connections(1).acquire_timeout(SHORT);
        let store = PostgresStore::connect(options).await.unwrap();
        stores.push((place, Arc::new(store)));
    }
    if let Some(place) = Place::on_mysql().await {
        rehydrate_sqlx::migrate(place.url()).await.unwrap();
        let options = MySqlOptions::from_url(place.url()).unwrap();
        let options = options.max_connections(1).acquire_timeout(SHORT);
        let store = MySqlStore::connect(options).await.unwrap();
        stores.push((place, Arc::new(store)));
    }
    stores
}

fn faulty(on_thirteen: OnThirteen) -> Wealths<1> {
    Wealths { on_thirteen }
}

async fn catch_up(store: &Arc<dyn EventStore>, on_thirteen: OnThirteen) {
    let runner = runner(store).projection(faulty(on_thirteen));
    runner.catch_up().await.unwrap();
}

#[tokio::test]
async fn one_connection_is_enough_to_repair_to_rebuild_and_to_swap() {
    for (_place, store) in stores().await {
        let history = [13, 1, 13, 2].map(|cents| (1, deposited(cents)));
        happen(&accounts(&store), history).await;
        catch_up(&store, OnThirteen::Fails).await;
        let operations = Operations::new(Arc::clone(&store));
        let letter = operations.dead_letters(None).await.unwrap().remove(0);
        operations.skip(&letter, "it was a test").await.unwrap();
        catch_up(&store, OnThirteen::Fails).await;
        assert_eq!(operations.retry_all(None).await.unwrap(), 1);
        catch_up(&store, OnThirteen::Takes).await;
        assert_eq!(rows_of::<Wealths>(&store).await[0].cents, 16);

        let stream = StreamId::new("account", 1).unwrap();
        let older = Rebuild::new(Arc::clone(&store), faulty(OnThirteen::Takes));
        older.stream(&stream).await.unwrap();
        older.verify(10).await.unwrap();
        let newer = Rebuild::new(Arc::clone(&store), Wealths::<2>::default());
        newer.run().await.unwrap();
        happen(&accounts(&store), [(2, deposited(3))]).await;
        catch_up(&store, OnThirteen::Takes).await;
        newer.diff(10).await.unwrap();
        newer.swap(Old::Drop).await.unwrap();
        assert_eq!(rows_of::<Wealths>(&store).await[1].cents, 3);
    }
}
