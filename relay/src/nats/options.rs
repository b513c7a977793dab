//! Where the servers are, which stream it is, and who we are.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::stream;

use crate::connect::ConnectError;
use crate::url::BrokerUrl;

/// Where servers listen, usually.
const PORT: u16 = 4222;

/// The parameters of an address.
const PARAMETERS: &[&str] = &[
    "create",
    "subjects",
    "credentials",
    "tls_ca",
    "tls_certificate",
    "tls_key",
];

/// How to reach a stream: servers, login, TLS; see [the module](super) for the address and the
/// environment.
#[derive(Clone)]
pub struct NatsOptions {
    url: BrokerUrl,
    login: Option<Login>,
    stream: String,
    create: bool,
    subjects: Vec<String>,
    duplicate_window: Option<Duration>,
    tls_required: bool,
    tls_ca: Option<PathBuf>,
    tls_client: Option<(PathBuf, PathBuf)>,
    pub(super) window: usize,
    pub(super) timeout: Duration,
}

/// Who we are.
#[derive(Clone, PartialEq, Eq)]
enum Login {
    User { user: String, password: String },
    Token(String),
    NKey(String),
    Credentials(PathBuf),
}

impl NatsOptions {
    /// The options that an address has: `nats://[user:password@]host[:port][,…]/stream[?…]`.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: it is no such address.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Self::of(BrokerUrl::parse(url)?)
    }

    pub(crate) fn of(mut url: BrokerUrl) -> Result<Self, ConnectError> {
        if !matches!(url.scheme.as_str(), "nats" | "tls") {
            return Err(url.invalid("it begins with neither `nats:` nor `tls:`"));
        }
        let create = url.flag("create")?.unwrap_or(false);
        let subjects = url.take("subjects").unwrap_or_default();
        let subjects = subjects.split(',').filter(|subject| !subject.is_empty());
        let subjects = subjects.map(ToOwned::to_owned).collect();
        let credentials = url.take("credentials").map(PathBuf::from);
        let tls_ca = url.take("tls_ca").map(PathBuf::from);
        let tls_client = url.tls_client()?;
        url.finish(PARAMETERS)?;
        let login = match (url.user.take(), url.password.take(), credentials) {
            (Some(user), Some(password), None) => Some(Login::User { user, password }),
            // What stands there alone is a token, as for every client of NATS.
            (Some(token), None, None) => Some(Login::Token(token)),
            (None, _, credentials) => credentials.map(Login::Credentials),
            _ => return Err(url.invalid("give a user or `credentials`, not both")),
        };
        Ok(Self {
            login,
            stream: url.path.clone(),
            create,
            subjects,
            duplicate_window: None,
            tls_required: url.scheme == "tls",
            tls_ca,
            tls_client,
            window: 512,
            timeout: Duration::from_secs(5),
            url,
        })
    }

    /// The stream, if the address does not name it.
    #[must_use]
    pub fn stream(mut self, name: impl Into<String>) -> Self {
        self.stream = name.into();
        self
    }

    /// Whether the stream is made if it is missing; if not, that is an error.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// The subjects of the stream, if it is made: `<stream>.>`, unless others are given.
    #[must_use]
    pub fn subjects<S: Into<String>>(mut self, subjects: impl IntoIterator<Item = S>) -> Self {
        self.subjects = subjects.into_iter().map(Into::into).collect();
        self
    }

    /// For how long the stream, if it is made, knows that it has a message already: 2 minutes,
    /// unless another time is given.
    #[must_use]
    pub fn duplicate_window(mut self, window: Duration) -> Self {
        self.duplicate_window = Some(window);
        self
    }

    /// As a user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), password.into());
        self.login = Some(Login::User { user, password });
        self
    }

    /// With a token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.login = Some(Login::Token(token.into()));
        self
    }

    /// With the seed of an NKey, `SU…`.
    #[must_use]
    pub fn nkey(mut self, seed: impl Into<String>) -> Self {
        self.login = Some(Login::NKey(seed.into()));
        self
    }

    /// With a file of credentials, as `nsc` writes it.
    #[must_use]
    pub fn credentials(mut self, file: impl Into<PathBuf>) -> Self {
        self.login = Some(Login::Credentials(file.into()));
        self
    }

    /// Over TLS alone, as `tls:` says, too.
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.tls_required = true;
        self
    }

    /// Trusts the authorities of this PEM file, and no others: those of the system only if none is
    /// given. It means TLS, whatever the address says.
    #[must_use]
    pub fn tls_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls_ca = Some(file.into());
        self
    }

    /// Shows the server this certificate and has this key for it: PEM files. It means TLS, whatever
    /// the address says.
    #[must_use]
    pub fn tls_client(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls_client = Some((certificate.into(), key.into()));
        self
    }

    /// How many messages may be on their way at the same time: 512, unless another number is given.
    #[must_use]
    pub fn window(mut self, messages: usize) -> Self {
        self.window = messages.max(1);
        self
    }

    /// How long the server may take for an acknowledgement: 5 s, unless another time is given.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn is_tls(&self) -> bool {
        self.tls_required || self.tls_ca.is_some() || self.tls_client.is_some()
    }

    /// The server and the stream, for people, and for whoever compares them.
    pub(crate) fn destination(&self) -> String {
        let hosts = self.url.servers(PORT).join(", ");
        match self.stream.as_str() {
            "" => format!("NATS at {hosts}"),
            stream => format!("NATS at {hosts}, stream {stream}"),
        }
    }

    pub(super) fn servers(&self) -> Vec<String> {
        let scheme = &self.url.scheme;
        let hosts = self.url.servers(PORT);
        let hosts = hosts.iter();
        hosts.map(|host| format!("{scheme}://{host}")).collect()
    }

    pub(super) fn stream_name(&self) -> Result<&str, ConnectError> {
        match self.stream.as_str() {
            "" => Err(self
                .url
                .invalid(format!("it names no stream: write {}/<stream>", self.url))),
            stream if stream.contains([' ', '.', '*', '>', '/', '\\']) => Err(self.url.invalid(
                "the stream's name has a blank or one of `.*>/\\` in it, which NATS does not take",
            )),
            stream => Ok(stream),
        }
    }

    /// What to make if the stream is missing and may be made.
    pub(super) fn new_stream(&self) -> Option<stream::Config> {
        self.create.then(|| stream::Config {
            name: self.stream.clone(),
            subjects: self.wanted_subjects(),
            duplicate_window: self.duplicate_window.unwrap_or_default(),
            ..stream::Config::default()
        })
    }

    pub(super) fn wanted_subjects(&self) -> Vec<String> {
        if self.subjects.is_empty() {
            return vec![format!("{}.>", self.stream)];
        }
        self.subjects.clone()
    }

    /// What the client is told; secrets that were not given come from the environment.
    pub(super) async fn client(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<ConnectOptions, ConnectError> {
        let mut client = ConnectOptions::new()
            .name("rehydrate")
            .request_timeout(Some(self.timeout))
            // Two unanswered ones are a lost connection.
            .ping_interval(Duration::from_secs(10))
            .require_tls(self.is_tls());
        if let Some(file) = &self.tls_ca {
            client = client.add_root_certificates(file.clone());
        }
        if let Some((certificate, key)) = &self.tls_client {
            client = client.add_client_certificate(certificate.clone(), key.clone());
        }
        let login = match &self.login {
            Some(login) => Some(login.clone()),
            None => self.login_of(environment)?,
        };
        Ok(match login {
            None => client,
            Some(Login::User { user, password }) => client.user_and_password(user, password),
            Some(Login::Token(token)) => client.token(token),
            Some(Login::NKey(seed)) => client.nkey(seed),
            Some(Login::Credentials(file)) => {
                let read = client.credentials_file(&file).await;
                read.map_err(|error| ConnectError::Refused {
                    destination: self.destination(),
                    reason: format!("the credentials in {} cannot be read", file.display()),
                    source: Some(error.into()),
                })?
            }
        })
    }

    fn login_of(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Login>, ConnectError> {
        let get = |name| environment(name).filter(|value| !value.is_empty());
        let mut logins = Vec::new();
        match (get("REHYDRATE_NATS_USER"), get("REHYDRATE_NATS_PASSWORD")) {
            (Some(user), Some(password)) => logins.push(Login::User { user, password }),
            (None, None) => {}
            _ => {
                return Err(self.url.invalid(
                    "REHYDRATE_NATS_USER and REHYDRATE_NATS_PASSWORD belong together: set both or \
                     neither",
                ));
            }
        }
        logins.extend(get("REHYDRATE_NATS_TOKEN").map(Login::Token));
        logins.extend(get("REHYDRATE_NATS_NKEY").map(Login::NKey));
        let file = get("REHYDRATE_NATS_CREDENTIALS").map(PathBuf::from);
        logins.extend(file.map(Login::Credentials));
        if logins.len() > 1 {
            return Err(self.url.invalid(
                "several of REHYDRATE_NATS_USER, REHYDRATE_NATS_TOKEN, REHYDRATE_NATS_NKEY and \
                 REHYDRATE_NATS_CREDENTIALS are set: leave one",
            ));
        }
        Ok(logins.pop())
    }
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("url", &self.url)
            .field("stream", &self.stream)
            .field("create", &self.create)
            .field("subjects", &self.subjects)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(url: &str, environment: &[(&str, &str)]) -> Result<Option<Login>, ConnectError> {
        let options = NatsOptions::new(url)?;
        let get = |name: &str| {
            let found = environment.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        match options.login {
            Some(login) => Ok(Some(login)),
            None => options.login_of(get),
        }
    }

    #[test]
    fn secrets_come_from_the_address_or_else_from_the_environment() {
        let user = |user: &str, password: &str| {
            Some(Login::User {
                user: user.to_owned(),
                password: password.to_owned(),
            })
        };
        let of = |url: &str, environment: &[(&str, &str)]| {
            login(url, environment).unwrap_or_else(|error| panic!("{error}"))
        };
        let set = [
            ("REHYDRATE_NATS_USER", "u"),
            ("REHYDRATE_NATS_PASSWORD", "p"),
        ];
        assert!(of("nats://u:p@h/s", &[]) == user("u", "p"));
        assert!(of("nats://h/s", &set) == user("u", "p"));
        assert!(of("nats://a:b@h/s", &set) == user("a", "b"));
        assert!(of("nats://t@h/s", &set) == Some(Login::Token("t".to_owned())));
        let token = of("nats://h/s", &[("REHYDRATE_NATS_TOKEN", "t")]);
        assert!(token == Some(Login::Token("t".to_owned())));
        let seed = of("nats://h/s", &[("REHYDRATE_NATS_NKEY", "SU")]);
        assert!(seed == Some(Login::NKey("SU".to_owned())));
        let file = of("nats://h/s", &[("REHYDRATE_NATS_CREDENTIALS", "/f")]);
        assert!(file == Some(Login::Credentials("/f".into())));
        assert!(of("nats://h/s", &[("REHYDRATE_NATS_TOKEN", "")]).is_none());
    }

    #[test]
    fn secrets_that_contradict_each_other_are_refused_by_name_alone() {
        let half = login("nats://h/s", &[("REHYDRATE_NATS_PASSWORD", "hidden")]);
        let two = [
            ("REHYDRATE_NATS_TOKEN", "hidden"),
            ("REHYDRATE_NATS_NKEY", "hidden"),
        ];
        for refused in [half, login("nats://h/s", &two)] {
            let Err(error) = refused else {
                panic!("it is taken")
            };
            assert!(error.to_string().contains("REHYDRATE_NATS_"), "{error}");
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn options_are_shown_without_secrets() {
        let options = NatsOptions::new("nats://user:hidden@h:1/s").expect("it is an address");
        let options = options.nkey("hidden").token("hidden");
        let shown = format!("{options:?} {}", options.destination());
        assert!(
            shown.contains("h:1") && !shown.contains("hidden"),
            "{shown}"
        );
    }

    #[test]
    fn a_certificate_means_tls_and_the_same_servers_have_the_same_name() {
        let of = |url: &str| NatsOptions::new(url).unwrap_or_else(|error| panic!("{error}"));
        assert!(!of("nats://h/s").is_tls());
        assert!(of("tls://h/s").is_tls());
        assert!(of("nats://h/s?tls_ca=a.pem").is_tls());
        let name = of("nats://b,A:4222/s").destination();
        assert_eq!(name, "NATS at a:4222, b:4222, stream s");
        assert_eq!(name, of("nats://a,b:4222/s").destination());
    }
}
