//! Stands between a store and its server, and writes down each round trip.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The names of the statements that were sent, a line a round trip.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trips(Arc<Mutex<Vec<String>>>);

impl Trips {
    /// What was sent since it was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The port to connect to in place of the server's.
pub(crate) async fn start(host: String, port: u16) -> (u16, Trips) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let local = listener.local_addr().unwrap().port();
    let trips = Trips::default();
    let seen = trips.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((host.as_str(), port)).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(forward(from_client, to_server, seen.clone()));
            tokio::spawn(copy(from_server, to_client));
        }
    });
    (local, trips)
}

/// The same, where each request takes a while to get there.
pub(crate) async fn start_far_away(host: String, port: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let local = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((host.as_str(), port)).await.unwrap();
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count) = from_client.read(&mut bytes).await {
                    tokio::time::sleep(delay).await;
                    if count == 0 || to_server.write_all(&bytes[..count]).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(copy(from_server, to_client));
        }
    });
    local
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, trips: Trips) {
    let names = statements();
    let mut prepared = BTreeMap::new();
    let mut last = String::new();
    loop {
        let mut header = [0; 4];
        if from.read_exact(&mut header).await.is_err() {
            return;
        }
        let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let mut body = vec![0; usize::try_from(length).unwrap()];
        from.read_exact(&mut body).await.unwrap();
        // Only a command begins anew; what belongs to the handshake does not.
        if header[3] == 0
            && let Some((command, rest)) = body.split_first()
        {
            match command {
                0x03 => note(&trips, name(&names, rest)),
                0x16 => {
                    let name = name(&names, rest);
                    note(&trips, format!("prepare {name}"));
                    last = name;
                }
                0x17 => {
                    // A new number is that of the statement that was prepared just before.
                    let id = [rest[0], rest[1], rest[2], rest[3]];
                    let name = prepared.entry(id).or_insert_with(|| last.clone());
                    note(&trips, name.clone());
                }
                0x0e => note(&trips, "ping".to_owned()),
                // To close a statement or the connection is not answered.
                _ => {}
            }
        }
        to.write_all(&header).await.unwrap();
        to.write_all(&body).await.unwrap();
    }
}

fn note(trips: &Trips, name: String) {
    trips.0.lock().unwrap().push(name);
}

/// The names of the statements of a text, in order.
fn name(names: &BTreeMap<String, String>, text: &[u8]) -> String {
    let text = without_comments(&String::from_utf8_lossy(text));
    if let Some(name) = names.get(text.trim()) {
        return name.clone();
    }
    let parts = text
        .split(";\n")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let parts: Vec<_> = parts
        .map(|part| names.get(part).map_or(part, String::as_str))
        .collect();
    parts.join(" + ")
}

fn without_comments(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The names of the files, by what is in them.
fn statements() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/mysql");
    let mut names = BTreeMap::new();
    for folder in [folder.clone(), folder.join("own")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                names.insert(without_comments(&fs::read_to_string(path).unwrap()), name);
            }
        }
    }
    names
}
