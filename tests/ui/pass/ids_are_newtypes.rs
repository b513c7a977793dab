use rehydrate::{AggregateId, InvalidId};
use uuid::Uuid;

#[derive(AggregateId, Clone, Copy, Debug, PartialEq)]
pub struct AccountId(Uuid);

#[derive(AggregateId, Debug, PartialEq)]
struct Iban(pub String);

#[derive(AggregateId, Debug, PartialEq)]
struct Number(u32);

#[derive(AggregateId, Debug, PartialEq)]
struct Nested(AccountId);

fn is_id<I: AggregateId>(id: I) -> String {
    id.to_string()
}

fn main() {
    let (one, other) = (AccountId::new(), AccountId::new());
    assert_ne!(one, other);
    assert_eq!(one.0.get_version_num(), 7);
    assert_eq!(one.to_string().parse::<AccountId>().expect("an id"), one);
    assert_eq!(
        serde_json::to_string(&one).expect("text"),
        format!("\"{one}\"")
    );
    assert_eq!(
        serde_json::from_str::<AccountId>(&format!("\"{one}\"")).expect("an id"),
        one
    );

    let error: InvalidId = "no".parse::<AccountId>().expect_err("not an id");
    assert_eq!(error.to_string(), "not a valid AccountId");
    assert!(std::error::Error::source(&error).is_some());

    assert_eq!("DE02".parse::<Iban>().expect("an id"), Iban("DE02".into()));
    assert_eq!(serde_json::to_string(&Number::from(5)).expect("text"), "5");
    assert!("-5".parse::<Number>().is_err());
    assert_eq!(is_id(Nested::from(one)), one.to_string());
    assert!("no".parse::<Nested>().is_err());
}
