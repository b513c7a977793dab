//! The law: what serde writes is what the description says, and what the description says can be
//! read is read.

use rehydrate::Describe;
use rehydrate::schema::TypeSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::rewrite::Way;
use crate::validator;

/// Holds a value to the law, and returns its JSON.
pub(crate) fn obeys<T: Describe + Serialize + DeserializeOwned>(value: &T) -> Value {
    let json = writes(value);
    for way in [
        Way::AsRead,
        Way::Aliased(0),
        Way::Aliased(1),
        Way::Aliased(2),
    ] {
        let rewritten = way.rewrite(&json, &T::TYPE);
        let read = read::<T>(&rewritten).unwrap_or_else(|error| {
            panic!("{way:?}: {rewritten} is not read: {error}; {:?}", T::TYPE)
        });
        assert_eq!(json_of(&read), json, "{way:?} of {rewritten}");
    }
    let stripped = Way::Stripped.rewrite(&json, &T::TYPE);
    if let Err(error) = read::<T>(&stripped) {
        panic!("{stripped} is not read: {error}; {:?}", T::TYPE);
    }
    json
}

/// Holds a struct to the law, each of its fields and keys that nobody knows besides.
pub(crate) fn obeys_by_field<T: Describe + Serialize + DeserializeOwned>(value: &T) -> Value {
    let json = obeys(value);
    let as_read = Way::AsRead.rewrite(&json, &T::TYPE);
    let TypeSchema::Struct { fields, note, .. } = T::TYPE else {
        panic!("{:?} is no struct", T::TYPE);
    };
    for field in fields.iter().filter(|field| !field.is_flattened) {
        let mut without = as_read.clone();
        let entries = without.as_object_mut().expect("an object");
        let read_as = Way::AsRead.rewrite(&json, &T::TYPE);
        let names = field.aliases.iter().chain([&field.key]);
        for name in names.filter(|name| read_as.get(**name).is_some()) {
            entries.remove(*name);
        }
        let read = read::<T>(&without);
        assert_eq!(
            read.is_ok(),
            field.may_be_missing(),
            "{} is missing from {without}: {:?}",
            field.key,
            read.err()
        );
    }
    if fields.iter().all(|field| !field.is_flattened) {
        let mut more = as_read;
        more["nobody knows this"] = Value::Null;
        assert_eq!(
            read::<T>(&more).is_err(),
            note.contains("deny_unknown_fields"),
            "{more}"
        );
    }
    json
}

/// Holds a value that is only written to the law.
pub(crate) fn writes<T: Describe + Serialize>(value: &T) -> Value {
    let json = json_of(value);
    if let Err(fault) = validator::check(&json, &T::TYPE) {
        panic!("{json} is not as described: {fault}; {:?}", T::TYPE);
    }
    json
}

fn json_of<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

fn read<T: DeserializeOwned>(json: &Value) -> serde_json::Result<T> {
    serde_json::from_str(&json.to_string())
}
