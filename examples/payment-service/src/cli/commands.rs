//! What each command does.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use rehydrate::{Operations, Repository, RunError, Runner};
use serde_json::json;
use tokio::net::TcpListener;

use super::output::Output;
use super::progress::Progress;
use super::success_if;
use crate::fine::{Fine, FineId};
use crate::http;
use crate::import::{self, ImportError};
use crate::reconcile;
use crate::view::{At, FineView, HistoryView};

pub(super) async fn import(
    fines: &Repository<Fine>,
    file: &Path,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let cannot_open = |source| ImportError::Open {
        file: file.to_owned(),
        source,
    };
    let source = File::open(file).map_err(cannot_open)?;
    let bytes = source.metadata().map_err(cannot_open)?.len();
    let mut progress = Progress::new(bytes);
    let imported = import::import(fines, BufReader::new(source), &mut progress).await;
    progress.finish();
    let summary = imported.with_context(|| format!("cannot import {}", file.display()))?;
    let text = format!(
        "{} rows: {} appended, {} skipped, {} rejected\n{} fines, {} paid",
        summary.rows,
        summary.appended,
        summary.skipped,
        summary.rejected_rows(),
        summary.fines,
        summary.paid_cents,
    );
    output.show(&summary, text)?;
    Ok(success_if(summary.rejected.is_empty()))
}

pub(super) async fn reconcile(
    fines: &Repository<Fine>,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let found = reconcile::reconcile(fines).await?;
    let mut text = format!(
        "{} fines, {} paid, {} unreconciled",
        found.fines,
        found.paid_cents,
        found.unreconciled.len(),
    );
    for fine in &found.unreconciled {
        text += &format!(
            "\n{}: {} paid, {} stated",
            fine.fine, fine.paid_cents, fine.stated_cents
        );
    }
    output.show(&found, text)?;
    Ok(success_if(found.unreconciled.is_empty()))
}

pub(super) async fn fine(
    fines: &Repository<Fine>,
    id: &FineId,
    at: At,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    match (at.load(fines, id).await?, at) {
        (Some(fine), _) => output.show_json(&FineView::new(id, fine.version(), &fine)),
        (None, At::Now) => bail!("there is no fine {id}"),
        (None, _) => bail!("there was no fine {id} then"),
    }
}

pub(super) async fn history(
    fines: &Repository<Fine>,
    id: FineId,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let history = HistoryView::read(fines, id.clone()).await?;
    let history = history.with_context(|| format!("there is no fine {id}"))?;
    output.show_json(&history)
}

/// Publishes what is in the log and has not been published yet.
pub(super) async fn relay(
    fines: &Repository<Fine>,
    url: &str,
    moved_from: Option<String>,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let mut relay = crate::relay::to(url).await?;
    if let Some(former) = moved_from {
        relay = relay.moved_from(former);
    }
    let name = relay.name();
    let destination = relay.destination();
    let runner = Runner::new(fines.store().clone()).relay(relay);
    let position = runner.drain().await.map_err(with_advice)?;
    let letters = Operations::new(fines.store().clone())
        .dead_letters(Some(name))
        .await?;
    output.show(
        &json!({
            "relay": name,
            "position": position.get(),
            "to": destination,
            "waiting": letters.len(),
        }),
        format_args!(
            "published to {destination}, up to position {position}; {} events wait",
            letters.len()
        ),
    )?;
    Ok(success_if(letters.is_empty()))
}

pub(super) async fn serve(
    fines: Repository<Fine>,
    runner: Runner,
    listen: SocketAddr,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    // So that the first answer is as good as the last.
    if let Err(error) = runner.catch_up().await {
        tracing::warn!(error = &error as &dyn Error, "the read models are behind");
    }
    let running = runner.start().await.map_err(with_advice)?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen at {listen}"))?;
    let url = format!("http://{}", listener.local_addr()?);
    output.show(
        &json!({ "listening": url }),
        format_args!("listening on {url}"),
    )?;
    http::serve(fines, listener).await?;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// What a program says with `Relay::moved_from`, and an operator on the command line.
fn with_advice(error: RunError) -> anyhow::Error {
    let RunError::OtherDestination {
        consumer, stored, ..
    } = &error
    else {
        return error.into();
    };
    anyhow!(
        "{error}. On the command line: once `payment-service relay --to URL --moved-from '{stored}'`; or `payment-service ops relay rewind {consumer} --to-beginning --yes`"
    )
}
