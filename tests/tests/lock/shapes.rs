//! Laws of the lock, for any shape.

use proptest::prelude::*;
use rehydrate::schema::{
    AnyEvent, Check, CheckError, EventSchema, EventTypeSchema, FieldSchema, Shape, Tagging,
    TypeSchema, VariantSchema,
};

use crate::folder::Folder;

/// A type that can be changed.
#[derive(Clone, Debug)]
enum Model {
    Value(&'static str),
    Opaque,
    Optional(Box<Model>),
    Nullable(Box<Model>),
    List(Box<Model>),
    Map(Box<Model>),
    Array(Box<Model>, usize),
    Tuple(Vec<Model>),
    Struct(Vec<Field>),
    Enum(Tagging, Vec<(String, Option<Model>)>),
}

#[derive(Clone, Debug)]
struct Field {
    key: String,
    model: Model,
    has_default: bool,
    has_alias: bool,
    note: &'static str,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn leak_all<T>(values: impl IntoIterator<Item = T>) -> &'static [T] {
    Vec::leak(values.into_iter().collect())
}

impl Model {
    fn schema(&self) -> TypeSchema {
        match self {
            Self::Value(kind) => TypeSchema::Value(kind),
            Self::Opaque => TypeSchema::Opaque("HashMap<String, Foo>"),
            Self::Optional(of) => TypeSchema::Optional(leak(of.schema())),
            Self::Nullable(of) => TypeSchema::Nullable(leak(of.schema())),
            Self::List(of) => TypeSchema::List(leak(of.schema())),
            Self::Map(of) => TypeSchema::Map {
                key: &TypeSchema::Value("string"),
                value: leak(of.schema()),
            },
            Self::Array(of, length) => TypeSchema::Array {
                of: leak(of.schema()),
                length: *length,
            },
            Self::Tuple(parts) => TypeSchema::Tuple(leak_all(parts.iter().map(Self::schema))),
            Self::Struct(fields) => TypeSchema::Struct {
                name: "Some",
                fields: leak_all(fields.iter().map(Field::schema)),
                note: "",
            },
            Self::Enum(tagging, variants) => TypeSchema::Enum {
                name: "One",
                tagging: *tagging,
                variants: leak_all(variants.iter().map(|(key, model)| VariantSchema {
                    name: "Variant",
                    key: key.clone().leak(),
                    aliases: &[],
                    content: match model {
                        None => Shape::Unit,
                        Some(model) => Shape::Type {
                            name: "T",
                            shape: model.schema(),
                        },
                    },
                    note: "",
                })),
            },
        }
    }

    /// Calls the function with every list of fields within.
    fn visit(&mut self, then: &mut dyn FnMut(&mut Vec<Field>)) {
        match self {
            Self::Value(_) | Self::Opaque => {}
            Self::Optional(of)
            | Self::Nullable(of)
            | Self::List(of)
            | Self::Map(of)
            | Self::Array(of, _) => of.visit(then),
            Self::Tuple(parts) => parts.iter_mut().for_each(|part| part.visit(then)),
            Self::Enum(_, variants) => {
                let models = variants.iter_mut().filter_map(|(_, model)| model.as_mut());
                models.for_each(|model| model.visit(then));
            }
            Self::Struct(fields) => {
                fields.iter_mut().for_each(|field| field.model.visit(then));
                then(fields);
            }
        }
    }

    /// Changes one of the lists of fields.
    fn change(&mut self, which: prop::sample::Index, then: impl Fn(&mut Vec<Field>)) {
        let mut count = 0;
        self.visit(&mut |_| count += 1);
        let chosen = which.index(count);
        let mut number = 0;
        self.visit(&mut |fields| {
            if number == chosen {
                then(fields);
            }
            number += 1;
        });
    }

