//! Nothing that the service has stored is lost to its next release.

use payment_service::fine::FineEvent;

#[test]
fn what_is_stored_can_be_read() {
    rehydrate::schema::check!(FineEvent);
}
