//! The events of all fines, for other programs.

use rehydrate::{Relay, Start};
use rehydrate_relay::ConnectError;

use crate::fine::Fine;

/// The relay's name, that of its checkpoint.
pub const NAME: &str = "fines-relay";

/// Where the events of fines are published, below the subjects of the broker's stream.
pub const TOPIC: &str = "fines";

/// Publishes every event of every fine, in today's shape, to a broker.
///
/// # Errors
/// The broker does not answer, or does not let us in; the message says what to do.
pub async fn to(url: &str) -> Result<Relay, ConnectError> {
    let publisher = rehydrate_relay::publisher(url).await?;
    let relay = Relay::new(NAME, Start::Beginning, publisher)
        .source("/payment-service")
        .aggregate::<Fine>()
        .route(|event| Some(event.message(TOPIC)));
    Ok(relay)
}
