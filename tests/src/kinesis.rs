//! Servers that speak Kinesis: kinesalite, and moto as a second opinion.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Once};

use tempfile::TempDir;

use crate::engine::{free_port, missing};

/// The folder in which kinesalite is installed: it has a `node_modules`.
const KINESALITE: &str = "REHYDRATE_KINESALITE";
/// The program of moto.
const MOTO: &str = "REHYDRATE_MOTO";

/// Port, folder of the data (or nothing), and by how many hours its clock is ahead.
const SCRIPT: &str = "
    try { require.resolve('kinesalite'); } catch { console.log('none'); process.exit(); }
    const [port, path, hours] = process.argv.slice(1);
    const now = Date.now;
    Date.now = () => now() + Number(hours) * 3600000;
    const version = require('kinesalite/package.json').version;
    require('kinesalite')({
        path: path || undefined, createStreamMs: 20, deleteStreamMs: 20, updateStreamMs: 20,
        shardLimit: 1000000,
    }).listen(Number(port), '127.0.0.1', () => console.log('ready, kinesalite ' + version));
    process.stdin.resume();
    process.stdin.on('end', () => process.exit());
";

/// The server goes with its standard input, so it does not outlive whoever has started it; and only
/// the server has the standard error, which ends with it.
const WITH_INPUT: &str = r#"command -v "$1" >/dev/null || exit 127
"$@" & server=$!; exec 2>/dev/null; cat; kill -9 $server"#;
/// What the shell says of a program that is not there.
const NOT_FOUND: i32 = 127;

/// A server, gone with this, or with the program.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    version: String,
    folder: Option<TempDir>,
}

/// A kinesalite for all tests of a program, without a disk.
///
/// # Panics
/// There is none, in CI, or it does not start.
pub fn kinesalite() -> Option<&'static Server> {
    static SHARED: LazyLock<Option<Server>> = LazyLock::new(|| start_kinesalite(None));
    SHARED.as_ref()
}

/// A moto for all tests of a program.
///
/// # Panics
/// There is none, in CI, or it does not start.
pub fn moto() -> Option<&'static Server> {
    static SHARED: LazyLock<Option<Server>> = LazyLock::new(|| {
        static SAID: Once = Once::new();
        let port = free_port();
        match run_moto(port) {
            Ok((child, version)) => Some(Server {
                child,
                port,
                version,
                folder: None,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => missing(
                &SAID,
                "moto_server is not installed (REHYDRATE_MOTO)",
                &error,
            ),
            Err(error) => panic!("moto_server does not start: {error}"),
        }
    });
    SHARED.as_ref()
}

impl Server {
    /// A kinesalite of a test's own, which keeps its data.
    ///
    /// # Panics
    /// As for [`kinesalite`].
    #[must_use]
    pub fn start() -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder can be made");
        start_kinesalite(Some(folder))
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it is.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// It is gone already.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// On the same port, with what it has stored.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&mut self) {
        self.restart_later(0);
    }

    /// The same, with a clock that is ahead by so many hours.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart_later(&mut self, hours: u32) {
        let started = run_kinesalite(self.port, self.folder.as_ref(), hours);
        (self.child, _) = started.expect("it starts again");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both go with their standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn start_kinesalite(folder: Option<TempDir>) -> Option<Server> {
    static SAID: Once = Once::new();
    let port = free_port();
    match run_kinesalite(port, folder.as_ref(), 0) {
        Ok((child, version)) => Some(Server {
            child,
            port,
            version,
            folder,
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => missing(
            &SAID,
            "kinesalite is not installed (REHYDRATE_KINESALITE)",
            &error,
        ),
        Err(error) => panic!("kinesalite does not start: {error}"),
    }
}

fn run_kinesalite(
    port: u16,
    folder: Option<&TempDir>,
    hours: u32,
) -> std::io::Result<(Child, String)> {
    let mut command = Command::new("node");
    command.args(["-e", SCRIPT, &port.to_string()]);
    match folder {
        Some(folder) => command.arg(folder.path()),
        None => command.arg(""),
    };
    command.arg(hours.to_string());
    if let Some(installed) = std::env::var_os(KINESALITE) {
        command.current_dir(installed);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut output = BufReader::new(child.stdout.take().expect("it was piped"));
    let mut log = child.stderr.take().expect("it was piped");
    let mut said = String::new();
    output.read_line(&mut said)?;
    if let Some(version) = said.trim().strip_prefix("ready, ") {
        // Nobody reads it, but a full pipe would stop the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        return Ok((child, version.to_owned()));
    }
    if said.trim() == "none" {
        child.wait()?;
        let error = "node does not find the module kinesalite";
        return Err(Error::new(ErrorKind::NotFound, error));
    }
    log.read_to_string(&mut said)?;
    child.wait()?;
    Err(Error::other(said))
}

fn run_moto(port: u16) -> std::io::Result<(Child, String)> {
    let program = std::env::var(MOTO).unwrap_or_else(|_| "moto_server".to_owned());
    let mut child = Command::new("sh")
        .args(["-c", WITH_INPUT, "sh", &program, "-H", "127.0.0.1", "-p"])
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut log = BufReader::new(child.stderr.take().expect("it was piped"));
    let mut said = String::new();
    while !said.contains("Running on") {
        if log.read_line(&mut said)? == 0 {
            drop(child.stdin.take());
            let status = child.wait()?;
            return Err(match status.code() {
                Some(NOT_FOUND) => Error::new(ErrorKind::NotFound, program),
                _ => Error::other(said),
            });
        }
    }
    // Nobody reads it, but a full pipe would stop the server.
    std::thread::spawn(move || std::io::copy(&mut log.by_ref(), &mut std::io::sink()));
    Ok((child, "moto_server".to_owned()))
}
