//! What a type looks like as JSON.

/// That a type says what it looks like as JSON, so that a change of it is seen.
///
/// `#[derive(Describe)]` implements it for a value type in an event, a payload of the past or a
/// state, from its fields and its serde attributes. The types of the standard library, of `uuid`,
/// `chrono` and `serde_json` have it; those of other crates have it with the feature of that name.
/// What has no description is still stored and read; a change inside it is not seen, and
/// [`check!`](crate::schema::check) says so.
///
/// By hand, for a type that writes its own JSON:
///
/// ```
/// use rehydrate::schema::{Describe, TypeSchema};
///
/// /// Written as `EUR 12.50`.
/// struct Money { cents: i64 }
///
/// impl Describe for Money {
///     const TYPE: TypeSchema = TypeSchema::Value("euro");
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it looks like as JSON",
    label = "needs `#[derive(Describe)]`",
    note = "write `#[derive(rehydrate::Describe)]` on the type"
)]
pub trait Describe {
    /// The type as JSON.
    const TYPE: TypeSchema;
}

/// What a type looks like as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeSchema {
    /// A JSON value without parts, by the kind of its content: `u64`, `string`, `uuid`.
    Value(&'static str),
    /// It, or null; a field of it may be missing.
    Optional(&'static TypeSchema),
    /// It, or null; a field of it is there: a newtype around an `Option`.
    Nullable(&'static TypeSchema),
    /// An array of any number of them.
    List(&'static TypeSchema),
    /// An array of any number of them, in any order and each once.
    Set(&'static TypeSchema),
    /// An object with any keys.
    Map {
        /// The keys.
        key: &'static TypeSchema,
        /// The values.
        value: &'static TypeSchema,
    },
    /// An array of so many of them.
    Array {
        /// Each of them.
        of: &'static TypeSchema,
        /// How many there are.
        length: usize,
    },
    /// An array of exactly these.
    Tuple(&'static [TypeSchema]),
    /// An object with these fields.
    Struct {
        /// The type's name in the code.
        name: &'static str,
        /// Its fields.
        fields: &'static [FieldSchema],
        /// What else serde's attributes say, parts with a comma between them:
        /// `deny_unknown_fields`, `tag = "…" of "…"` for a tag and the name that it holds; empty if
        /// there is nothing.
        note: &'static str,
    },
    /// One of these.
    Enum {
        /// The type's name in the code.
        name: &'static str,
        /// How one tells which.
        tagging: Tagging,
        /// Its variants.
        variants: &'static [VariantSchema],
    },
    /// A type that stands within itself, and is described where it begins.
    Recursive(&'static str),
    /// A type that is not described, as it is written in the code, or a field whose JSON is made by
    /// code of its own, `with = "…"`.
    Opaque(&'static str),
}

/// How the variant of an enum is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tagging {
    /// `{"card": …}`, or `"cash"` if there is no content.
    External,
    /// `{"kind": "card", …}`
    Internal {
        /// The field with the variant.
        tag: &'static str,
    },
    /// `{"kind": "card", "content": …}`
    Adjacent {
        /// The field with the variant.
        tag: &'static str,
        /// The field with its content.
        content: &'static str,
    },
    /// By the content alone.
    Untagged,
}

/// A variant of a described enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantSchema {
    /// Its name in the code.
    pub name: &'static str,
    /// Its name in the JSON.
    pub key: &'static str,
    /// Other names under which it is read.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub content: Shape,
    /// What else serde's attributes say, parts with a comma between them: `not written`,
    /// `not read`, `read as "…"` if it is not read under its key, `other`, `untagged`; empty if
    /// there is nothing.
    pub note: &'static str,
}

/// The content of an event or a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// No content.
    Unit,
    /// These fields.
    Fields {
        /// The fields.
        fields: &'static [FieldSchema],
        /// What else serde's attributes say: `deny_unknown_fields`; empty if there is nothing.
        note: &'static str,
    },
    /// A type.
    Type {
        /// As it is written in the code.
        name: &'static str,
        /// What it looks like.
        shape: TypeSchema,
    },
    /// A version that was never shipped or is no longer read.
    Unsupported,
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSchema {
    /// Its name in the code.
    pub name: &'static str,
    /// Its name in the JSON.
    pub key: &'static str,
    /// Other names under which it is read.
    pub aliases: &'static [&'static str],
    /// Its type, as it is written in the code.
    pub ty: &'static str,
    /// What the type looks like.
    pub shape: TypeSchema,
    /// Whether serde's `default`, its own or that of its type, takes the place of a missing one.
    pub has_default: bool,
    /// Whether its own fields stand in its place.
    pub is_flattened: bool,
    /// What else serde's attributes say, parts with a comma between them: `not written`,
    /// `not read`, `read as "…"` if it is not read under its key, `skip_serializing_if` if it has
    /// no default to take its place, `default = "…"` with the function that makes one; empty if there is nothing.
    pub note: &'static str,
}

impl FieldSchema {
    /// Whether a payload without it can be read.
    #[must_use]
    pub const fn may_be_missing(&self) -> bool {
        self.has_default || matches!(self.shape, TypeSchema::Optional(_))
    }
}
