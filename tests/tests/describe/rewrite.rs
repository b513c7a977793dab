//! JSON rewritten in the ways in which a description says that it can still be read.

use rehydrate::schema::{FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};
use serde_json::{Map, Value};

/// What is done to each field and variant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// It gets the name that is read, where that is another than the one that is written.
    AsRead,
    /// It is left out, where the description says that it may be missing.
    Stripped,
    /// It gets the alias with this number, or the first one that it has.
    Aliased(usize),
}

impl Way {
    pub(crate) fn rewrite(self, value: &Value, ty: &TypeSchema) -> Value {
        match (ty, value) {
            (_, Value::Null) => Value::Null,
            (TypeSchema::Optional(some) | TypeSchema::Nullable(some), _) => {
                self.rewrite(value, some)
            }
            (
                TypeSchema::List(each) | TypeSchema::Set(each) | TypeSchema::Array { of: each, .. },
                Value::Array(parts),
            ) => parts
                .iter()
                .map(|value| self.rewrite(value, each))
                .collect(),
            (TypeSchema::Tuple(types), Value::Array(parts)) => parts
                .iter()
                .zip(*types)
                .map(|(value, ty)| self.rewrite(value, ty))
                .collect(),
            (TypeSchema::Map { value: of, .. }, Value::Object(entries)) => entries
                .iter()
                .map(|(key, value)| (key.clone(), self.rewrite(value, of)))
                .collect(),
            (TypeSchema::Struct { fields, .. }, Value::Object(entries)) => {
                self.fields(entries, fields).into()
            }
            (
                TypeSchema::Enum {
                    tagging, variants, ..
                },
                _,
            ) => self.variant(value, *tagging, variants),
            _ => value.clone(),
        }
    }

    fn fields(self, entries: &Map<String, Value>, fields: &[FieldSchema]) -> Map<String, Value> {
        let mut rest = entries.clone();
        let mut rewritten = Map::new();
        for field in fields.iter().filter(|field| !field.is_flattened) {
            let Some(value) = rest.remove(field.key) else {
                continue;
            };
            if matches!(self, Self::Stripped) && field.may_be_missing() {
                continue;
            }
            let key = self.name(field.key, field.aliases, field.note);
            rewritten.insert(key, self.rewrite(&value, &field.shape));
        }
        for field in fields.iter().filter(|field| field.is_flattened) {
            if let TypeSchema::Struct { fields, .. } = &field.shape {
                let taken = self.fields(&rest, fields);
                rest.retain(|key, _| fields.iter().all(|field| field.key != key));
                rewritten.extend(taken);
            }
        }
        rewritten.extend(rest);
        rewritten
    }

    fn variant(self, value: &Value, tagging: Tagging, variants: &[VariantSchema]) -> Value {
        let find = |key: &str| {
            let tagged = variants
                .iter()
                .filter(|each| !each.note.contains("untagged"));
            let mut named = tagged.filter(|variant| variant.key == key);
            named
                .next()
                .map(|variant| (variant, self.name(key, variant.aliases, variant.note)))
        };
        match (tagging, value) {
            (Tagging::External, Value::String(key)) => {
                find(key).map_or_else(|| value.clone(), |(_, name)| name.into())
            }
            (Tagging::External, Value::Object(entries)) => entries
                .iter()
                .map(|(key, content)| match find(key) {
                    Some((variant, name)) => (name, self.content(content, &variant.content)),
                    None => (key.clone(), content.clone()),
                })
                .collect(),
            (Tagging::Internal { tag }, Value::Object(entries)) => {
                let mut rest = entries.clone();
                let key = rest.remove(tag);
                let Some((variant, name)) = key.as_ref().and_then(Value::as_str).and_then(find)
                else {
                    return value.clone();
                };
                let mut rewritten = self.content(&rest.into(), &variant.content);
                if let Some(object) = rewritten.as_object_mut() {
                    object.insert(tag.to_owned(), name.into());
                }
                rewritten
            }
            (Tagging::Adjacent { tag, content }, Value::Object(entries)) => {
                let mut rewritten = entries.clone();
                let found = entries.get(tag).and_then(Value::as_str).and_then(find);
                if let Some((variant, name)) = found {
                    rewritten.insert(tag.to_owned(), name.into());
                    if let Some(inside) = entries.get(content) {
                        let inside = self.content(inside, &variant.content);
                        rewritten.insert(content.to_owned(), inside);
                    }
                }
                rewritten.into()
            }
            _ => value.clone(),
        }
    }

    fn content(self, value: &Value, content: &Shape) -> Value {
        match (content, value) {
            (Shape::Fields { fields, .. }, Value::Object(entries)) => {
                self.fields(entries, fields).into()
            }
            (Shape::Type { shape, .. }, _) => self.rewrite(value, shape),
            _ => value.clone(),
        }
    }

    fn name(self, key: &str, aliases: &[&str], note: &str) -> String {
        let alias = match self {
            Self::Aliased(number) => aliases.get(number).or(aliases.first()),
            Self::AsRead | Self::Stripped => None,
        };
        let read_as = note
            .split(", ")
            .find_map(|note| note.strip_prefix("read as "))
            .map(|name| name.trim_matches('"'));
        alias.copied().or(read_as).unwrap_or(key).to_owned()
    }
}
