//! Allocations of each replayed event: twice as many events minus as many, so that what does not
//! depend on their number drops out. What grows with them now and then, such as the buffer of a
//! page, is a few hundredths.

use rehydrate::{
    Aggregate, BoxError, EventStore as _, InMemory, MemoryStore, Page, Projection, ReadModel,
    Recorded, Repository, Rows, Runner,
};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::parcels::{self, Kind, Lent, Parcel, ParcelEvent};

const EVENTS: u64 = 4_000;
const STREAMS: u64 = 10;

/// What is recorded: whole allocations an event, the event's own texts included.
const RECORDED: [(&str, Measure, Kind, u64); 11] = [
    (
        "decode and apply, three texts",
        fold::<Parcel>,
        Kind::Text,
        3,
    ),
    ("decode and apply, three lent", fold::<Lent>, Kind::Text, 0),
    (
        "decode and apply, numbers",
        fold::<Parcel>,
        Kind::Numbers,
        0,
    ),
    (
        "decode and apply, one text upcast",
        fold::<Parcel>,
        Kind::Old,
        1,
    ),
    ("load, three texts", load::<Parcel>, Kind::Text, 3),
    (
        "load, three texts that are lent",
        load::<Lent>,
        Kind::Text,
        0,
    ),
    ("load, numbers", load::<Parcel>, Kind::Numbers, 0),
    ("load, one text upcast", load::<Parcel>, Kind::Old, 1),
    ("replay into a view, three texts", view, Kind::Text, 4),
    ("replay into a view, numbers", view, Kind::Numbers, 1),
    ("replay into a table, numbers", table, Kind::Numbers, 1),
];

/// How many allocations it takes to replay all events of a page.
type Measure = fn(Page) -> u64;

#[test]
fn a_replayed_event_allocates_as_often_as_is_recorded() {
    let mut wrong = Vec::new();
    for (what, measure, kind, recorded) in RECORDED {
        let once = measure(parcels::stored(kind, EVENTS, STREAMS));
        let twice = measure(parcels::stored(kind, EVENTS * 2, STREAMS));
        let measured = (twice - once) * 100 / EVENTS;
        let line = format!(
            "{what}: {}.{:02} allocations an event, recorded are {recorded}",
            measured / 100,
            measured % 100
        );
        println!("{line}");
        // What comes once a page or once a batch is less than a quarter of an allocation an event.
        if !(recorded * 100..recorded * 100 + 25).contains(&measured) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{}\n{HOW_TO_GO_ON}", wrong.join("\n"));
}

const HOW_TO_GO_ON: &str = "
Fewer than recorded: write the new number down in tests/tests/guard/allocations.rs.
More: find out where they come from, and record them only if they are worth it.
  cargo test -p rehydrate-tests --test guard --no-run      (names the program)
  valgrind --tool=dhat <program> allocates                 (writes dhat.out.<pid>)
and open that file in Valgrind's dh_view.html, ordered by total blocks.";

fn fold<A: Aggregate>(page: Page) -> u64 {
    count(|| {
        parcels::fold::<A>(&page);
    })
}

fn load<A: Aggregate<Id = u64>>(page: Page) -> u64 {
    let (runtime, store) = filled(&page);
    let parcels: Repository<A> = Repository::new(store);
    let mut loaded = 0;
    let allocations = count(|| {
        for id in 0..STREAMS {
            let parcel = runtime.block_on(parcels.load(&id));
            loaded += parcel.expect("it can be loaded").replayed().events;
        }
    });
    assert_eq!(loaded, page.len() as u64);
    allocations
}

fn view(page: Page) -> u64 {
    let (runtime, store) = filled(&page);
    let view = InMemory::new(store, Ways);
    let allocations = count(|| {
        let refreshed = runtime.block_on(view.refresh());
        refreshed.expect("the log can be read");
    });
    check(&view.rows(), &page);
    allocations
}

fn table(page: Page) -> u64 {
    let (runtime, store) = filled(&page);
    let runner = Runner::new(store.clone()).projection(Ways);
    let allocations = count(|| {
        let caught_up = runtime.block_on(runner.catch_up());
        caught_up.expect("the log can be read");
    });
    let rows = Rows::<Ways>::new(store);
    let rows = runtime.block_on(rows.all().read());
    check(&rows.expect("the rows can be read").rows, &page);
    allocations
}

/// On this thread, which is the one that is counted.
fn count(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

fn filled(page: &Page) -> (Runtime, MemoryStore) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    let store = MemoryStore::new();
    let imported = runtime.block_on(store.import(page));
    imported.expect("the store takes it");
    (runtime, store)
}

/// How many events each parcel has, in rows without text.
struct Ways;

#[derive(ReadModel, Clone, Debug, Serialize, Deserialize)]
#[read_model(table = "ways")]
struct Way {
    #[read_model(key)]
    parcel: u64,
    events: u64,
    grams: u64,
}

impl Projection for Ways {
    type Events = Parcel;
    type Row = Way;

    const NAME: &'static str = "ways";

    fn keys(
        &self,
        event: &Recorded<'_, ParcelEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Way>,
        event: &Recorded<'_, ParcelEvent>,
    ) -> Result<(), BoxError> {
        let parcel = event.id()?;
        let way = row.get_or_insert(Way {
            parcel,
            events: 0,
            grams: 0,
        });
        way.events += 1;
        if let ParcelEvent::Weighed { grams, .. } = event.event {
            way.grams += grams;
        }
        Ok(())
    }
}

fn check(rows: &[Way], page: &Page) {
    let events: u64 = rows.iter().map(|row| row.events).sum();
    assert_eq!((rows.len() as u64, events), (STREAMS, page.len() as u64));
}
