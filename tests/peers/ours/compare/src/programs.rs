//! Building and calling programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use peers_harness::{Measurement, Outcome};

use crate::contestants::Contestant;

/// Where the contestants' programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds the contestants; `database` is one that es-entity's macros may ask about its tables.
    pub(crate) fn build(
        contestants: &[&Contestant],
        profile: &str,
        database: &str,
    ) -> Outcome<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .ok_or("CARGO_TARGET_DIR is not set: begin with tests/peers/run")?;
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspaces: BTreeSet<_> = contestants.iter().map(|one| one.workspace).collect();
        for workspace in workspaces {
            let programs: BTreeSet<_> = contestants
                .iter()
                .filter(|one| one.workspace == workspace)
                .map(|one| one.program)
                .collect();
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
            cargo
                .current_dir(peers.join(workspace))
                .args(["build", "--quiet", "--profile", profile])
                .env("DATABASE_URL", database);
            for program in programs {
                cargo.args(["--package", program]);
            }
            run(&mut cargo)?;
        }
        Ok(Self {
            folder: Path::new(&target).join(profile),
        })
    }

    /// Lets a contestant do one thing, and returns what it has measured.
    pub(crate) fn call(
        &self,
        contestant: &Contestant,
        arguments: &[&str],
    ) -> Outcome<Vec<Measurement>> {
        let mut command = Command::new(self.folder.join(contestant.program));
        command.args(arguments);
        if !contestant.variant.is_empty() {
            command.args(["--variant", contestant.variant]);
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            let name = contestant.name;
            return Err(format!("{name} failed: {arguments:?}: {}", output.status).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let lines = text.lines().filter(|line| line.starts_with('{'));
        let measured = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(measured)
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| {
        let program = command.get_program().display().to_string();
        format!("{program}: {error}")
    })?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {status}").into())
}
