//! The rules of ARCHITECTURE.md, kept true: who imports whom, and how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 400;

/// The layers of a crate, lowest first: a module imports its own layer and the ones below.
type Layers = [&'static [&'static str]];

const PORT: &Layers = &[
    &["stream", "metadata", "error", "fingerprint", "table"],
    &["page"],
    &["store"],
    &["contract"],
];

const CORE: &Layers = &[
    &["error", "clock"],
    &[
        "schema",
        "event",
        "event_set",
        "read_model",
        "upcast",
        "aggregate",
        "__private",
    ],
    &["command", "telemetry", "publish", "source"],
    &[
        "repository",
        "memory",
        "copy",
        "verify_log",
        "projection",
        "reactor",
        "relay",
        "broker",
    ],
    &[
        "rows", "runner", "rebuild", "operate", "inline", "view", "feed",
    ],
    &["testing", "contract", "broker_contract"],
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn layer_of(module: &str, layers: &Layers) -> usize {
    layers
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("module {module} has no layer: give it one"))
}

/// The modules of its own crate that a source file names after `crate::`.
fn imports(source: &str) -> Vec<String> {
    let code: Vec<&str> = source
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
        .collect();
    let code = code.join("\n");
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with('$'))
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .filter(|name| name.starts_with(|c: char| c.is_lowercase() || c == '_'))
        .collect()
}

#[test]
fn a_lower_layer_never_imports_a_higher_one() {
    check_layers("core/port/src", PORT, 10);
    check_layers("core/src", CORE, 100);
}

fn check_layers(folder: &str, layers: &Layers, at_least: usize) {
    let source = root().join(folder);
    let mut checked = 0;
    for file in rust_files(&source) {
        let inside = file.strip_prefix(&source).unwrap();
        let first = inside.components().next().unwrap().as_os_str();
        let module = Path::new(first).file_stem().unwrap().to_str().unwrap();
        if module == "lib" {
            continue;
        }
        for imported in imports(&fs::read_to_string(&file).unwrap()) {
            assert!(
                layer_of(&imported, layers) <= layer_of(module, layers),
                "{} imports crate::{imported}, which is in a higher layer",
                file.display()
            );
            checked += 1;
        }
    }
    assert!(
        checked > at_least,
        "only {checked} imports were found: the test looks at the wrong place"
    );
}

#[test]
fn the_crates_depend_one_way() {
    for (name, allowed) in [
        ("macros", &[][..]),
        ("core/port", &[]),
        ("core", &["rehydrate-macros", "rehydrate-port"]),
        ("sqlx-store", &["rehydrate-port"]),
        ("relay", &["rehydrate"]),
        ("console", &["rehydrate", "rehydrate-sqlx"]),
        (
            "examples/payment-service",
            &[
                "rehydrate",
                "rehydrate-console",
                "rehydrate-relay",
                "rehydrate-sqlx",
            ],
        ),
    ] {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for line in dependencies
            .lines()
            .filter(|line| line.starts_with("rehydrate"))
        {
            let end = line.find(['.', ' ', '=']).unwrap();
            assert!(
                allowed.contains(&&line[..end]),
                "{name} may not depend on {}",
                &line[..end]
            );
        }
    }
}

#[test]
fn nobody_but_the_macros_uses_what_is_private_to_them() {
    for folder in [
        "sqlx-store",
        "console",
        "examples",
        "tests/src",
        "tests/tests",
    ] {
        for file in rust_files(&root().join(folder)) {
            let source = fs::read_to_string(&file).unwrap();
            let uses = source.contains(concat!("rehydrate::", "__private"));
            assert!(!uses, "{} uses what belongs to the macros", file.display());
        }
    }
}

#[test]
fn no_source_file_is_too_long() {
    let mut files = 0;
    for folder in [
        "core",
        "macros",
        "sqlx-store",
        "console",
        "examples",
        "tests",
    ] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(
                lines <= LONGEST_FILE,
                "{} has {lines} lines",
                file.display()
            );
            files += 1;
        }
    }
    assert!(
        files > 50,
        "only {files} files were found: the test looks at the wrong place"
    );
}

/// A mechanism that only one database has keeps its statements in a folder `own`.
#[test]
fn every_database_has_the_same_statements() {
    let sql = root().join("sqlx-store/sql");
    let mut sets: Vec<(PathBuf, Vec<String>)> = Vec::new();
    for database in fs::read_dir(sql).unwrap() {
        let folder = database.unwrap().path();
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_file() {
                names.push(name);
            } else {
                assert_eq!(name, "own", "{}", folder.display());
            }
        }
        names.sort();
        assert!(names.len() > 10);
        sets.push((folder, names));
    }
    assert!(sets.len() > 1);
    for pair in sets.windows(2) {
        assert_eq!(
            pair[0].1,
            pair[1].1,
            "{} and {}",
            pair[0].0.display(),
            pair[1].0.display()
        );
    }
}
