use rehydrate::StoreError;
use rehydrate_sqlx::{MySqlOptions, MySqlStore};

#[test]
fn a_password_is_not_shown() {
    let options = MySqlOptions::from_url("mysql://app:secret@db.example:3307/payments").unwrap();
    let shown = format!("{options:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(
        shown.contains("mysql://app@db.example:3307/payments"),
        "{shown}"
    );
}

#[test]
fn a_url_that_would_be_misunderstood_is_refused() {
    for url in [
        "postgres://app:secret@db.example/payments",
        "mysql://app:secret@db.example/payments?charset=latin1",
        "mysql://app:secret@db.example/payments?sslmod=required",
        "mysql://app:secret@db.example/payments?ssl-mode=secret",
        "mysql://app:secret@db.example:port/payments",
    ] {
        let error = MySqlOptions::from_url(url).unwrap_err();
        assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
        assert!(
            !format!("{error} {error:?}").contains("app:secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_url_without_a_database_is_refused() {
    let options = MySqlOptions::from_url("mysql://app:secret@db.example").unwrap();
    let error = MySqlStore::connect(options).await.unwrap_err();
    assert!(error.to_string().contains("names no database"), "{error}");
}
