//! `ops schema`: what is stored, and whether this program can read it.

mod census;
mod files;
mod verify;

use rehydrate::schema::{Meaning, Mode};
use serde::Serialize;

use crate::args::schema::Schema;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    console: &Console,
    args: Schema,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    match args {
        Schema::Census => census::run(console, output).await,
        Schema::Verify(args) => verify::run(console, args, output).await,
        Schema::Check(args) => files::run(console, &args, Mode::Check, output),
        Schema::Update(args) => files::run(console, &args, Mode::Update, output),
    }
}

/// What a stored type and version means to this program, for people and for programs.
#[derive(Serialize)]
struct Read {
    meaning: &'static str,
    /// Today's version of the type, where there is one and this is another.
    newest: Option<u32>,
    is_readable: bool,
}

impl Read {
    /// Without a meaning if the category is not known.
    fn new(meaning: Option<Meaning>) -> Self {
        let (name, newest) = match meaning {
            None => ("unknown_category", None),
            Some(Meaning::Current) => ("current", None),
            Some(Meaning::Upcast { newest }) => ("upcast", Some(newest)),
            Some(Meaning::Legacy) => ("legacy", None),
            Some(Meaning::Retired) => ("retired", None),
            Some(Meaning::Tolerated) => ("tolerated", None),
            Some(Meaning::UnknownType) => ("unknown_type", None),
            Some(Meaning::NewerVersion { newest }) => ("newer_version", Some(newest)),
            Some(Meaning::UnsupportedVersion) => ("unsupported_version", None),
            // The port may learn of more.
            Some(_) => ("other", None),
        };
        Self {
            meaning: name,
            newest: newest.map(rehydrate::SchemaVersion::get),
            is_readable: meaning.is_some_and(Meaning::is_read),
        }
    }

    /// What stands in the table; what cannot be read in capitals, so that it is seen.
    fn text(&self) -> String {
        let newest = self.newest.unwrap_or_default();
        match self.meaning {
            "current" | "retired" | "tolerated" => self.meaning.to_owned(),
            "upcast" => format!("upcast to {newest}"),
            "legacy" => "legacy: becomes others".to_owned(),
            "newer_version" => format!("NEWER than this program, which knows {newest}"),
            other => other.replace('_', " ").to_uppercase(),
        }
    }
}
