//! How a command ends.

use std::process::ExitCode;

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// It is done, and there is nothing to look at: exit code 0.
    Fine,
    /// It is not done, or there is something to look at: exit code 1.
    Attention,
    /// The command line is wrong: exit code 2.
    Usage,
}

impl Exit {
    /// The number that a shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Attention => 1,
            Self::Usage => 2,
        }
    }

    /// [`Exit::Attention`] if there is something to look at.
    pub(crate) fn attention_if(there_is: bool) -> Self {
        if there_is {
            Self::Attention
        } else {
            Self::Fine
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
