//! A hash of a description that the compiler can take.

use rehydrate_port::Fingerprint;

use super::describe::{FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};

impl TypeSchema {
    /// Hashes what a state looks like as JSON, and the version of its handlers' logic.
    ///
    /// Names of types in the code are no part of it; nested types are, where they are
    /// [described](crate::schema::Describe).
    #[must_use]
    pub const fn fingerprint(&self, version: u64) -> Fingerprint {
        Hash::new().ty(self).number(version).finish()
    }
}

/// A fingerprint that is being taken.
#[derive(Clone, Copy)]
struct Hash(Fingerprint);

impl Hash {
    const fn new() -> Self {
        Self(Fingerprint::of(""))
    }

    const fn finish(self) -> Fingerprint {
        self.0
    }

    const fn bytes(self, bytes: &[u8]) -> Self {
        Self(self.0.followed_by(bytes))
    }

    const fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// A text with an end, so that two texts in a row cannot pass for two others.
    const fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).byte(0xff)
    }

    /// What a type looks like as JSON; its name in the code is no part of that.
    const fn ty(self, ty: &TypeSchema) -> Self {
        match ty {
            TypeSchema::Value(kind) => self.byte(1).text(kind),
            TypeSchema::Optional(some) => self.byte(2).ty(some),
            TypeSchema::Nullable(some) => self.byte(11).ty(some),
            TypeSchema::List(each) => self.byte(3).ty(each),
            TypeSchema::Set(each) => self.byte(12).ty(each),
            TypeSchema::Map { key, value } => self.byte(4).ty(key).ty(value),
            TypeSchema::Array { of, length } => self.byte(10).ty(of).number(*length as u64),
            TypeSchema::Tuple(parts) => {
                let mut hash = self.byte(5);
                let mut rest = *parts;
                while let [part, tail @ ..] = rest {
                    hash = hash.ty(part);
                    rest = tail;
                }
                hash.byte(0)
            }
            TypeSchema::Struct { fields, note, .. } => self.byte(6).text(note).fields(fields),
            TypeSchema::Enum {
                tagging, variants, ..
            } => self.byte(7).tagging(tagging).variants(variants),
            TypeSchema::Recursive(name) => self.byte(8).text(name),
            TypeSchema::Opaque(code) => self.byte(9).text(code),
        }
    }

    const fn tagging(self, tagging: &Tagging) -> Self {
        match tagging {
            Tagging::External => self.byte(1),
            Tagging::Internal { tag } => self.byte(2).text(tag),
            Tagging::Adjacent { tag, content } => self.byte(3).text(tag).text(content),
            Tagging::Untagged => self.byte(4),
        }
    }

    const fn variants(self, variants: &[VariantSchema]) -> Self {
        let mut hash = self;
        let mut rest = variants;
        while let [variant, tail @ ..] = rest {
            hash = hash
                .text(variant.key)
                .texts(variant.aliases)
                .text(variant.note)
                .shape(&variant.content);
            rest = tail;
        }
        hash.byte(0)
    }

    const fn shape(self, shape: &Shape) -> Self {
        match shape {
            Shape::Unit => self.byte(1),
            Shape::Fields { fields, note } => self.byte(2).text(note).fields(fields),
            Shape::Type { shape, .. } => self.byte(3).ty(shape),
            Shape::Unsupported => self.byte(4),
        }
    }

    const fn fields(self, fields: &[FieldSchema]) -> Self {
        let mut hash = self;
        let mut rest = fields;
        while let [field, tail @ ..] = rest {
            hash = hash
                .text(field.key)
                .texts(field.aliases)
                .text(field.note)
                .byte(field.has_default as u8)
                .byte(field.is_flattened as u8)
                .ty(&field.shape);
            rest = tail;
        }
        hash.byte(0)
    }

    const fn texts(self, texts: &[&str]) -> Self {
        let mut hash = self;
        let mut rest = texts;
        while let [text, tail @ ..] = rest {
            hash = hash.text(text);
            rest = tail;
        }
        hash.byte(0)
    }

    const fn byte(self, byte: u8) -> Self {
        self.bytes(&[byte])
    }
}
