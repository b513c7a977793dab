//! Whether JSON is what a description says, told without anything of `rehydrate` but the description.

use rehydrate::schema::{FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};
use serde_json::{Map, Value};

pub(crate) type Verdict = Result<(), String>;

/// Why the JSON is not what the description says.
pub(crate) fn check(value: &Value, ty: &TypeSchema) -> Verdict {
    Validator { root: ty }.check(value, ty, &[])
}

struct Validator<'a> {
    root: &'a TypeSchema,
}

type Around<'a> = [(&'static str, &'a TypeSchema)];

impl<'a> Validator<'a> {
    fn check(&self, value: &Value, ty: &'a TypeSchema, around: &Around<'a>) -> Verdict {
        match ty {
            TypeSchema::Value(kind) => of_kind(value, kind),
            TypeSchema::Optional(_) | TypeSchema::Nullable(_) if value.is_null() => Ok(()),
            TypeSchema::Optional(some) | TypeSchema::Nullable(some) => {
                self.check(value, some, around)
            }
            TypeSchema::List(each) | TypeSchema::Set(each) => list(value)?
                .iter()
                .try_for_each(|value| self.check(value, each, around)),
            TypeSchema::Map { key, value: of } => {
                object(value)?.iter().try_for_each(|(name, value)| {
                    self.check(&as_key(name, key), key, around)?;
                    self.check(value, of, around)
                })
            }
            TypeSchema::Array { of, length } => {
                let parts = list(value)?;
                same_length(parts, *length)?;
                parts
                    .iter()
                    .try_for_each(|value| self.check(value, of, around))
            }
            TypeSchema::Tuple(types) => {
                let parts = list(value)?;
                same_length(parts, types.len())?;
                let mut pairs = parts.iter().zip(*types);
                pairs.try_for_each(|(value, ty)| self.check(value, ty, around))
            }
            TypeSchema::Struct { name, fields, note } => {
                let mut rest = object(value)?.clone();
                if let Some(tag) = note.strip_prefix("tag = ") {
                    let (tag, of) = tag.split_once(" of ").ok_or("a strange note")?;
                    let of = of.split(", ").next().unwrap_or_default();
                    let found = rest.remove(&unquoted(tag));
                    expect(found == Some(unquoted(of).into()), || {
                        format!("tag {found:?}")
                    })?;
                }
                self.take_fields(&mut rest, fields, &within(around, name, ty))?;
                nothing_left(&rest)
            }
            TypeSchema::Enum {
                name,
                tagging,
                variants,
            } => {
                let around = within(around, name, ty);
                self.check_enum(value, *tagging, variants, &around)
            }
            TypeSchema::Recursive(name) => {
                let found = around.iter().rev().find(|(around, _)| around == name);
                let (ty, around) = match found {
                    Some((_, ty)) => (*ty, around),
                    None => (self.root, &[][..]),
                };
                self.check(value, ty, around)
            }
            TypeSchema::Opaque(_) => Ok(()),
            other => Err(format!("{other:?} is not known to this test")),
        }
    }

    fn take_fields(
        &self,
        rest: &mut Map<String, Value>,
        fields: &'a [FieldSchema],
        around: &Around<'a>,
    ) -> Verdict {
        let (flattened, own): (Vec<&FieldSchema>, Vec<&FieldSchema>) =
            fields.iter().partition(|field| field.is_flattened);
        for field in own {
            match rest.remove(field.key) {
                Some(value) => {
                    expect(!field.note.contains("not written"), || {
                        format!("{} is written", field.key)
                    })?;
                    self.check(&value, &field.shape, around)
                        .map_err(|fault| format!("{}: {fault}", field.key))?;
                }
                None => expect(
                    field.may_be_missing() || field.note.contains("not written"),
                    || format!("{} is missing", field.key),
                )?,
            }
        }
        flattened
            .into_iter()
            .try_for_each(|field| self.take_flattened(rest, &field.shape, around))
    }

