//! Kafka: servers of a test's own, by two programs that speak its protocol.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::engine::{certify, free_port, missing, run_in};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of a test's own, gone with it.
#[derive(Debug)]
pub struct Server {
    program: Program,
    port: u16,
    broker: Child,
    zookeeper: Option<Child>,
    folder: TempDir,
}

/// What speaks the protocol.
#[derive(Clone, Debug)]
enum Program {
    /// [Tansu](https://github.com/tansu-io/tansu), which keeps everything in memory: the path.
    Tansu {
        program: PathBuf,
        arguments: Vec<String>,
    },
    /// Apache Kafka 0.9 with its ZooKeeper, which keeps everything: the folder, and their port.
    Old {
        folder: PathBuf,
        zookeeper: u16,
        /// What is set beside the usual, and whether that is TLS.
        settings: Option<String>,
    },
}

impl Server {
    /// A Tansu, if it is installed: the program is `REHYDRATE_TANSU`, or `tansu` on the path.
    ///
    /// # Panics
    /// None is in CI, or it does not start.
    #[must_use]
    pub fn tansu() -> Option<Self> {
        Self::tansu_with(|_| Vec::new())
    }

    /// A Tansu with further arguments, which may name files that are made in its folder.
    ///
    /// # Panics
    /// As for [`Server::tansu`].
    pub fn tansu_with(arguments: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        static SAID: Once = Once::new();
        let program = std::env::var_os("REHYDRATE_TANSU").unwrap_or_else(|| "tansu".into());
        let folder = TempDir::new().expect("a temporary folder can be made");
        let program = Program::Tansu {
            program: program.into(),
            arguments: arguments(folder.path()),
        };
        Self::start(
            program,
            folder,
            None,
            &SAID,
            "Tansu is not installed (REHYDRATE_TANSU)",
        )
    }

    /// An Apache Kafka 0.9, if there is one: the folder with its `libs` is `REHYDRATE_KAFKA_09`.
    ///
    /// # Panics
    /// None is in CI, or it does not start.
    #[must_use]
    pub fn old() -> Option<Self> {
        Self::old_with(|_| None)
    }

    /// The same over TLS, with a certificate of an authority of its own: `ca.pem`, `server.pem` and
    /// `server.key` in its folder. It may want a certificate of that authority from clients.
    ///
    /// # Panics
    /// As for [`Server::old`].
    #[must_use]
    pub fn old_over_tls(wants_certificate: bool) -> Option<Self> {
        Self::old_with(|folder| Some(tls(folder, wants_certificate)))
    }

    fn old_with(settings: impl FnOnce(&Path) -> Option<String>) -> Option<Self> {
        static SAID: Once = Once::new();
        let what = "Kafka 0.9 or Java is not installed (REHYDRATE_KAFKA_09)";
        let Some(libs) = std::env::var_os("REHYDRATE_KAFKA_09").map(PathBuf::from) else {
            return missing(&SAID, what, &"the folder is not named");
        };
        let folder = TempDir::new().expect("a temporary folder can be made");
        let port = free_port();
        let zookeeper = match zookeeper(&libs, folder.path(), port) {
            Ok(zookeeper) => zookeeper,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return missing(&SAID, what, &error);
            }
            Err(error) => panic!("ZooKeeper does not start: {error}"),
        };
        let program = Program::Old {
            folder: libs,
            zookeeper: port,
            settings: settings(folder.path()),
        };
        Self::start(program, folder, Some(zookeeper), &SAID, what)
    }

    fn start(
        program: Program,
        folder: TempDir,
        zookeeper: Option<Child>,
        said: &Once,
        what: &str,
    ) -> Option<Self> {
        let port = free_port();
        match program.run(port, folder.path()) {
            Ok(broker) => Some(Self {
                program,
                port,
                broker,
                zookeeper,
                folder,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => missing(said, what, &error),
            Err(error) => panic!("the broker does not start: {error}"),
        }
    }

    /// Its address, with what has to be said about it.
    #[must_use]
    pub fn url(&self) -> String {
        let version = match self.program {
            // It does not know where a partition ends.
            Program::Tansu { .. } => "?watermarks=false",
            Program::Old { .. } => "?broker_version=0.9.0.1",
        };
        format!("kafka://{}{version}", self.host())
    }

    /// Its host and port.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it keeps its messages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `kill -9` for the broker; ZooKeeper goes on.
    ///
    /// # Panics
    /// It is gone already.
    pub fn kill(&mut self) {
        self.broker.kill().expect("it can be killed");
        self.broker.wait().expect("it is dead");
    }

    /// On the same port, with what it has stored.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&mut self) {
        let begun = Instant::now();
        loop {
            match self.program.run(self.port, self.folder.path()) {
                Ok(broker) => {
                    self.broker = broker;
                    return;
                }
                // ZooKeeper may hold the one that was killed for alive.
                Err(error) => assert!(begun.elapsed() < PATIENCE, "it does not start: {error}"),
            }
        }
    }

    /// Runs `kafka-topics` of Kafka 0.9.
    ///
    /// # Panics
    /// It fails, or this is no Kafka 0.9.
    pub fn topics(&self, arguments: &str) {
        let Program::Old {
            folder, zookeeper, ..
        } = &self.program
        else {
            panic!("only Kafka 0.9 has it");
        };
        let done = java(folder, self.folder())
            .arg("kafka.admin.TopicCommand")
            .args(["--zookeeper", &format!("127.0.0.1:{zookeeper}")])
            .args(arguments.split(' '))
            .output()
            .expect("Java is installed");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let children = std::iter::once(&mut self.broker).chain(&mut self.zookeeper);
        for child in children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A Tansu for several tests, gone with the last of them.
///
/// # Panics
/// As for [`Server::tansu`].
#[must_use]
pub fn shared_tansu() -> Option<Arc<Server>> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    shared(&SHARED, Server::tansu)
}

/// A Kafka 0.9 for several tests, gone with the last of them.
///
/// # Panics
/// As for [`Server::old`].
#[must_use]
pub fn shared_old() -> Option<Arc<Server>> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    shared(&SHARED, Server::old)
}

