//! Values to try where the kind of a place does not say enough.

use serde_json::{Value, json};

use super::super::lock::Kind;

/// Texts that newtypes around a text commonly ask for.
const TEXTS: [&str; 24] = [
    "text",
    "1",
    "1.00",
    "2020-02-29",
    "2020-02-29T12:00:00Z",
    "12:00:00",
    "a@b.example",
    "EUR",
    "DE",
    "de",
    "en-US",
    "00000000-0000-0000-0000-000000000001",
    "https://example.com/",
    "example.com",
    "127.0.0.1",
    "+49301234567",
    "DE89370400440532013000",
    "a",
    "A",
    "",
    "00000000",
    "1.0.0",
    "#000000",
    "application/json",
];

/// The values to try, the likeliest first.
pub(super) fn of(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Value(kind) => of_value(kind),
        _ => of_anything(),
    }
}

fn of_value(kind: &str) -> Vec<Value> {
    if is_integer(kind) {
        return integers(kind);
    }
    match kind {
        "bool" => vec![json!(true), json!(false)],
        "f32" | "f64" => vec![
            json!(1.5),
            json!(0.5),
            json!(0.0),
            json!(100.0),
            json!(-1.5),
        ],
        "char" => vec![json!("a"), json!("A"), json!("1")],
        "string" => TEXTS.map(Value::from).to_vec(),
        "path" => vec![json!("folder/file"), json!("/folder/file")],
        "ip" | "ipv4" => vec![json!("127.0.0.1")],
        "ipv6" => vec![json!("::1")],
        "socket" => vec![json!("127.0.0.1:80")],
        "null" => vec![Value::Null],
        "any" => vec![json!("text"), json!({}), json!([]), json!(1)],
        "uuid" => vec![json!("00000000-0000-0000-0000-000000000001")],
        "date" => vec![json!("2020-02-29")],
        "time" => vec![json!("12:00:00")],
        "date-time" => vec![
            json!("2020-02-29T12:00:00Z"),
            json!("2020-02-29T12:00:00+00:00"),
        ],
        "date-time without zone" => vec![json!("2020-02-29T12:00:00")],
        "weekday" => vec![json!("Sat")],
        "month" => vec![json!("February")],
        "url" => vec![json!("https://example.com/")],
        "decimal" => vec![json!("1.00"), json!(1.5)],
        kind => match kind.strip_suffix(" of the time crate") {
            Some(kind) => of_time(kind),
            None => of_anything(),
        },
    }
}

/// The numbers that the time crate writes, or the text, if its `serde-human-readable` is on.
fn of_time(kind: &str) -> Vec<Value> {
    match kind {
        "date" => vec![json!([2020, 60]), json!("2020-02-29")],
        "time" => vec![json!([12, 0, 0, 0]), json!("12:00:00.0")],
        "date-time without zone" => {
            vec![
                json!([2020, 60, 12, 0, 0, 0]),
                json!("2020-02-29 12:00:00.0"),
            ]
        }
        "date-time" => vec![
            json!([2020, 60, 12, 0, 0, 0, 0, 0, 0]),
            json!("2020-02-29 12:00:00.0 +00:00:00"),
        ],
        "offset" => vec![json!([0, 0, 0]), json!("+00:00:00")],
        "duration" => vec![json!([1, 0]), json!("1.000000000")],
        "weekday" => vec![json!(6), json!("Saturday")],
        "month" => vec![json!(2), json!("February")],
        _ => of_anything(),
    }
}

fn is_integer(kind: &str) -> bool {
    let digits = kind.strip_suffix(" but 0").unwrap_or(kind);
    let digits = digits.strip_prefix(['u', 'i']);
    digits.is_some_and(|digits| digits.parse::<u32>().is_ok())
}

fn integers(kind: &str) -> Vec<Value> {
    let mut values = vec![json!(1), json!(2), json!(10), json!(100)];
    if !kind.ends_with('0') {
        values.push(json!(0));
    }
    if !kind.contains('8') {
        values.extend([json!(1000), json!(2020)]);
    }
    if kind.starts_with('i') {
        values.push(json!(-1));
    }
    values
}

/// For a type that cannot be seen into.
fn of_anything() -> Vec<Value> {
    let mut values = vec![
        json!("text"),
        json!(1),
        json!("1.00"),
        json!(true),
        json!({}),
        json!([]),
        json!(1.5),
        json!(0),
        Value::Null,
        json!([1]),
        json!(["text"]),
        json!({"text": 1}),
        json!({"text": "text"}),
        json!([1, 1]),
    ];
    values.extend(TEXTS.iter().skip(1).map(|text| json!(text)));
    values
}
