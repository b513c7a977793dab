//! A PostgreSQL server for this alone.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use peers_harness::Outcome;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::programs::run;

/// The defaults of durability, spelled out, and room enough that neither a checkpoint nor autovacuum
/// falls into a measurement: both are done between them.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = 4GB
max_wal_size = 8GB
min_wal_size = 2GB
checkpoint_timeout = 1h
autovacuum = off
max_connections = 60
";

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Outcome<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = Self {
            folder: folder.join("postgres"),
            programs: programs()?,
            port,
        };
        fs::create_dir_all(&server.folder)?;
        if is_root() {
            let (user, group) = postgres_user()?;
            chown(&server.folder, Some(user), Some(group))?;
            fs::set_permissions(&server.folder, fs::Permissions::from_mode(0o700))?;
        }
        let data = server.data();
        if !data.join("PG_VERSION").exists() {
            let mut initdb = server.program("initdb");
            initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
            initdb.args(["--locale=C.UTF-8", "-D"]).arg(&data);
            run(initdb.stdout(Stdio::null()))?;
        }
        // One that an earlier run was interrupted beside.
        if data.join("postmaster.pid").exists() {
            let _ = server.pg_ctl("stop");
        }
        let own = data.join("conf.peers");
        fs::write(&own, format!("{SETTINGS}port = {port}\n"))?;
        fs::set_permissions(&own, fs::Permissions::from_mode(0o644))?;
        let configuration = data.join("postgresql.conf");
        let text = fs::read_to_string(&configuration)?;
        if !text.contains("conf.peers") {
            fs::write(&configuration, format!("{text}\ninclude 'conf.peers'\n"))?;
        }
        server.pg_ctl("start")?;
        Ok(server)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Executes statements, each by itself.
    pub(crate) async fn execute(&self, database: &str, statements: &[&str]) -> Outcome {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        for statement in statements {
            let text = AssertSqlSafe((*statement).to_owned());
            sqlx::raw_sql(text).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    pub(crate) async fn has(&self, database: &str) -> Outcome<bool> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        let found = sqlx::query("SELECT FROM pg_database WHERE datname = $1")
            .bind(database)
            .fetch_optional(&mut connection)
            .await?;
        connection.close().await?;
        Ok(found.is_some())
    }

    pub(crate) async fn drop_database(&self, database: &str) -> Outcome {
        let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        self.execute("postgres", &[&drop]).await
    }

    /// A database with the tables of es-entity, and nothing in them: its macros ask for them.
    pub(crate) async fn with_tables_of_es_entity(&self) -> Outcome<String> {
        const NAME: &str = "es_entity_tables";
        if !self.has(NAME).await? {
            let create = format!("CREATE DATABASE {NAME}");
            self.execute("postgres", &[&create]).await?;
        }
        let tables = include_str!("../../../sqlx-08/es-entity/schema.sql");
        self.execute(NAME, &[tables]).await?;
        Ok(self.url(NAME))
    }

    /// A fresh copy of a database, with all of it in the server's memory.
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Outcome {
        self.drop_database(to).await?;
        let create = format!("CREATE DATABASE {to} TEMPLATE {from} STRATEGY file_copy");
        self.execute("postgres", &[&create, "CHECKPOINT"]).await?;
        self.warm_up(to).await
    }

    /// Reads all of a database into the server's memory.
    pub(crate) async fn warm_up(&self, database: &str) -> Outcome {
        let read = "SELECT sum(pg_prewarm(c.oid))
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'i', 't') AND c.relpages > 0
            AND n.nspname NOT IN ('pg_catalog', 'information_schema')";
        let install = "CREATE EXTENSION IF NOT EXISTS pg_prewarm";
        self.execute(database, &[install, read]).await
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn pg_ctl(&self, what: &str) -> Outcome {
        let mut pg_ctl = self.program("pg_ctl");
        pg_ctl.arg("-D").arg(self.data());
        pg_ctl.arg("-l").arg(self.folder.join("log"));
        pg_ctl.args(["-w", "-t", "300"]);
        if what == "stop" {
            pg_ctl.args(["-m", "fast"]);
        }
        // The server would keep the caller's pipes open as long as it runs.
        let quiet = pg_ctl.arg(what).stdin(Stdio::null()).stdout(Stdio::null());
        run(quiet.stderr(Stdio::null())).map_err(|error| {
            let log = self.folder.join("log");
            format!("{error}: see {}", log.display()).into()
        })
    }

    /// PostgreSQL refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.pg_ctl("stop") {
            eprintln!("the PostgreSQL server goes on: {error}");
        }
    }
}

/// Where `initdb` and `pg_ctl` are: where Debian puts them, or on the PATH.
fn programs() -> Outcome<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql/15/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(debian.to_owned())
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .ok_or_else(|| {
            "there is no initdb of PostgreSQL 15: install it, or put it on the PATH".into()
        })
}

fn is_root() -> bool {
    id(&["-u"]).is_ok_and(|user| user == 0)
}

fn postgres_user() -> Outcome<(u32, u32)> {
    let user = id(&["-u", "postgres"])?;
    Ok((user, id(&["-g", "postgres"])?))
}

fn id(arguments: &[&str]) -> Outcome<u32> {
    let output = Command::new("id").args(arguments).output()?;
    let text = String::from_utf8(output.stdout)?;
    let number = text.trim().parse();
    Ok(number.map_err(|_| format!("id {arguments:?} does not say a number"))?)
}
