//! Files, whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use super::CheckError;

/// The text of a file, if it exists.
pub(super) fn read(path: &Path) -> Result<Option<String>, CheckError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

/// Keeps other updates of the folder waiting until it is dropped.
pub(super) fn alone(folder: &Path) -> Option<fs::File> {
    // Where folders cannot be opened or locked, updates are not kept from each other.
    let folder = fs::File::open(folder).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

/// Writes a file beside its place and moves it there, so that nobody finds half of it.
pub(super) fn write(path: &Path, text: &str) -> Result<(), CheckError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| failed("create", folder, error))?;
    }
    // What is a link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = Path::new(&name);
    fs::write(temporary, text)
        .and_then(|()| fs::rename(temporary, path))
        .map_err(|error| {
            // It may not have come into being; what matters is the error above.
            let _ = fs::remove_file(temporary);
            failed("write", path, error)
        })
}

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> CheckError {
    CheckError::File {
        action,
        path: path.to_owned(),
        source,
    }
}
