//! A folder with a lock, as a crate has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rehydrate::Event;
use rehydrate::schema::{Check, CheckError, Checked};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder in which this enum was shipped.
    pub(crate) fn shipped<E: Event>() -> Self {
        let folder = Self::new();
        folder.update::<E>().unwrap();
        folder.check::<E>().unwrap();
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn of<E: Event>(&self) -> Check {
        Check::in_folder(self.path()).event::<E>()
    }

    pub(crate) fn check<E: Event>(&self) -> Result<Checked, CheckError> {
        self.of::<E>().check()
    }

    pub(crate) fn update<E: Event>(&self) -> Result<Checked, CheckError> {
        self.of::<E>().update()
    }

    pub(crate) fn lock(&self) -> String {
        self.read("events.lock")
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Every file and its content.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, String> {
        let mut all = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path()).unwrap().to_owned();
                    all.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        all
    }
}

/// The message of a check that must fail because of what was shipped, and that must have written
/// nothing, not even if it was asked to.
#[track_caller]
pub(crate) fn refused<E: Event>(folder: &Folder) -> String {
    let before = folder.all();
    let error = folder.check::<E>().expect_err("it is incompatible");
    let CheckError::Incompatible { problems, .. } = &error else {
        panic!("it is not told as incompatible: {error}");
    };
    assert!(!problems.is_empty());
    folder.update::<E>().expect_err("it is incompatible");
    assert_eq!(folder.all(), before, "an incompatible change was written");
    let message = error.to_string();
    for line in message.lines() {
        assert!(line.chars().count() <= 100, "a line is too long: {line}");
    }
    message
}

/// Checks that the message has all of these; its line breaks do not count.
#[track_caller]
pub(crate) fn says(message: &str, parts: &[&str]) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(
            words(message).contains(&words(part)),
            "{part:?} is not in:\n\n{message}"
        );
    }
}

/// Checks that the code needs an update, takes it, and that the lock then holds it.
#[track_caller]
pub(crate) fn accepted<E: Event>(folder: &Folder, news: &str, lock: &[&str]) {
    let error = folder.check::<E>().expect_err("the lock does not have it");
    let CheckError::Outdated { .. } = error else {
        panic!("it is compatible, but: {error}");
    };
    says(&error.to_string(), &[news, "REHYDRATE_UPDATE=1 cargo test"]);
    let before = folder.all();
    folder.update::<E>().unwrap();
    folder.check::<E>().unwrap();
    says(&folder.lock(), lock);
    for (path, text) in before {
        if path != Path::new("events.lock") {
            assert_eq!(folder.all().get(&path), Some(&text), "{}", path.display());
        }
    }
}
