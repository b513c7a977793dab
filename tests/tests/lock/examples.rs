//! Examples that are made up for golden events.

use std::fmt;
use std::str::FromStr;

use rehydrate::schema::CheckError;
use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, says};

/// Written as `12.50 EUR`.
#[derive(Clone, Debug, PartialEq)]
struct Money {
    cents: u64,
}

#[derive(Debug)]
struct NotMoney;

impl fmt::Display for NotMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an amount")
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let (euro, cents) = text.split_once('.').ok_or(NotMoney)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| NotMoney);
        let cents = number(euro)? * 100 + number(cents)?;
        Ok(Self { cents })
    }
}

impl TryFrom<String> for Money {
    type Error = NotMoney;

    fn try_from(text: String) -> Result<Self, NotMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        format!("{}.{:02}", money.cents / 100, money.cents % 100)
    }
}

#[derive(Serialize, Deserialize, Describe)]
#[serde(try_from = "String", into = "String")]
struct Amount(Money);

impl TryFrom<String> for Amount {
    type Error = NotMoney;

    fn try_from(text: String) -> Result<Self, NotMoney> {
        text.parse().map(Self)
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.0.into()
    }
}

impl Clone for Amount {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A day in May.
#[derive(Serialize, Clone)]
struct Day(String);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() == 10 && text.contains('-') {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom("not a day"))
        }
    }
}

#[derive(Serialize, Deserialize, Clone)]
struct Flags(Vec<bool>);

#[derive(Serialize, Deserialize, Describe, Clone)]
struct EuroV1 {
    euro: String,
}

impl TryFrom<EuroV1> for OddEvent {
    type Error = std::num::ParseFloatError;

    fn try_from(old: EuroV1) -> Result<Self, Self::Error> {
        old.euro.parse::<f64>()?;
        Ok(Self::Seen)
    }
}

#[derive(Event, Serialize, Deserialize)]
enum OddEvent {
    Paid {
        amount: Amount,
        name: String,
        day: Day,
        flags: Flags,
        other: Amount,
    },
    #[event(history(EuroV1))]
    Seen,
}

#[test]
fn an_example_is_found_for_types_that_are_particular() {
    let folder = Folder::new();
    folder.update::<OddEvent>().unwrap();
    folder.check::<OddEvent>().unwrap();
    let paid = folder.read("events.golden/OddEvent/paid.v1.json");
    says(
        &paid,
        &[
            "\"amount\":\"1.00\"",
            "\"day\":\"2020-02-29\"",
            "\"other\":\"1.00\"",
        ],
    );
    let seen = folder.read("events.golden/OddEvent/seen.v1.json");
    says(&seen, &["{\"euro\":\"1\"}"]);
}

#[derive(Event, Serialize, Deserialize)]
enum SecretEvent {
    Kept { word: Secret },
    Told { by: String },
}

#[derive(Serialize)]
struct Secret(String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)? {
            word if word == "open sesame" => Ok(Self(word)),
            _ => Err(serde::de::Error::custom("another word")),
        }
    }
}

#[test]
fn an_example_that_nobody_can_guess_is_asked_for() {
    let folder = Folder::new();
    let error = folder.update::<SecretEvent>().unwrap_err();
    assert!(matches!(&error, CheckError::NoExample { files, .. } if files.len() == 1));
    says(
        &error.to_string(),
        &[
            "events.golden/SecretEvent/kept.v1.json",
            "another word",
            "`ops stream <id> --raw --json`",
            "\"type\": \"kept\",",
        ],
    );
    assert_eq!(folder.all().len(), 2, "the rest is written");
    folder.write(
        "events.golden/SecretEvent/kept.v1.json",
        r#"{"type":"kept","schema_version":1,"payload":{"word":"open sesame"}}"#,
    );
    folder.check::<SecretEvent>().unwrap();
}