    /// The same as the only field of a struct.
    fn in_a_struct(self) -> Self {
        Self::Struct(vec![Field {
            key: "only".to_owned(),
            model: self,
            has_default: false,
            has_alias: false,
            note: "",
        }])
    }
}

impl Field {
    fn schema(&self) -> FieldSchema {
        let aliases = if self.has_alias {
            leak_all([&*format!("once {}", self.key).leak()])
        } else {
            &[]
        };
        FieldSchema {
            name: "field",
            key: self.key.clone().leak(),
            aliases,
            ty: "T",
            shape: self.model.schema(),
            has_default: self.has_default,
            is_flattened: false,
            note: self.note,
        }
    }
}

fn check(folder: &Folder, model: &Model, more: &[&'static str]) -> Check {
    let ty = |name| EventTypeSchema {
        name,
        code: "Seen",
        aliases: &[],
        versions: leak_all([Shape::Type {
            name: "Seen",
            shape: model.schema(),
        }]),
    };
    let schema = EventSchema {
        name: "AnyEvent",
        types: leak_all(std::iter::once("seen").chain(more.iter().copied()).map(ty)),
        retired: &[],
        legacy: &[],
        other: None,
    };
    let rewrite = |stored: &rehydrate::StoredEvent<'_>| Ok(vec![stored.payload.to_owned()]);
    Check::in_folder(folder.path()).any(AnyEvent::new(schema, |_| Ok(1), rewrite))
}

fn taggings() -> impl Strategy<Value = Tagging> {
    prop_oneof![
        Just(Tagging::External),
        Just(Tagging::Internal { tag: "a \"tag\"" }),
        Just(Tagging::Adjacent {
            tag: "t",
            content: "c and content"
        }),
        Just(Tagging::Untagged),
    ]
}

/// Keys as bad as serde allows them.
fn keys(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    let key = prop_oneof![
        "[a-z]{1,5}",
        "[a-c.+|\"\\\\é =\\[\\]{}#']{0,4}",
        "[\u{1}\u{7f}\n]{1,2}"
    ];
    proptest::collection::btree_set(key, count).prop_map(|keys| keys.into_iter().collect())
}

fn models() -> impl Strategy<Value = Model> {
    let values = [
        "u8",
        "i64",
        "string",
        "bool",
        "uuid",
        "date-time",
        "any",
        "euro",
        "u32 but 0",
    ];
    let leaf = prop_oneof![
        4 => proptest::sample::select(values.to_vec()).prop_map(Model::Value),
        1 => Just(Model::Opaque),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let all = proptest::collection::vec(inner.clone(), 1..4);
        let notes = proptest::sample::select(vec!["", "", "skip_serializing", "with \"x\""]);
        let details = (inner.clone(), any::<bool>(), any::<bool>(), notes);
        let fields = (keys(1..5), proptest::collection::vec(details, 5));
        let contents = proptest::collection::vec(proptest::option::of(inner.clone()), 4);
        prop_oneof![
            boxed().prop_map(Model::Optional),
            boxed().prop_map(Model::Nullable),
            boxed().prop_map(Model::List),
            boxed().prop_map(Model::Map),
            (boxed(), 0..3usize).prop_map(|(of, length)| Model::Array(of, length)),
            all.prop_map(Model::Tuple),
            (taggings(), keys(1..4), contents).prop_map(|(tagging, keys, contents)| {
                Model::Enum(tagging, keys.into_iter().zip(contents).collect())
            }),
            fields.prop_map(|(keys, details)| {
                let fields = keys.into_iter().zip(details);
                let field = |(key, (model, has_default, has_alias, note))| Field {
                    key,
                    model,
                    has_default,
                    has_alias,
                    note,
                };
                Model::Struct(fields.map(field).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same(model in models()) {
        let folder = Folder::new();
        let check = check(&folder, &model, &[]);
        check.update().unwrap();
        let before = folder.all();
        prop_assert!(check.check().is_ok(), "{}\n{}", folder.lock(), check.check().unwrap_err());
        prop_assert!(check.update().unwrap().written.is_empty());
        prop_assert_eq!(folder.all(), before);
    }

    #[test]
    fn a_new_optional_field_is_always_compatible(
        mut model in models().prop_map(Model::in_a_struct),
        which in any::<prop::sample::Index>(),
        is_default in any::<bool>(),
    ) {
        let folder = Folder::new();
        check(&folder, &model, &[]).update().unwrap();
        model.change(which, |fields| {
            let new = Model::Value("string");
            fields.push(Field {
                key: "new one".to_owned(),
                model: if is_default { new } else { Model::Optional(Box::new(new)) },
                has_default: is_default,
                has_alias: false,
                note: "",
            });
        });
        let now = check(&folder, &model, &["told"]);
        let error = now.check().unwrap_err();
        prop_assert!(matches!(error, CheckError::Outdated { .. }), "{}", error);
        now.update().unwrap();
        prop_assert!(now.check().is_ok());
    }

    #[test]
    fn a_removed_field_is_always_incompatible(
        mut model in models().prop_map(Model::in_a_struct),
        which in any::<prop::sample::Index>(),
        field in any::<prop::sample::Index>(),
    ) {
        let folder = Folder::new();
        check(&folder, &model, &[]).update().unwrap();
        model.change(which, |fields| {
            let index = field.index(fields.len());
            fields.remove(index);
        });
        let error = check(&folder, &model, &[]).update().unwrap_err();
        prop_assert!(matches!(error, CheckError::Incompatible { .. }), "{}", error);
    }
}
