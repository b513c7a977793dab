//! Names as serde writes them under a `rename_all`: its own algorithms, oddities included.

/// The value of a `rename_all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Case {
    /// None was given, or one that serde does not know, which serde reports.
    #[default]
    AsIs,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    pub(crate) fn of(rule: &str) -> Self {
        match rule {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => Self::AsIs,
        }
    }

    /// This one, or the other if there is none.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::AsIs { other } else { self }
    }

    /// The name of a field, which is taken to be in snake_case.
    pub(crate) fn of_field(self, field: &str) -> String {
        match self {
            Self::AsIs | Self::Lower | Self::Snake => field.to_owned(),
            Self::Upper | Self::ScreamingSnake => field.to_ascii_uppercase(),
            Self::Pascal => pascal(field),
            Self::Camel => first_lower(&pascal(field)),
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The name of a variant, which is taken to be in PascalCase.
    pub(crate) fn of_variant(self, variant: &str) -> String {
        match self {
            Self::AsIs | Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => first_lower(variant),
            Self::Snake => snake(variant),
            Self::ScreamingSnake => snake(variant).to_ascii_uppercase(),
            Self::Kebab => snake(variant).replace('_', "-"),
            Self::ScreamingKebab => snake(variant).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(field: &str) -> String {
    let words = field.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

fn first_lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + letters.as_str()
    })
}

/// An underscore before each capital: `HTTPSent` is `h_t_t_p_sent`.
fn snake(variant: &str) -> String {
    let mut snake = String::with_capacity(variant.len() + 4);
    for (index, letter) in variant.char_indices() {
        if index > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 8] = [
        "lowercase",
        "UPPERCASE",
        "PascalCase",
        "camelCase",
        "snake_case",
        "SCREAMING_SNAKE_CASE",
        "kebab-case",
        "SCREAMING-KEBAB-CASE",
    ];

    #[test]
    fn fields_are_renamed_as_serde_does_it() {
        for (field, renamed) in [
            (
                "paid_at_2",
                [
                    "paid_at_2",
                    "PAID_AT_2",
                    "PaidAt2",
                    "paidAt2",
                    "paid_at_2",
                    "PAID_AT_2",
                    "paid-at-2",
                    "PAID-AT-2",
                ],
            ),
            (
                "_id",
                ["_id", "_ID", "Id", "id", "_id", "_ID", "-id", "-ID"],
            ),
            ("z", ["z", "Z", "Z", "z", "z", "Z", "z", "Z"]),
        ] {
            for (rule, renamed) in RULES.into_iter().zip(renamed) {
                assert_eq!(Case::of(rule).of_field(field), renamed, "{rule}");
            }
        }
    }

    #[test]
    fn variants_are_renamed_as_serde_does_it() {
        for (variant, renamed) in [
            (
                "VeryTasty",
                [
                    "verytasty",
                    "VERYTASTY",
                    "VeryTasty",
                    "veryTasty",
                    "very_tasty",
                    "VERY_TASTY",
                    "very-tasty",
                    "VERY-TASTY",
                ],
            ),
            (
                "HTTPSent2",
                [
                    "httpsent2",
                    "HTTPSENT2",
                    "HTTPSent2",
                    "hTTPSent2",
                    "h_t_t_p_sent2",
                    "H_T_T_P_SENT2",
                    "h-t-t-p-sent2",
                    "H-T-T-P-SENT2",
                ],
            ),
        ] {
            for (rule, renamed) in RULES.into_iter().zip(renamed) {
                assert_eq!(Case::of(rule).of_variant(variant), renamed, "{rule}");
            }
        }
    }

    #[test]
    fn an_unknown_rule_changes_nothing() {
        assert_eq!(Case::of("Camel").of_field("paid_at"), "paid_at");
        assert_eq!(Case::of("Camel").or(Case::Kebab), Case::Kebab);
        assert_eq!(Case::Snake.or(Case::Kebab), Case::Snake);
    }
}
