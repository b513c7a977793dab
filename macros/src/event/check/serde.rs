//! serde's attributes that contradict how an event is stored: its type beside its content.

use super::super::ast::EventEnum;
use crate::attr::serde::keys;
use crate::ctxt::Ctxt;

const ON_ENUM: &[(&str, &str)] = &[
    ("tag", LAYER),
    ("content", LAYER),
    ("untagged", LAYER),
    ("from", WHOLE),
    ("try_from", WHOLE),
    ("into", WHOLE),
    (
        "remote",
        "`remote` implements serde for another type, while the event enum needs it for itself: remove it",
    ),
];

const LAYER: &str = "the event type has a column of its own and the payload is the variant's content alone, so there is no tag to shape: remove it";
const WHOLE: &str = "each variant is stored on its own, so the enum cannot be converted as a whole: convert the fields with `#[serde(with = \"…\")]`, or older payloads with `#[event(history(…))]`";

const ON_VARIANT: &[(&str, &str)] = &[
    ("skip", SKIP),
    ("skip_serializing", SKIP),
    ("skip_deserializing", SKIP),
    (
        "other",
        "serde's `other` never sees the stored type, which has a column of its own: write `#[event(other)]`",
    ),
    ("untagged", LAYER),
];

const SKIP: &str = "every variant of an event enum is written and read: remove the attribute, or remove the variant and keep its name in `#[event(retired(\"…\"))]`";

pub(super) fn check(ctxt: &Ctxt, event: &EventEnum<'_>) {
    refuse(ctxt, &event.input.attrs, ON_ENUM);
    for variant in &event.variants {
        refuse(ctxt, variant.attrs, ON_VARIANT);
    }
}

fn refuse(ctxt: &Ctxt, attrs: &[syn::Attribute], refused: &[(&str, &str)]) {
    for found in keys(attrs) {
        if let Some((_, why)) = refused.iter().find(|(key, _)| found.key == key) {
            ctxt.error(&found.key, why);
        }
    }
}
