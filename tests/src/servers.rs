//! A PostgreSQL server of a test's own, to be killed.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A server in a temporary folder, on a port of its own on loopback, with durable commits.
#[derive(Debug)]
pub struct PrivatePostgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    server: Child,
}

impl PrivatePostgres {
    /// Starts a new server, or says that PostgreSQL's programs are not installed.
    ///
    /// # Panics
    /// They are, and yet it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = TempDir::new().expect("a temporary folder can be made");
        // The server does not run as root, and must get into its folder.
        let everybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), everybody).expect("the folder is ours");
        let made = unprivileged(&programs.join("initdb"))
            .args([
                "--username=root",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "-D",
            ])
            .arg(folder.path().join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb runs").success(), "initdb fails");
        let port = free_port();
        let server = start(&programs, folder.path(), port);
        let mut postgres = Self {
            folder,
            programs,
            port,
            server,
        };
        postgres.wait_until_it_answers();
        Some(postgres)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://root@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills the whole server (SIGKILL), and starts it again.
    ///
    /// # Panics
    /// It does not start again.
    pub fn kill_and_restart(&mut self) {
        self.server.kill().expect("the server is ours to kill");
        self.server.wait().expect("the server is ours to wait for");
        self.server = start(&self.programs, self.folder.path(), self.port);
        self.wait_until_it_answers();
    }

    /// Kills one of its processes (SIGKILL), whereupon it restarts all of them by itself.
    ///
    /// # Panics
    /// There is no such process.
    pub fn kill_process(&self, pid: i32) {
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(
            killed.expect("kill runs").success(),
            "process {pid} is there to kill"
        );
    }

    fn accepts_clients(&self) -> bool {
        let asked = Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .status();
        asked.expect("pg_isready runs").success()
    }

    fn wait_until_it_answers(&mut self) {
        for _ in 0..600 {
            if self.accepts_clients() {
                return;
            }
            if self
                .server
                .try_wait()
                .expect("the server is ours to wait for")
                .is_some()
            {
                // The processes of the one that was killed are still on their way out.
                self.server = start(&self.programs, self.folder.path(), self.port);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not start");
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn start(programs: &Path, folder: &Path, port: u16) -> Child {
    unprivileged(&programs.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string()])
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres runs")
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if id.stdout.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command.arg(program);
    command
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let installed = versions.map(|version| version.map(|entry| entry.path().join("bin")));
    let mut installed: Vec<PathBuf> = installed
        .filter_map(Result::ok)
        .filter(|programs| programs.join("initdb").exists() && programs.join("postgres").exists())
        .collect();
    installed.sort();
    installed.pop()
}

/// A port below those that the system gives to clients: a client that tries again and again to reach
/// a server that is down may otherwise be given the server's port, and be connected to itself.
fn free_port() -> u16 {
    let begin = 20_000 + std::process::id() % 5_000;
    (begin..30_000)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("there is a free port")
}
