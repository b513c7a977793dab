//! `ops copy`.

use serde_json::json;

use super::Done;
use super::status::store_name;
use crate::args::Copy;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::count;

pub(crate) async fn run(
    console: &Console,
    args: &Copy,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    rehydrate_sqlx::migrate(&args.target_url).await?;
    let target = rehydrate_sqlx::connect(&args.target_url).await?;
    let bar = output.bar(0);
    let copied = rehydrate::copy(&*console.store, &*target, |progress| {
        bar.set_length(progress.until.get());
        bar.set_position(progress.position.get());
    });
    let copied = copied.await;
    bar.finish_and_clear();
    let report = copied?;
    let text = format!(
        "Copied {} to {}. Both logs hold {} with checksum {}.",
        count(report.copied, "event"),
        store_name(&*target),
        count(report.checksum.events, "event"),
        report.checksum
    );
    let details = json!({
        "target": store_name(&*target),
        "copied": report.copied,
        "events": report.checksum.events,
        "checksum": report.checksum.to_string(),
    });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}
