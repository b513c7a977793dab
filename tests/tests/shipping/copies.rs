//! Copies of the payment service's events, changed, in one program that checks them all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// A change of a source file: where, what, and what instead.
pub(crate) type Change = (&'static str, &'static str, &'static str);

/// What came of checking one copy.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    /// Of the check, against what is shipped.
    pub(crate) checked: Result<(), String>,
    /// Of the update after it.
    pub(crate) updated: Result<(), String>,
    /// Of the check after that.
    pub(crate) checked_again: Result<(), String>,
    /// Whether any file is another than before.
    pub(crate) has_written: bool,
}

const FILES: [&str; 3] = ["fine/events.rs", "fine/past.rs", "money.rs"];

/// A program with all copies.
pub(crate) struct Copies {
    folder: PathBuf,
    /// Each with the one that was shipped before it, if that is not the service as it is.
    names: Vec<(String, Option<String>)>,
}

/// Changes some files.
pub(crate) fn change(name: &str, sources: &mut BTreeMap<&str, String>, changes: &[Change]) {
    for (file, from, to) in changes {
        let source = sources.get_mut(file).unwrap();
        assert!(source.contains(from), "{name}: {file} has no {from:?}");
        *source = source.replacen(from, to, 1);
    }
}

impl Copies {
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipping");
        for part in ["src", "shipped"] {
            let _ = fs::remove_dir_all(folder.join(part));
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        let lock = root().join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock")).unwrap();
        write(&folder.join("Cargo.toml"), &manifest());
        Self {
            folder,
            names: Vec::new(),
        }
    }

    /// A copy with these changes, and the one that was shipped before it.
    pub(crate) fn add(&mut self, name: &str, changes: &[Change], before: Option<&str>) {
        let service = root().join("examples/payment-service");
        let mut sources: BTreeMap<&str, String> = FILES
            .into_iter()
            .map(|file| {
                let source = fs::read_to_string(service.join("src").join(file)).unwrap();
                (file, source)
            })
            .collect();
        change(name, &mut sources, changes);
        let module = self.folder.join("src").join(name);
        for (file, source) in sources {
            let source = source.replace("crate::money", &format!("crate::{name}::money"));
            write(&module.join(file), &source);
        }
        write(
            &self.folder.join("src").join(format!("{name}.rs")),
            "pub mod fine;\npub mod money;\n",
        );
        write(
            &module.join("fine.rs"),
            "pub mod events;\npub mod past;\npub use events::*;\npub use past::*;\n",
        );
        let shipped = self.folder.join("shipped").join(name);
        copy(&service.join("events.lock"), &shipped.join("events.lock"));
        copy(
            &service.join("events.golden"),
            &shipped.join("events.golden"),
        );
        self.names
            .push((name.to_owned(), before.map(str::to_owned)));
    }

    /// Changes a copy once more.
    pub(crate) fn edit(&self, name: &str, then: impl FnOnce(&mut BTreeMap<&str, String>)) {
        let module = self.folder.join("src").join(name);
        let read = |file| (file, fs::read_to_string(module.join(file)).unwrap());
        let mut sources: BTreeMap<&str, String> = FILES.into_iter().map(read).collect();
        then(&mut sources);
        for (file, source) in sources {
            write(&module.join(file), &source);
        }
    }

    /// Checks them all.
    pub(crate) fn check(&self) -> BTreeMap<String, Verdict> {
        let mut main = "#![allow(dead_code, unused_imports)]\n".to_owned();
        for (name, _) in &self.names {
            writeln!(main, "mod {name};").unwrap();
        }
        main += include_str!("check.txt");
        for (name, before) in &self.names {
            let before = before.as_ref().unwrap_or(name);
            writeln!(
                main,
                "    all.insert({name:?}, verdict::<{before}::fine::FineEvent, {name}::fine::FineEvent>({name:?}));"
            )
            .unwrap();
        }
        main += "    println!(\"{}\", serde_json::to_string(&all).unwrap());\n}\n";
        write(&self.folder.join("src/main.rs"), &main);
        let run = Command::new(env!("CARGO"))
            .args(["run", "--offline", "--quiet"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove("REHYDRATE_UPDATE")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let told = String::from_utf8(run.stderr).unwrap();
        assert!(run.status.success(), "{told}");
        serde_json::from_slice(&run.stdout).unwrap()
    }
}

fn manifest() -> String {
    let core = root().join("core");
    format!(
        r#"[package]
name = "shipping"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
rehydrate = {{ path = {core:?}, default-features = false, features = ["lock"] }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"
thiserror = "2"

[profile.dev]
debug = false

[workspace]
"#
    )
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}