    fn take_flattened(
        &self,
        rest: &mut Map<String, Value>,
        ty: &'a TypeSchema,
        around: &Around<'a>,
    ) -> Verdict {
        match ty {
            TypeSchema::Struct { fields, .. } => self.take_fields(rest, fields, around),
            TypeSchema::Optional(some) => {
                let mut taken = rest.clone();
                if self.take_flattened(&mut taken, some, around).is_ok() {
                    *rest = taken;
                }
                Ok(())
            }
            TypeSchema::Enum {
                variants,
                tagging: Tagging::External,
                ..
            } => {
                let named = variants
                    .iter()
                    .find(|variant| rest.contains_key(variant.key));
                let variant = named.ok_or("no variant is there")?;
                let content = rest.remove(variant.key).unwrap_or_default();
                self.check_content(&content, &variant.content, around)
            }
            TypeSchema::Enum {
                variants,
                tagging: Tagging::Internal { tag },
                ..
            } => {
                let variant = variant_of(rest.remove(*tag).as_ref(), variants)?;
                match &variant.content {
                    Shape::Unit => Ok(()),
                    Shape::Fields { fields, .. } => self.take_fields(rest, fields, around),
                    other => Err(format!("{other:?} has no fields")),
                }
            }
            TypeSchema::Map { .. } | TypeSchema::Opaque(_) => {
                rest.clear();
                Ok(())
            }
            other => Err(format!("{other:?} cannot be flattened")),
        }
    }

    fn check_enum(
        &self,
        value: &Value,
        tagging: Tagging,
        variants: &'a [VariantSchema],
        around: &Around<'a>,
    ) -> Verdict {
        let untagged = |mut variants: Box<dyn Iterator<Item = &'a VariantSchema> + 'a>| {
            let fits =
                variants.any(|each| self.check_content(value, &each.content, around).is_ok());
            expect(fits, || format!("{value} is no variant"))
        };
        let tagged = match tagging {
            Tagging::External => match value {
                Value::String(key) => variant_of(Some(&key.as_str().into()), variants)
                    .and_then(|variant| self.check_content(&Value::Null, &variant.content, around)),
                _ => object(value).and_then(|object| {
                    expect(object.len() == 1, || {
                        format!("{value} has several variants")
                    })?;
                    let (key, content) = object.iter().next().ok_or("no variant")?;
                    let variant = variant_of(Some(&key.as_str().into()), variants)?;
                    expect(!matches!(variant.content, Shape::Unit), || {
                        format!("{key} has content")
                    })?;
                    self.check_content(content, &variant.content, around)
                }),
            },
            Tagging::Internal { tag } => object(value).and_then(|object| {
                let mut rest = object.clone();
                let variant = variant_of(rest.remove(tag).as_ref(), variants)?;
                match &variant.content {
                    Shape::Unit => nothing_left(&rest),
                    content => self.check_content(&rest.into(), content, around),
                }
            }),
            Tagging::Adjacent { tag, content } => object(value).and_then(|object| {
                let mut rest = object.clone();
                let variant = variant_of(rest.remove(tag).as_ref(), variants)?;
                let value = rest.remove(content);
                nothing_left(&rest)?;
                match (&variant.content, value) {
                    (Shape::Unit, None) => Ok(()),
                    (shape, Some(value)) => self.check_content(&value, shape, around),
                    (shape, None) => Err(format!("{shape:?} is missing")),
                }
            }),
            Tagging::Untagged => return untagged(Box::new(variants.iter())),
            other => Err(format!("{other:?} is not known to this test")),
        };
        tagged.or_else(|fault| {
            let others = variants
                .iter()
                .filter(|variant| variant.note.contains("untagged"));
            untagged(Box::new(others)).map_err(|_| fault)
        })
    }

    fn check_content(&self, value: &Value, content: &'a Shape, around: &Around<'a>) -> Verdict {
        match content {
            Shape::Unit => expect(value.is_null(), || format!("{value} is no null")),
            Shape::Type { shape, .. } => self.check(value, shape, around),
            Shape::Fields { fields, .. } => {
                let mut rest = object(value)?.clone();
                self.take_fields(&mut rest, fields, around)?;
                nothing_left(&rest)
            }
            other => Err(format!("{other:?} is no content")),
        }
    }
}

