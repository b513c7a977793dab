//! `ops status`.

use std::fmt::{self, Display, Write as _};

use rehydrate::EventStore;
use serde::Serialize;

use super::consumers::{self, Consumer};
use crate::args;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::{Output, without_passwords};

#[derive(Serialize)]
struct Status {
    store: String,
    watermark: u64,
    consumers: Vec<Consumer>,
}

pub(crate) async fn run(
    console: &Console,
    args: &args::Status,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let status = Status {
        store: store_name(&*console.store),
        watermark: console.store.watermark().await?.get(),
        consumers: consumers::all(console).await?,
    };
    output.show(&status)?;
    Ok(Exit::attention_if(args.check && !status.is_well()))
}

impl Status {
    fn is_well(&self) -> bool {
        let builds = self.consumers.iter().flat_map(|found| &found.builds);
        builds
            .filter(|build| build.role != "retired")
            .all(|build| build.error.is_none() && build.parked == 0)
    }
}

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "store      {}", self.store)?;
        writeln!(f, "watermark  {}", self.watermark)?;
        if self.consumers.is_empty() {
            return write!(f, "\nNo projection, reactor or relay has run on it.");
        }
        write!(f, "\n{}", consumers::table(&self.consumers))
    }
}

/// What a store says that it is: an address, or else its type. Its diagnosis says it better, but
/// looks at all tables for it.
pub(crate) fn store_name(store: &dyn EventStore) -> String {
    struct Beginning(String);

    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            if self.0.len() + text.len() > 300 {
                return Err(fmt::Error);
            }
            self.0.push_str(text);
            Ok(())
        }
    }

    let mut name = Beginning(String::new());
    let whole = write!(name, "{store:?}");
    match whole {
        Ok(()) => match name.0.split_once("(\"") {
            Some((_, rest)) => {
                let address = rest.split_once("\")").map_or(rest, |(address, _)| address);
                without_passwords(address)
            }
            None => name.0,
        },
        Err(_) => {
            let end = name.0.find(|c: char| !c.is_alphanumeric());
            name.0[..end.unwrap_or(name.0.len())].to_owned()
        }
    }
}
