//! Generated packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A workspace of generated packages, with the locked versions of ours.
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Packages with these names, dependencies and sources.
    pub(crate) fn write(folder: PathBuf, packages: &[(&str, String, String)]) -> Self {
        let names: Vec<_> = packages.iter().map(|(name, ..)| *name).collect();
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n");
        put(&folder.join("Cargo.toml"), &manifest);
        for (name, dependencies, source) in packages {
            let package = format!("[package]\nname = {name:?}\nedition = \"2024\"\n");
            let manifest = format!("{package}[dependencies]\n{dependencies}\n");
            put(&folder.join(name).join("Cargo.toml"), &manifest);
            put(&folder.join(name).join("src/lib.rs"), source);
        }
        fs::copy(ours().join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
        Self { folder }
    }

    /// A cargo command on one of them, with a target folder.
    pub(crate) fn cargo(&self, command: &str, package: &str, target: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([command, "--offline", "--lib", "--package", package])
            .arg("--manifest-path")
            .arg(self.folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target(target))
            .env("CARGO_INCREMENTAL", "0");
        cargo
    }

    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.folder.join("target").join(name)
    }

    /// Makes cargo compile a package again.
    pub(crate) fn touch(&self, package: &str) {
        let file = self.folder.join(package).join("src/lib.rs");
        let text = fs::read_to_string(&file).expect("it was written");
        put(&file, &text);
    }
}

/// The workspace that this program is of.
pub(crate) fn ours() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("it is in the workspace")
}

fn put(file: &Path, text: &str) {
    let folder = file.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).expect("a folder can be made");
    fs::write(file, text).expect("a file can be written");
}
