//! NATS with JetStream: the server of the machine, and servers of a test's own.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Once};
use std::time::Duration;

use tempfile::TempDir;

use crate::engine::{free_port, host, missing};

/// How long a server may take to greet.
const PATIENCE: Duration = Duration::from_secs(5);
/// What one says that does not let everybody in.
const LOGIN: &str = r#""auth_required":true"#;

/// The address of the server of the machine, without a stream.
static SHARED: LazyLock<String> = LazyLock::new(|| {
    let given = std::env::var("REHYDRATE_NATS_URL");
    given.unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned())
});

/// The address of the server that is there anyway, if it answers and has JetStream for everybody.
///
/// # Panics
/// It does not, in CI.
#[must_use]
pub fn shared() -> Option<String> {
    static SAID: Once = Once::new();
    match greeting(host(&SHARED)) {
        Ok(said) if said.contains(r#""jetstream":true"#) && !said.contains(LOGIN) => {
            Some(SHARED.clone())
        }
        Ok(_) => {
            let what = "NATS has no JetStream, or wants a login (REHYDRATE_NATS_URL)";
            missing(&SAID, what, &*SHARED)
        }
        Err(error) => missing(&SAID, "NATS does not answer (REHYDRATE_NATS_URL)", &error),
    }
}

/// What a server says of itself to whoever connects.
fn greeting(host: &str) -> std::io::Result<String> {
    let connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let mut said = String::new();
    BufReader::new(connection).read_line(&mut said)?;
    Ok(said)
}

/// Deletes a stream of a server that lets everybody in; for where nothing can be awaited.
///
/// # Errors
/// The server does not answer.
///
/// # Panics
/// The address is none.
pub fn delete_stream(url: &str, stream: &str) -> std::io::Result<()> {
    let mut connection = TcpStream::connect(host(url))?;
    let request = format!(
        "CONNECT {{\"verbose\":false}}\r\nPUB $JS.API.STREAM.DELETE.{stream} 0\r\n\r\nPING\r\n"
    );
    connection.write_all(request.as_bytes())?;
    let mut lines = BufReader::new(connection).lines();
    while let Some(line) = lines.next().transpose()? {
        if line == "PONG" {
            break;
        }
    }
    Ok(())
}

/// A server of a test's own, gone with it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Server {
    /// A server with JetStream, if one is installed.
    ///
    /// # Panics
    /// None is in CI, or it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    /// A server with further arguments, which may name files that are made in its folder.
    ///
    /// # Panics
    /// As for [`Server::start`].
    pub fn start_with(arguments: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        static SAID: Once = Once::new();
        let folder = TempDir::new().expect("a temporary folder can be made");
        let port = free_port();
        let arguments = arguments(folder.path());
        match run(port, folder.path(), &arguments) {
            Ok(child) => Some(Self {
                child,
                port,
                folder,
                arguments,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                missing(&SAID, "nats-server is not installed", &error)
            }
            Err(error) => panic!("nats-server does not start: {error}"),
        }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it keeps its messages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
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
        let child = run(self.port, self.folder.path(), &self.arguments);
        self.child = child.expect("it starts again");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(port: u16, folder: &Path, arguments: &[String]) -> std::io::Result<Child> {
    let command = |program: &str| {
        Command::new(program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
    };
    // Debian has it where only root looks.
    let mut child = command("nats-server").or_else(|_| command("/usr/sbin/nats-server"))?;
    let mut log = BufReader::new(child.stderr.take().expect("it was piped"));
    let mut said = String::new();
    while !said.contains("Server is ready") {
        if log.read_line(&mut said)? == 0 {
            return Err(std::io::Error::other(said));
        }
    }
    // Nobody reads it, but a full pipe would stop the server.
    std::thread::spawn(move || std::io::copy(&mut log.by_ref(), &mut std::io::sink()));
    Ok(child)
}
