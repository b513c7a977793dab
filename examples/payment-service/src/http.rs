//! Fines over HTTP. Each handler says what is decided; the framework does the rest.

mod answer;
mod body;
mod command;
mod context;
mod extract;
mod problem;
mod reads;

use std::io;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use futures_util::FutureExt;
use rehydrate::Repository;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::answer::{Answer, IfNoneMatch};
use self::body::{AddPenalty, IssueFine, ReceivePayment};
use self::command::Command;
use self::extract::{Named, Past};
use self::problem::Problem;
use self::reads::{show_balances, show_takings};
use crate::fine::Fine;
use crate::view::HistoryView;

const MAX_BODY_BYTES: usize = 16 * 1024;
/// How long requests may take to finish after a signal to stop.
const GRACE: Duration = Duration::from_secs(10);

type Fines = State<Repository<Fine>>;

/// The service, as something that answers requests.
pub fn router(fines: Repository<Fine>) -> Router {
    Router::new()
        .route("/fines", post(issue_fine).get(show_balances))
        .route("/fines/{id}", get(show_fine))
        .route("/fines/{id}/payments", post(receive_payment))
        .route("/fines/{id}/penalty", post(add_penalty))
        .route("/fines/{id}/history", get(show_history))
        .route("/takings", get(show_takings))
        .route("/healthz", get(healthz))
        .fallback(async || Problem::no_such_route())
        .method_not_allowed_fallback(async || Problem::no_such_method())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(context::of_request))
        .with_state(fines)
}

/// Answers requests until SIGTERM or ctrl-c, then finishes those under way.
///
/// # Errors
/// The operating system refused to listen.
pub async fn serve(fines: Repository<Fine>, listener: TcpListener) -> io::Result<()> {
    let stop = stop_signal().shared();
    let server = axum::serve(listener, router(fines)).with_graceful_shutdown(stop.clone());
    let too_late = async {
        stop.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served,
        () = too_late => Ok(()),
    }
}

async fn issue_fine(State(fines): Fines, command: Command<IssueFine>) -> Result<Answer, Problem> {
    let id = command.body.fine_id.clone();
    let answer = command.carry_out(&fines, &id, |fine, issue| fine.issue(issue.into()));
    answer.await.map(Answer::created)
}

async fn receive_payment(
    State(fines): Fines,
    Named(id): Named,
    command: Command<ReceivePayment>,
) -> Result<Answer, Problem> {
    let decide = |fine: &Fine, payment: &ReceivePayment| {
        fine.receive_payment(payment.cents, payment.reference.clone())
    };
    command.carry_out(&fines, &id, decide).await
}

async fn add_penalty(
    State(fines): Fines,
    Named(id): Named,
    command: Command<AddPenalty>,
) -> Result<Answer, Problem> {
    let decide = |fine: &Fine, penalty: &AddPenalty| fine.add_penalty(penalty.amount_cents);
    command.carry_out(&fines, &id, decide).await
}

async fn show_fine(
    State(fines): Fines,
    Named(id): Named,
    Past(at): Past,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let fine = at.load(&fines, &id).await?;
    let fine = fine.ok_or_else(|| Problem::unknown_fine(&id))?;
    Ok(Answer::new(&id, fine.version(), &fine).unless_known(&known))
}

async fn show_history(State(fines): Fines, Named(id): Named) -> Result<Json<HistoryView>, Problem> {
    let history = HistoryView::read(&fines, id.clone()).await?;
    history.map(Json).ok_or_else(|| Problem::unknown_fine(&id))
}

async fn healthz(State(fines): Fines) -> Result<Json<Value>, Problem> {
    let position = fines.store().watermark().await?;
    Ok(Json(json!({ "status": "ok", "position": position })))
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return ctrl_c().await;
    };
    tokio::select! {
        () = ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    ctrl_c().await;
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is nothing to wait for.
        std::future::pending().await
    }
}
