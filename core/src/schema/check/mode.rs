//! Whether a check may write.

/// The variable of the environment that asks for an update.
const VARIABLE: &str = "REHYDRATE_UPDATE";

/// Whether files may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// What the lock does not know yet is an error.
    Check,
    /// What the lock does not know yet is added to it, unless something shipped has changed.
    Update,
}

impl Mode {
    /// `Update` if the environment has `REHYDRATE_UPDATE=1` or `=true`, and else `Check`.
    #[must_use]
    pub fn from_env() -> Self {
        Self::parse(&value()).unwrap_or(Self::Check)
    }

    /// That the environment asks for something that nobody knows.
    pub(super) fn misunderstood() -> Option<String> {
        let value = value();
        let told = format!(
            "{VARIABLE} is {value:?}, so nothing was updated: set it to 1 to update events.lock and \
             events.golden"
        );
        Self::parse(&value).is_none().then_some(told)
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "1" | "true" => Some(Self::Update),
            "" | "0" | "false" => Some(Self::Check),
            _ => None,
        }
    }
}

fn value() -> String {
    let value = std::env::var_os(VARIABLE).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_updates() {
        for value in ["1", "true"] {
            assert_eq!(Mode::parse(value), Some(Mode::Update), "{value}");
        }
        for value in ["", "0", "false"] {
            assert_eq!(Mode::parse(value), Some(Mode::Check), "{value}");
        }
        for value in ["no", "yes", "2", "TRUE", " 1"] {
            assert_eq!(Mode::parse(value), None, "{value}");
        }
    }
}
