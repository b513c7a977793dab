//! `ops schema check` and `ops schema update`.

use rehydrate::schema::{Check, CheckError, Checked, Mode};
use serde_json::json;

use crate::args::schema::Files;
use crate::commands::Done;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(
    console: &Console,
    args: &Files,
    mode: Mode,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let events = &console.registry.events;
    if events.is_empty() {
        return Err(OpsError::Usage(
            "this program knows no events: embed the console in the one that has the aggregates"
                .to_owned(),
        ));
    }
    let check = Check::in_folder(&args.folder);
    let check = events.iter().copied().fold(check, Check::any);
    match check.run(mode) {
        Ok(checked) => {
            output.show(&Done::new(checked.to_string(), details(&checked)))?;
            Ok(Exit::Fine)
        }
        Err(error @ (CheckError::Incompatible { .. } | CheckError::Outdated { .. })) => {
            let mut text = error.to_string();
            if let CheckError::Outdated { .. } = error {
                let folder = args.folder.display();
                text += &format!("\nHere: `ops schema update --in {folder}`.");
            }
            let details = json!({ "is_fine": false, "message": &text });
            output.show(&Done::new(text, details))?;
            Ok(Exit::Attention)
        }
        Err(error) => Err(OpsError::Because {
            what: "the files of what was shipped cannot be used".to_owned(),
            source: error.into(),
        }),
    }
}

fn details(checked: &Checked) -> serde_json::Value {
    let unseen = checked.unseen.iter().map(|unseen| {
        json!({
            "enum": unseen.event_enum,
            "type": unseen.event_type,
            "schema_version": unseen.schema_version.get(),
            "path": unseen.path,
            "code": unseen.code,
        })
    });
    json!({
        "is_fine": true,
        "types": checked.types,
        "versions": checked.versions,
        "golden": checked.golden,
        "written": checked.written,
        "news": checked.news,
        "unseen": unseen.collect::<Vec<_>>(),
    })
}
