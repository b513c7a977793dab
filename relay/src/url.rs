//! Addresses of brokers, which may name several hosts and hold secrets.

use std::collections::BTreeMap;
use std::fmt;

use crate::connect::ConnectError;

/// `scheme://[user[:password]@]host[:port][,host[:port]…][/path][?name=value[&…]]`.
///
/// Its `Display` is for people: without a user, a password or parameters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BrokerUrl {
    /// What comes before `://`, in lower case.
    pub(crate) scheme: String,
    /// The user, or whatever stands alone before the `@`.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Option<String>,
    /// The hosts, each with its port if it has one.
    pub(crate) hosts: Vec<String>,
    /// What comes after the first `/`: a stream, say.
    pub(crate) path: String,
    parameters: BTreeMap<String, String>,
}

impl BrokerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectError> {
        let invalid = |reason: &str| ConnectError::Invalid {
            url: redacted(text),
            reason: reason.to_owned(),
        };
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| invalid("it has no scheme: write `nats://host:4222/stream`, say"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold a `/` or an `@`; a host holds neither, and a path no `@`.
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        if hosts.split(',').any(str::is_empty) {
            return Err(invalid("a host is missing"));
        }
        let (user, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
            Some(Ok((user, password))) => (Some(user), Some(password)),
            Some(Err(user)) => (Some(user), None),
            None => (None, None),
        };
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| invalid("a parameter has no value"))?;
            if parameters.insert(decoded(name), decoded(value)).is_some() {
                return Err(invalid("a parameter is there twice"));
            }
        }
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: user.map(decoded),
            password: password.map(decoded),
            hosts: hosts.split(',').map(ToOwned::to_owned).collect(),
            path: decoded(path),
            parameters,
        })
    }

    /// A parameter, which is then used up.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }

    /// That every parameter was one of those that are known.
    pub(crate) fn finish(&self, known: &[&str]) -> Result<(), ConnectError> {
        match self.parameters.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.invalid(format!(
                "there is no parameter `{name}`, only {}",
                known.join(", ")
            ))),
        }
    }

    pub(crate) fn invalid(&self, reason: impl Into<String>) -> ConnectError {
        ConnectError::Invalid {
            url: self.to_string(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.hosts.join(","))?;
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.path)
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerUrl({self})")
    }
}

/// An address that need not be one, without what may be secret.
pub(crate) fn redacted(text: &str) -> String {
    let text = text.split_once('?').map_or(text, |(text, _)| text);
    let Some((login, rest)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    match login.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{rest}"),
        None => rest.to_owned(),
    }
}

/// Without percent-encoding, as [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.1) has it.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'%').then(|| after.get(..2)).flatten();
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        // `from_str_radix` takes a sign, too.
        let digits = digits.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_shown_without_its_secrets() {
        let url =
            BrokerUrl::parse("nats://us%40er:p%3Aa/s@s@one:4222,two/events?create=true&a=%20");
        let mut url = url.expect("it is one");
        assert_eq!(url.user.as_deref(), Some("us@er"));
        assert_eq!(url.password.as_deref(), Some("p:a/s@s"));
        assert_eq!(url.hosts, ["one:4222", "two"]);
        assert_eq!(url.path, "events");
        assert_eq!(url.take("create").as_deref(), Some("true"));
        assert!(url.finish(&["create"]).is_err());
        assert_eq!(url.take("a").as_deref(), Some(" "));
        assert!(url.finish(&["create"]).is_ok());
        assert_eq!(url.to_string(), "nats://one:4222,two/events");
        assert_eq!(format!("{url:?}"), "BrokerUrl(nats://one:4222,two/events)");
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_secrets() {
        for text in [
            "user:secret@host",
            "nats://user:secret@/x",
            "nats://user:secret@host?password",
            "nats://user:secret@host?a=secret&a=secret",
        ] {
            let error = BrokerUrl::parse(text).expect_err("it is none");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_is_not_percent_encoded_stays_as_it_is() {
        assert_eq!(decoded("%41%zz%+1%4"), "A%zz%+1%4");
        assert_eq!(decoded("%C3%A9"), "é");
    }
}
