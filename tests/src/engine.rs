//! Servers that a test starts for itself: what they have in common.

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

/// Whether nothing may be missing: `CI=true`, as `tests/run` has it.
#[must_use]
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true")
}

/// Says, once, that something was not tested; in CI that is a failure.
///
/// # Panics
/// In CI.
pub fn missing<T>(said: &Once, what: &str, error: &dyn Display) -> Option<T> {
    assert!(!is_ci(), "{what}: {error}");
    said.call_once(|| eprintln!("NOT RUN: {what}: {error}"));
    None
}

/// A port of this machine that nobody listens at.
///
/// # Panics
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    free.local_addr().expect("it has an address").port()
}

/// Host and port of an address.
///
/// # Panics
/// It is none.
#[must_use]
pub fn host(url: &str) -> &str {
    let (_, host) = url.split_once("://").expect("an address has a scheme");
    host.trim_end_matches('/')
}

/// Whether there is the program that [`certify`] needs: a test asks before it starts its server.
///
/// # Panics
/// There is none, in CI.
#[must_use]
pub fn openssl() -> Option<()> {
    static SAID: Once = Once::new();
    match Command::new("openssl").arg("version").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => missing(
            &SAID,
            "openssl is not installed, so there is no TLS",
            &error,
        ),
        Err(error) => panic!("openssl: {error}"),
        Ok(_) => Some(()),
    }
}

/// Makes an authority, and a certificate of it for this machine: `ca.pem`, `ca.key`, `server.pem` and
/// `server.key`.
///
/// # Panics
/// [`openssl`] is not installed, or fails.
pub fn certify(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("it is written");
    for command in [
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca",
        "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server",
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
         -extfile names -out server.pem",
    ] {
        run_in(folder, command);
    }
}

/// Runs a program in a folder, with arguments that have no blanks.
///
/// # Panics
/// It is not installed, or fails.
pub fn run_in(folder: &Path, command: &str) {
    let mut words = command.split_whitespace();
    let program = words.next().expect("a command has a program");
    let done = Command::new(program)
        .args(words)
        .current_dir(folder)
        .output();
    let done = done.unwrap_or_else(|error| panic!("{program} is not installed: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
}
