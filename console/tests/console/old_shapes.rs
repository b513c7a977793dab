//! What is stored in old shapes, shown, verified and rebuilt.

use std::sync::Arc;

use rehydrate::{BoxError, EventOf, Projection, ReadModel, Recorded, RowScope, Rows, Runner};
use rehydrate_console::Exit;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::street::{Lamp, LampEvent, Street, append};
use crate::town::run;

#[derive(ReadModel, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[read_model(table = "usage")]
struct Usage {
    #[read_model(key)]
    lamp: String,
    times: i64,
    parts: i64,
}

struct Usages;

impl Projection for Usages {
    type Events = Lamp;
    type Row = Usage;
    const NAME: &'static str = "usage";
    const ROWS: RowScope = RowScope::PerStream;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Usage>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        let row = row.get_or_insert_with(|| Usage {
            lamp: event.stream_id.to_owned(),
            times: 0,
            parts: 0,
        });
        row.times += i64::from(matches!(event.event, LampEvent::Lit { .. }));
        row.parts += i64::try_from(event.part)?;
        Ok(())
    }
}

#[tokio::test]
async fn what_is_stored_in_old_shapes_is_shown_and_verified() {
    let street = Street::new().await;
    let shown = run(&street.console(), "stream a --json").await.json();
    assert_eq!(
        (&shown["version"], &shown["state"]["times"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(shown["events"].as_array().unwrap().len(), 4);
    let split = run(&street.console(), "stream a --at-version 3 --json")
        .await
        .json();
    assert_eq!(split["state"], json!({ "watts": 0, "times": 3 }));
    let retired = run(&street.console(), "stream a --at-version 2").await;
    assert!(
        retired.out.starts_with("lamp/a at version 2"),
        "{}",
        retired.out
    );
    let raw = run(&street.console(), "stream a --raw").await;
    assert!(
        raw.out.contains(r#"lit_up v1  {"candles":3}"#),
        "{}",
        raw.out
    );
    assert_eq!(run(&street.console(), "verify").await.exit, Exit::Fine);
    append(&street.store, "lamp/a", ("melted", 1, "{}")).await;
    let unknown = run(&street.console(), "stream a").await;
    assert_eq!(unknown.exit, Exit::Attention);
    let place = "event 5 of lamp/a (position 6, type `melted`, schema version 1)";
    assert!(unknown.err.contains(place), "{}", unknown.err);
    assert_eq!(
        run(&street.console(), "stream a --raw").await.exit,
        Exit::Fine
    );
}

#[tokio::test]
async fn read_models_of_old_shapes_are_rebuilt_compared_and_verified() {
    let street = Street::new().await;
    let runner = Runner::new(Arc::clone(&street.store)).projection(Usages);
    runner.catch_up().await.unwrap();
    let rows = Rows::<Usages>::new(Arc::clone(&street.store));
    let right = vec![Usage {
        lamp: "a".to_owned(),
        times: 4,
        parts: 1 + 2 + 3,
    }];
    assert_eq!(rows.all().read().await.unwrap().rows, right);
    let console = street.console().projection(Usages);
    let json = async |line: &str| run(&console, &format!("{line} --json")).await.json();
    assert_eq!(json("projections plan usage").await["events"], 5);
    assert_eq!(json("projections rebuild usage").await["events"], 5);
    let diff = run(&console, "projections diff usage").await;
    assert_eq!(diff.exit, Exit::Fine, "{}{}", diff.out, diff.err);
    let one = json("projections rebuild usage --stream lamp/a --yes").await;
    assert_eq!((&one["events"], &one["rows"]), (&json!(4), &json!(1)));
    let verified = json("verify").await;
    assert_eq!(verified["is_fine"], true);
    assert_eq!(verified["projections"][0]["events"], 5);
    assert_eq!(rows.all().read().await.unwrap().rows, right);
}