fn within<'a>(
    around: &Around<'a>,
    name: &'static str,
    ty: &'a TypeSchema,
) -> Vec<(&'static str, &'a TypeSchema)> {
    let mut around = around.to_vec();
    around.push((name, ty));
    around
}

fn variant_of<'a>(
    tag: Option<&Value>,
    variants: &'a [VariantSchema],
) -> Result<&'a VariantSchema, String> {
    let tag = tag.and_then(Value::as_str).ok_or("the tag is missing")?;
    let tagged = variants
        .iter()
        .filter(|each| !each.note.contains("untagged"));
    let mut named = tagged.filter(|variant| variant.key == tag);
    named.next().ok_or_else(|| format!("no variant {tag}"))
}

/// The key of an object is text, even where it stands for a number.
fn as_key(name: &str, ty: &TypeSchema) -> Value {
    match ty {
        TypeSchema::Value(kind) if kind.starts_with(['u', 'i']) && *kind != "uuid" => {
            serde_json::from_str(name).unwrap_or_default()
        }
        _ => name.into(),
    }
}

fn of_kind(value: &Value, kind: &str) -> Verdict {
    let text = || value.as_str().unwrap_or("no text");
    let fits = match kind {
        "any" => true,
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "f32" | "f64" | "number" => value.is_number(),
        "string" | "path" => value.is_string(),
        "char" => text().chars().count() == 1,
        "uuid" => text().parse::<uuid::Uuid>().is_ok(),
        "ip" => text().parse::<std::net::IpAddr>().is_ok(),
        "ipv4" => text().parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text().parse::<std::net::Ipv6Addr>().is_ok(),
        "socket" => text().parse::<std::net::SocketAddr>().is_ok(),
        "socket v4" => text().parse::<std::net::SocketAddrV4>().is_ok(),
        "socket v6" => text().parse::<std::net::SocketAddrV6>().is_ok(),
        "date" => text().parse::<chrono::NaiveDate>().is_ok(),
        "time" => text().parse::<chrono::NaiveTime>().is_ok(),
        "date-time without zone" => text().parse::<chrono::NaiveDateTime>().is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text()).is_ok(),
        "weekday" => text().parse::<chrono::Weekday>().is_ok(),
        "month" => text().parse::<chrono::Month>().is_ok(),
        "decimal" => text().parse::<rust_decimal::Decimal>().is_ok(),
        "url" => text().parse::<url::Url>().is_ok(),
        _ if kind.contains("of the time crate") => !value.is_null(),
        _ => is_integer(value, kind)?,
    };
    expect(fits, || format!("{value} is no {kind}"))
}

fn is_integer(value: &Value, kind: &str) -> Result<bool, String> {
    let (kind, but_zero) = match kind.strip_suffix(" but 0") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let parse = |kind: &str, text: &str| match kind {
        "u8" => Ok(text.parse::<u8>().is_ok()),
        "u16" => Ok(text.parse::<u16>().is_ok()),
        "u32" => Ok(text.parse::<u32>().is_ok()),
        "u64" => Ok(text.parse::<u64>().is_ok()),
        "u128" => Ok(text.parse::<u128>().is_ok()),
        "i8" => Ok(text.parse::<i8>().is_ok()),
        "i16" => Ok(text.parse::<i16>().is_ok()),
        "i32" => Ok(text.parse::<i32>().is_ok()),
        "i64" => Ok(text.parse::<i64>().is_ok()),
        "i128" => Ok(text.parse::<i128>().is_ok()),
        other => Err(format!("the kind {other} is not known to this test")),
    };
    let text = value.to_string();
    Ok(parse(kind, &text)? && !(but_zero && text == "0"))
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{value} is no object"))
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value
        .as_array()
        .ok_or_else(|| format!("{value} is no array"))
}

fn same_length(parts: &[Value], length: usize) -> Verdict {
    expect(parts.len() == length, || {
        format!("{} parts in place of {length}", parts.len())
    })
}

fn nothing_left(rest: &Map<String, Value>) -> Verdict {
    let keys: Vec<_> = rest.keys().collect();
    expect(keys.is_empty(), || format!("{keys:?} is not described"))
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}

fn expect(holds: bool, fault: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(fault()) }
}
