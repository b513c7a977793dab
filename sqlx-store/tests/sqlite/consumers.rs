use rehydrate::{ErrorKind, Role, RowQuery};
use serde_json::{Value, json};

use crate::common::Place;
use crate::fixture::{CONSUMER, consumers, full, rows, shard, table, write};

#[tokio::test]
async fn each_kind_of_column_comes_back_as_it_was_written() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    let empty = json!({"id": "", "order": 0});
    let mut nothing = full();
    for (name, value) in nothing.as_object_mut().unwrap() {
        if name != "id" && name != "order" {
            *value = Value::Null;
        }
    }
    nothing["order"] = i64::MAX.into();
    let mut texts = full();
    texts["order"] = 1.into();
    texts["is_open"] = false.into();
    texts["number"] = i64::MIN.into();
    texts["json"] = "a text".into();
    texts["real"] = f64::MIN_POSITIVE.into();
    write(
        &store,
        "group",
        &[empty, nothing.clone(), texts.clone(), full()],
    )
    .await
    .unwrap();
    let read = rows(&store).await;
    assert_eq!(read.len(), 4);
    assert_eq!(read[0]["note"], Value::Null);
    assert_eq!(read[1], full());
    assert_eq!(read[2], texts);
    assert_eq!(read[3], nothing);
}

#[tokio::test]
async fn every_number_with_a_point_comes_back_to_the_bit() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    let mut bits: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut wanted = Vec::new();
    for order in 0..2_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        // Of a size that applications have; beyond it SQLite's own arithmetic is what it is.
        let number = f64::from_bits(bits & !(0x7ff << 52) | (1023 - 40 + bits % 80) << 52);
        wanted.push(json!({"id": "x", "order": order, "real": number}));
    }
    write(&store, "group", &wanted).await.unwrap();
    let read = consumers(&store)
        .select_rows(&RowQuery::all(CONSUMER, table()))
        .await
        .unwrap();
    for (wanted, read) in wanted.iter().zip(&read.rows) {
        // Not by way of serde_json, which by default is not exact itself.
        let (_, real) = read.split_once("\"real\":").unwrap();
        let (real, _) = real.split_once(',').unwrap();
        assert_eq!(
            real.parse::<f64>().unwrap(),
            wanted["real"].as_f64().unwrap()
        );
    }
}

#[tokio::test]
async fn times_are_in_their_order_whatever_their_fractions() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    let times = [
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.000001Z",
        "2024-01-01T00:00:00.5Z",
        "2024-01-01T00:00:00.500001999Z",
        "2024-01-01T00:00:01Z",
    ];
    let written: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(order, at)| json!({"id": "x", "order": 9 - order, "at": at}))
        .collect();
    write(&store, "group", &written).await.unwrap();
    let mut query = RowQuery::all(CONSUMER, table());
    query.order_by = Some(("at".to_owned(), rehydrate::Order::Ascending));
    query.filters = vec![rehydrate::Filter {
        column: "at".to_owned(),
        operator: rehydrate::Operator::More,
        value: "2024-01-01T00:00:00Z".into(),
    }];
    let read = consumers(&store).select_rows(&query).await.unwrap().rows;
    let read: Vec<Value> = read
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let orders: Vec<_> = read.iter().map(|row| row["order"].clone()).collect();
    assert_eq!(orders, [8, 7, 6, 5]);
    assert_eq!(read[2]["at"], "2024-01-01T00:00:00.500001Z");
}

#[tokio::test]
async fn a_row_that_the_table_does_not_take_is_the_rows_fault() {
    let place = Place::new();
    let store = place.open().await;
    consumers(&store)
        .create_build(&[shard(1, Role::Live)])
        .await
        .unwrap();
    for bad in [
        json!({"id": "x", "order": 1, "number": u64::MAX}),
        json!({"id": "x", "order": 1, "number": 9_223_372_036_854_775_808_u64}),
        json!({"id": "x", "order": null}),
        json!({"order": 1}),
        json!({"id": "x".repeat(256), "order": 1}),
        json!({"id": "x", "order": 1, "at": "yesterday"}),
        json!({"id": "x", "order": 1, "day": "2024-1-1"}),
        json!({"id": "x", "order": 1, "is_open": 2}),
        json!({"id": "x", "order": 1, "uuid": "x"}),
    ] {
        let refused = write(&store, "group", std::slice::from_ref(&bad)).await;
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{bad}: {error:?}");
    }
    assert!(rows(&store).await.is_empty());
    write(
        &store,
        "group",
        &[json!({"id": "é".repeat(255), "order": 1})],
    )
    .await
    .unwrap();
}
