//! What every command of a request has in common.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use rehydrate::CommandContext;
use tracing::Instrument;
use uuid::Uuid;

const REQUEST_ID: &str = "x-request-id";
const LONGEST_ID: usize = 128;

/// Names the request, so that its events, its log lines and its answer can be found together.
pub(super) async fn of_request(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| (1..=LONGEST_ID).contains(&id.len()))
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let context = CommandContext::new()
        .correlation_id(&id)
        .actor("payment-service/http");
    let span = tracing::error_span!("request", id);
    let mut response = context.scope(next.run(request)).instrument(span).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
