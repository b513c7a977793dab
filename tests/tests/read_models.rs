//! The table that `derive(ReadModel)` describes is the one that serde's JSON of a row fits into.

use chrono::{DateTime, NaiveDate, Utc};
use rehydrate::{Column, ColumnKind, ReadModel};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, ReadModel, Serialize, Deserialize)]
#[read_model(table = "balances")]
struct Balance {
    #[read_model(key)]
    fine: String,
    #[read_model(index)]
    outstanding_cents: i64,
    last_payment: Option<NaiveDate>,
    #[read_model(json)]
    tags: Vec<String>,
    #[serde(rename = "is_closed")]
    is_shut: bool,
    r#type: Uuid,
    share: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, ReadModel, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
struct HTTPHits {
    #[read_model(key)]
    day: NaiveDate,
    hits: u32,
    #[read_model(key)]
    page: String,
}

fn balance() -> Balance {
    Balance {
        fine: "f-7".into(),
        outstanding_cents: 5,
        last_payment: None,
        tags: vec!["late".into()],
        is_shut: false,
        r#type: Uuid::nil(),
        share: 0.5,
        seen: DateTime::from_timestamp(0, 0),
    }
}

#[test]
fn the_columns_are_the_fields_of_the_rows_json() {
    let row = serde_json::to_value(balance()).unwrap();
    let row = row.as_object().unwrap();
    assert_eq!(row.len(), Balance::TABLE.columns.len());
    for column in Balance::TABLE.columns.iter() {
        assert!(row.contains_key(column.name.as_ref()), "{}", column.name);
    }
}

#[test]
fn each_column_has_the_kind_of_its_field() {
    assert_eq!(Balance::TABLE.name, "balances");
    assert_eq!(
        Balance::TABLE.columns.as_ref(),
        [
            Column::of::<String>("fine").key(),
            Column::of::<i64>("outstanding_cents").indexed(),
            Column::of::<Option<NaiveDate>>("last_payment"),
            Column::json("tags"),
            Column::of::<bool>("is_closed"),
            Column::of::<Uuid>("type"),
            Column::of::<f64>("share"),
            Column::of::<Option<DateTime<Utc>>>("seen"),
        ]
    );
    let payment = Balance::TABLE.column("last_payment").cloned().unwrap();
    assert_eq!(payment.kind, ColumnKind::Date);
    assert!(payment.is_nullable && !payment.is_key && !payment.is_indexed);
}

#[test]
fn the_table_is_the_struct_in_snake_case_unless_it_is_given() {
    assert_eq!(HTTPHits::TABLE.name, "http_hits");
}

#[test]
fn one_key_is_the_field_itself() {
    assert_eq!(balance().key(), "f-7");
    assert_eq!(Balance::key_values(&balance().key()), json!(["f-7"]));
}

#[test]
fn several_keys_are_a_tuple_in_the_order_of_the_fields() {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let row = HTTPHits {
        day,
        hits: 3,
        page: "/".into(),
    };
    let key: (NaiveDate, String) = row.key();
    assert_eq!(key, (day, "/".to_owned()));
    assert_eq!(HTTPHits::key_values(&key), json!(["2024-02-29", "/"]));
    let names: Vec<_> = HTTPHits::TABLE.key().map(|c| c.name.to_string()).collect();
    assert_eq!(names, ["day", "page"]);
}
