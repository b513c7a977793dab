//! `ops lag`.

use std::fmt::{self, Display};

use serde::Serialize;

use super::consumers::{self, Consumer};
use crate::args;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, or_dash};
use crate::time;

#[derive(Serialize)]
struct Lag {
    watermark: u64,
    fail_above_events: Option<u64>,
    fail_above_seconds: Option<f64>,
    consumers: Vec<Behind>,
}

#[derive(Serialize)]
struct Behind {
    name: String,
    kind: &'static str,
    position: u64,
    /// Nothing for a reactor that has never run: where it begins is its own affair.
    lag_events: Option<u64>,
    /// Nothing for one that has never run.
    lag_seconds: Option<f64>,
    is_above: bool,
}

pub(crate) async fn run(
    console: &Console,
    args: &args::Lag,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let watermark = console.store.watermark().await?.get();
    let all = consumers::all(console).await?;
    let lag = Lag {
        watermark,
        fail_above_events: args.fail_above,
        fail_above_seconds: args.fail_above_seconds,
        consumers: all
            .iter()
            .map(|consumer| behind(consumer, watermark, args))
            .collect(),
    };
    output.show(&lag)?;
    let is_above = lag.consumers.iter().any(|consumer| consumer.is_above);
    Ok(Exit::attention_if(is_above))
}

/// How far behind the live build is; a shadow is behind on purpose.
fn behind(consumer: &Consumer, watermark: u64, args: &args::Lag) -> Behind {
    let live = consumer.live();
    let events = match live {
        Some(live) => Some(live.lag_events),
        None => (consumer.kind == "projection").then_some(watermark),
    };
    let seconds = live.map(|live| live.lag_seconds);
    let too_many = args
        .fail_above
        .is_some_and(|limit| events.is_some_and(|events| events > limit));
    let too_long = args
        .fail_above_seconds
        .is_some_and(|limit| seconds.map_or(events > Some(0), |seconds| seconds > limit));
    Behind {
        name: consumer.name.clone(),
        kind: consumer.kind,
        position: live.map_or(0, |live| live.position),
        lag_events: events,
        lag_seconds: seconds,
        is_above: too_many || too_long,
    }
}

impl Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        if self.consumers.is_empty() {
            return write!(f, "No projection, reactor or relay has run on this store.");
        }
        let mut grid = Grid::new(&[
            Text("NAME"),
            Text("KIND"),
            Number("POSITION"),
            Number("EVENTS"),
            Number("TIME"),
            Text(""),
        ]);
        for consumer in &self.consumers {
            grid.row([
                consumer.name.clone(),
                consumer.kind.to_owned(),
                consumer.position.to_string(),
                or_dash(consumer.lag_events),
                match consumer.lag_seconds {
                    None => "never run".to_owned(),
                    Some(_) if consumer.lag_events == Some(0) => "-".to_owned(),
                    Some(seconds) => time::length(seconds),
                },
                if consumer.is_above {
                    "above the limit"
                } else {
                    ""
                }
                .to_owned(),
            ]);
        }
        write!(f, "{grid}")
    }
}
