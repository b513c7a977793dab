//! A proxy in front of the server, which counts round trips and loses answers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::common::URL;

/// Version 3.0 of the protocol, in the message that begins a session.
const PROTOCOL: u32 = 196_608;

/// A server of its own for each test, as far as the client can tell.
#[derive(Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    trips: Mutex<Vec<String>>,
    loses_answers: AtomicBool,
    lost: Notify,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::default(),
        };
        let shared = Arc::clone(&proxy.shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&shared)));
            }
        });
        proxy
    }

    /// The server's options, by way of the proxy.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        let options: PgConnectOptions = URL.parse().unwrap();
        options
            .host(&self.address.ip().to_string())
            .port(self.address.port())
            .ssl_mode(sqlx::postgres::PgSslMode::Disable)
    }

    /// The round trips since the last call: one for each Sync and each simple query, with the
    /// statements that were prepared or executed in it.
    pub(crate) fn trips(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.trips.lock().unwrap())
    }

    /// Passes the next request on, and cuts the connection when its answer comes.
    pub(crate) fn lose_the_next_answer(&self) {
        self.shared.loses_answers.store(true, Ordering::SeqCst);
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let options: PgConnectOptions = URL.parse().unwrap();
    let server = TcpStream::connect((options.get_host(), options.get_port()))
        .await
        .unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_cut = Arc::new(AtomicBool::new(false));
    let up = pass_up(
        from_client,
        to_server,
        Arc::clone(&shared),
        Arc::clone(&is_cut),
    );
    let down = pass_down(from_server, to_client, shared, is_cut);
    // When one side hangs up, so does the other.
    tokio::select! {
        _ = up => {}
        _ = down => {}
    }
}

async fn pass_up(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    shared: Arc<Shared>,
    is_cut: Arc<AtomicBool>,
) -> io::Result<()> {
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        server.write_u32(length).await?;
        server.write_all(&body).await?;
        if body[..4] == PROTOCOL.to_be_bytes() {
            break;
        }
    }
    let mut names = HashMap::new();
    let mut trip = Vec::new();
    loop {
        let kind = client.read_u8().await?;
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        let mut texts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let mut text = || texts.next().unwrap_or_default().into_owned();
        match kind {
            b'P' => {
                let (name, sql) = (text(), label(&text()));
                trip.push(format!("prepare {sql}"));
                names.insert(name, sql);
            }
            b'B' => {
                let (_portal, name) = (text(), text());
                trip.push(names.get(&name).cloned().unwrap_or_default());
            }
            b'S' => {
                let trip = std::mem::take(&mut trip).join(" + ");
                shared.trips.lock().unwrap().push(trip);
            }
            b'Q' => shared.trips.lock().unwrap().push(label(&text())),
            _ => {}
        }
        if matches!(kind, b'S' | b'Q') && shared.loses_answers.swap(false, Ordering::SeqCst) {
            is_cut.store(true, Ordering::SeqCst);
        }
        server.write_u8(kind).await?;
        server.write_u32(length).await?;
        server.write_all(&body).await?;
    }
}

async fn pass_down(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    shared: Arc<Shared>,
    is_cut: Arc<AtomicBool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = server.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if is_cut.load(Ordering::SeqCst) {
            shared.lost.notify_one();
            return Ok(());
        }
        client.write_all(&buffer[..length]).await?;
    }
}

/// A short name for a statement.
fn label(sql: &str) -> String {
    let known = [
        ("rehydrate_append(", "append by function"),
        ("rehydrate_append_or_answer(", "append or answer"),
        ("rehydrate_read_log(", "read log"),
        ("rehydrate_progress(", "watermark"),
        ("$4::text[] IS NULL", "read backlog"),
        ("AND category = $4", "read backlog"),
        ("AS held", "append"),
        ("command AS MATERIALIZED", "read by command"),
        ("snapshot AS MATERIALIZED", "read"),
        ("AND version > $3\nORDER BY version", "read events"),
        ("pg_notify", "notify"),
        ("INSERT INTO", "write snapshot"),
        ("ORDER BY version DESC", "head"),
        ("WITH RECURSIVE", "list"),
    ];
    let known = known.iter().find(|(part, _)| sql.contains(part));
    match known {
        Some((_, name)) => (*name).to_owned(),
        None => sql.trim().to_owned(),
    }
}
