//! Something between a client and a server that does what networks and busy services do.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Pass,
    /// The records of these numbers are not passed on, and this code is answered for them.
    Fail(Vec<usize>, &'static str),
    /// It is passed on, and nobody hears the answer.
    LoseAnswer,
    /// It is passed on, and answered after this time.
    Late(Duration),
    /// It is not passed on, and the connection is closed.
    HangUp,
    /// It is not passed on, and this is answered.
    Say(u16, &'static str),
    /// It is not passed on: nothing is there yet, it says, and more to come.
    SayNothing,
}

/// A request, as a plan sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `PutRecords`, say.
    pub(crate) action: String,
    /// The how-manieth of its action it is, from 1 on.
    pub(crate) number: u64,
    /// Of the records in it.
    pub(crate) keys: Vec<String>,
}

type Plan = dyn Fn(&Seen) -> Fault + Send + Sync;

#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    upstream: String,
    plan: Box<Plan>,
    seen: Mutex<HashMap<String, u64>>,
    /// Requests that had two records of a key.
    crowded: Mutex<u64>,
}

impl Proxy {
    pub(crate) fn start(
        endpoint: &str,
        plan: impl Fn(&Seen) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let state = Arc::new(State {
            upstream: rehydrate_tests::engine::host(endpoint).to_owned(),
            plan: Box::new(plan),
            seen: Mutex::default(),
            crowded: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                // A connection that breaks is what this is about.
                std::thread::spawn(move || drop(state.serve(connection)));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many requests there were.
    pub(crate) fn count(&self, action: &str) -> u64 {
        let seen = self.state.seen.lock().unwrap();
        seen.get(action).copied().unwrap_or_default()
    }

    pub(crate) fn assert_one_record_of_a_key_in_a_request(&self) {
        assert_eq!(*self.state.crowded.lock().unwrap(), 0);
    }
}

impl State {
    fn serve(&self, client: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        let mut requests = BufReader::new(client.try_clone()?);
        let mut client = client;
        while let Some((head, body)) = message(&mut requests)? {
            let (seen, request) = self.look(&head, &body);
            match (self.plan)(&seen) {
                Fault::Pass => {
                    let (head, body) = self.pass(&head, &body)?;
                    write(&mut client, &head, &body)?;
                }
                Fault::Fail(numbers, code) => {
                    let (head, body) = self.fail(&head, request, &numbers, code)?;
                    write(&mut client, &head, &body)?;
                }
                Fault::LoseAnswer => {
                    self.pass(&head, &body)?;
                    return Ok(());
                }
                Fault::Late(time) => {
                    let (head, body) = self.pass(&head, &body)?;
                    std::thread::sleep(time);
                    write(&mut client, &head, &body)?;
                }
                Fault::HangUp => return Ok(()),
                Fault::Say(status, code) => {
                    let body = json!({ "__type": code, "message": "the proxy says so" });
                    let head = answer(status);
                    write(&mut client, &head, body.to_string().as_bytes())?;
                }
                Fault::SayNothing => {
                    let body = json!({ "Records": [], "MillisBehindLatest": 5_000,
                        "NextShardIterator": request["ShardIterator"] });
                    write(&mut client, &answer(200), body.to_string().as_bytes())?;
                }
            }
        }
        Ok(())
    }

    fn look(&self, head: &[String], body: &[u8]) -> (Seen, Value) {
        let target = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-amz-target").then_some(value)
        });
        let action = target.and_then(|target| target.split_once('.'));
        let action = action.map_or("", |(_, action)| action.trim()).to_owned();
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let records = request["Records"].as_array();
        let keys = records.into_iter().flatten().map(|record| {
            let key = record["PartitionKey"].as_str();
            key.unwrap_or_default().to_owned()
        });
        let keys: Vec<String> = keys.collect();
        if keys.iter().collect::<HashSet<_>>().len() < keys.len() {
            *self.crowded.lock().unwrap() += 1;
        }
        let mut seen = self.seen.lock().unwrap();
        let number = seen.entry(action.clone()).or_default();
        *number += 1;
        let number = *number;
        let seen = Seen {
            action,
            number,
            keys,
        };
        (seen, request)
    }

    fn pass(&self, head: &[String], body: &[u8]) -> std::io::Result<(Vec<String>, Vec<u8>)> {
        let mut server = TcpStream::connect(&self.upstream)?;
        server.set_nodelay(true)?;
        write(&mut server, head, body)?;
        let answered = message(&mut BufReader::new(server))?;
        answered.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }

    fn fail(
        &self,
        head: &[String],
        mut request: Value,
        numbers: &[usize],
        code: &str,
    ) -> std::io::Result<(Vec<String>, Vec<u8>)> {
        let records = request["Records"].as_array_mut();
        let records = records.map(std::mem::take).unwrap_or_default();
        let all = records.len();
        let passed = records.into_iter().enumerate();
        let passed: Vec<Value> = passed
            .filter(|(number, _)| !numbers.contains(number))
            .map(|(_, record)| record)
            .collect();
        let mut results = Vec::new();
        if !passed.is_empty() {
            request["Records"] = Value::Array(passed);
            let (head, body) = self.pass(head, request.to_string().as_bytes())?;
            let mut answer: Value = serde_json::from_slice(&body)?;
            let Some(answered) = answer["Records"].as_array_mut() else {
                return Ok((head, body));
            };
            results = std::mem::take(answered);
        }
        let mut results = results.into_iter();
        let merged: Vec<Value> = (0..all)
            .map(|number| {
                if numbers.contains(&number) {
                    return json!({ "ErrorCode": code, "ErrorMessage": "the proxy says so" });
                }
                results.next().unwrap_or_default()
            })
            .collect();
        let body = json!({ "FailedRecordCount": numbers.len(), "Records": merged });
        Ok((answer(200), body.to_string().into_bytes()))
    }
}

fn answer(status: u16) -> Vec<String> {
    vec![
        format!("HTTP/1.1 {status} Said"),
        "Content-Type: application/x-amz-json-1.1".to_owned(),
    ]
}

/// The lines of the head, without the length, and the body.
fn message(reader: &mut impl BufRead) -> std::io::Result<Option<(Vec<String>, Vec<u8>)>> {
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or_default();
            }
            _ => head.push(line.to_owned()),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

fn write(stream: &mut TcpStream, head: &[String], body: &[u8]) -> std::io::Result<()> {
    let mut bytes = head.join("\r\n").into_bytes();
    bytes.extend(format!("\r\nContent-Length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    stream.write_all(&bytes)
}
