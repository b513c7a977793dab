//! Names under `rename_all`, `rename_all_fields`, `rename` and `alias`.

use rehydrate::Describe;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::law::{obeys, obeys_by_field};

macro_rules! every_case {
    ($($module:ident: $case:literal;)*) => {$(
        mod $module {
            use super::*;

            #[derive(Default, Describe, Serialize, Deserialize)]
            #[serde(rename_all = $case)]
            #[expect(non_snake_case, reason = "serde's algorithms have oddities worth a test")]
            struct Fields {
                id: u8,
                paid_at: u8,
                paid_at_2: u8,
                r#type: u8,
                a_b_c: u8,
                __under__score_: u8,
                HTTPServer: u8,
                camelCase: u8,
            }

            #[derive(Describe, Serialize, Deserialize)]
            #[serde(rename_all = $case, rename_all_fields = $case)]
            #[expect(non_camel_case_types, non_snake_case, reason = "serde's algorithms have oddities worth a test")]
            enum Variants {
                Card,
                VeryTasty { paid_at: u8, r#fn: u8, XMLPath: u8 },
                HTTPSent2(u8),
                snake_case(u8, u8),
                A,
                r#type,
            }

            #[test]
            fn fields_have_the_keys_that_serde_gives_them() {
                obeys_by_field(&Fields::default());
            }

            #[test]
            fn variants_have_the_keys_that_serde_gives_them() {
                for variant in [
                    Variants::Card,
                    Variants::VeryTasty { paid_at: 1, r#fn: 2, XMLPath: 3 },
                    Variants::HTTPSent2(1),
                    Variants::snake_case(1, 2),
                    Variants::A,
                    Variants::r#type,
                ] {
                    obeys(&variant);
                }
            }
        }
    )*};
}

every_case! {
    lower: "lowercase";
    upper: "UPPERCASE";
    pascal: "PascalCase";
    camel: "camelCase";
    snake: "snake_case";
    screaming_snake: "SCREAMING_SNAKE_CASE";
    kebab: "kebab-case";
    screaming_kebab: "SCREAMING-KEBAB-CASE";
}

#[derive(Default, Describe, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "kebab-case"))]
struct TwoWays {
    both_differ: u8,
    #[serde(rename = "one")]
    renamed: u8,
    #[serde(rename(serialize = "out", deserialize = "in"))]
    out_and_in: u8,
    #[serde(rename(serialize = "only_out"))]
    written_name: u8,
    #[serde(rename(deserialize = "only_in"))]
    read_name: u8,
    #[serde(rename(deserialize = "first", deserialize = "second"), alias = "third")]
    several_names: u8,
    #[serde(alias = "readableToo")]
    readable_too: u8,
    same: u8,
}

#[derive(Default, Describe, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "UPPERCASE"))]
struct OnlyRead {
    paid_at: u8,
}

#[derive(Default, Describe, Serialize, Deserialize)]
#[serde(rename_all(serialize = "UPPERCASE"))]
struct OnlyWritten {
    paid_at: u8,
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(
    rename_all(serialize = "camelCase", deserialize = "snake_case"),
    rename_all_fields(serialize = "camelCase", deserialize = "kebab-case")
)]
enum VariantsTwoWays {
    VeryTasty {
        paid_at: u8,
    },
    #[serde(rename_all = "UPPERCASE")]
    OwnCase {
        paid_at: u8,
    },
    #[serde(rename_all(serialize = "UPPERCASE"))]
    HalfOwnCase {
        paid_at: u8,
    },
    #[serde(rename(serialize = "out", deserialize = "in"), alias = "third")]
    Renamed,
    #[serde(
        rename = "a \"quoted\" näme, with = everything",
        alias = "x",
        alias = "y"
    )]
    Odd(u8),
}

#[test]
fn a_name_can_differ_for_writing_and_reading() {
    let json = obeys_by_field(&TwoWays::default());
    assert_eq!(json["out"], json!(0));
    obeys_by_field(&OnlyRead::default());
    obeys_by_field(&OnlyWritten::default());
    for variant in [
        VariantsTwoWays::VeryTasty { paid_at: 1 },
        VariantsTwoWays::OwnCase { paid_at: 1 },
        VariantsTwoWays::HalfOwnCase { paid_at: 1 },
        VariantsTwoWays::Renamed,
        VariantsTwoWays::Odd(1),
    ] {
        obeys(&variant);
    }
}