fn shared(
    current: &Mutex<Weak<Server>>,
    start: impl FnOnce() -> Option<Server>,
) -> Option<Arc<Server>> {
    let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = current.upgrade() {
        return Some(server);
    }
    let server = Arc::new(start()?);
    *current = Arc::downgrade(&server);
    Some(server)
}

impl Program {
    fn run(&self, port: u16, folder: &Path) -> std::io::Result<Child> {
        match self {
            Self::Tansu { program, arguments } => {
                let url = format!("tcp://127.0.0.1:{port}");
                let mut command = Command::new(program);
                command
                    .arg("broker")
                    .args(["--listener-url", &url])
                    .args(["--advertised-listener-url", &url])
                    .args(["--storage-engine", "memory://tansu/"])
                    .args(arguments)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null());
                listening(command.spawn()?, port)
            }
            Self::Old {
                folder: libs,
                zookeeper,
                settings: further,
            } => {
                let protocol = further.as_ref().map_or("PLAINTEXT", |_| "SSL");
                let further = further.as_deref().unwrap_or_default();
                let data = folder.join("kafka");
                let settings = format!(
                    "broker.id=0\nlisteners={protocol}://127.0.0.1:{port}\nlog.dirs={}\n\
                     zookeeper.connect=127.0.0.1:{zookeeper}\nnum.partitions=3\n\
                     zookeeper.connection.timeout.ms=20000\nzookeeper.session.timeout.ms=1000\n\
                     log.retention.check.interval.ms=300\nlog.cleaner.enable=false\n\
                     controlled.shutdown.enable=false\ndelete.topic.enable=true\n\
                     {further}",
                    data.display()
                );
                let file = folder.join("server.properties");
                std::fs::write(&file, settings)?;
                let mut command = java(libs, folder);
                command.arg("kafka.Kafka").arg(file);
                said(command, "[Kafka Server 0], started")
            }
        }
    }
}

fn zookeeper(libs: &Path, folder: &Path, port: u16) -> std::io::Result<Child> {
    let data = folder.join("zookeeper");
    let settings = format!(
        "dataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\n\
         tickTime=300\n",
        data.display()
    );
    let file = folder.join("zookeeper.properties");
    std::fs::write(&file, settings)?;
    let mut command = java(libs, folder);
    command
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(file);
    said(command, "binding to port")
}

/// Certificates in the form that Java likes, and the settings that name them.
fn tls(folder: &Path, wants_certificate: bool) -> String {
    certify(folder);
    run_in(
        folder,
        "openssl pkcs12 -export -in server.pem -inkey server.key -out server.p12 \
         -passout pass:secret -name server",
    );
    run_in(
        folder,
        "keytool -importcert -noprompt -alias ca -file ca.pem -keystore trusted.p12 \
         -storetype PKCS12 -storepass secret",
    );
    let client = if wants_certificate {
        "required"
    } else {
        "none"
    };
    format!(
        "security.inter.broker.protocol=SSL\nssl.client.auth={client}\n\
         ssl.keystore.type=PKCS12\nssl.keystore.location={folder}/server.p12\n\
         ssl.keystore.password=secret\nssl.key.password=secret\n\
         ssl.truststore.type=PKCS12\nssl.truststore.location={folder}/trusted.p12\n\
         ssl.truststore.password=secret\n",
        folder = folder.display()
    )
}

fn java(libs: &Path, folder: &Path) -> Command {
    let log = folder.join("log4j.properties");
    let settings = "log4j.rootLogger=INFO, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n\
                    log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
                    log4j.appender.out.layout.ConversionPattern=%m%n\n";
    std::fs::write(&log, settings).expect("it can be written");
    let mut command = Command::new("java");
    command
        .args(["-Xmx256M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-Dlog4j.configuration=file:{}", log.display()))
        .arg("-cp")
        .arg(libs.join("libs/*"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Runs a program up to a line of its log.
fn said(mut command: Command, wanted: &str) -> std::io::Result<Child> {
    let mut child = command.spawn()?;
    let mut log = BufReader::new(child.stdout.take().expect("it was piped"));
    let mut said = String::new();
    while !said.contains(wanted) {
        if log.read_line(&mut said)? == 0 {
            child.wait()?;
            return Err(std::io::Error::other(said));
        }
    }
    // Nobody reads it, but a full pipe would stop the server.
    std::thread::spawn(move || std::io::copy(&mut log.by_ref(), &mut std::io::sink()));
    Ok(child)
}

/// Waits until a program listens.
fn listening(mut child: Child, port: u16) -> std::io::Result<Child> {
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = child.try_wait()? {
            return Err(std::io::Error::other(format!("it has ended: {status}")));
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            return Err(std::io::Error::other("it does not listen"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}
