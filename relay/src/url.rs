//! Addresses of brokers, which may name several hosts and hold secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

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
            .filter(|(scheme, _)| {
                let is_known = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'-');
                scheme.bytes().all(is_known)
            })
            .ok_or_else(|| invalid("it has no scheme: write `nats://host:4222/stream`, say"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if query.contains('@') {
            return Err(invalid(
                "what comes after its `?` has an `@`: in a password a `?` is written `%3F`, and in a \
                 parameter an `@` is written `%40`",
            ));
        }
        // A password may hold a `/` or an `@`; a host holds neither, and a path no `@`.
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        if hosts.split(',').any(str::is_empty) {
            return Err(invalid(
                "a host is missing: write `nats://host/stream`, say",
            ));
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
                .ok_or_else(|| invalid("a parameter has no value: write `name=value`"))?;
            if parameters.insert(decoded(name), decoded(value)).is_some() {
                return Err(invalid("a parameter is there twice: leave one out"));
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

    /// A parameter that is `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, ConnectError> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.invalid(format!("`{name}` is neither `true` nor `false`"))),
        }
    }

    /// A parameter that is a number from 1 to `most`.
    pub(crate) fn count<N: TryFrom<u64> + PartialOrd + fmt::Display>(
        &mut self,
        name: &str,
        most: N,
    ) -> Result<Option<N>, ConnectError> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        let number = text.parse::<u64>().ok().filter(|number| *number > 0);
        match number.map(N::try_from) {
            Some(Ok(number)) if number <= most => Ok(Some(number)),
            _ => Err(self.invalid(format!("`{name}` is not a number from 1 to {most}"))),
        }
    }

    /// The files of a certificate and its key, which come together.
    pub(crate) fn tls_client(&mut self) -> Result<Option<(PathBuf, PathBuf)>, ConnectError> {
        match (self.take("tls_certificate"), self.take("tls_key")) {
            (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
            (None, None) => Ok(None),
            _ => Err(self.invalid("`tls_certificate` and `tls_key` belong together: give both")),
        }
    }

    /// The hosts with their ports, in an order that does not depend on who wrote the address.
    pub(crate) fn servers(&self, usual_port: u16) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| {
            // `::1` is one of those in brackets alone.
            let after_address = host
                .rsplit_once(']')
                .map_or(host.as_str(), |(_, after)| after);
            if after_address.contains(':') {
                host.to_ascii_lowercase()
            } else {
                format!("{}:{usual_port}", host.to_ascii_lowercase())
            }
        });
        let mut hosts: Vec<String> = hosts.collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
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
    // Whatever comes before an `@` may be a password, with a `?` or a `/` in it.
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if scheme.is_empty() || scheme.contains('@') {
        return rest.to_owned();
    }
    format!("{scheme}://{rest}")
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
            "nats://user:?secret@host/x",
            "nats://user:se?c=secret@host/x",
            "nats://user:secret/?x@host",
            "secret@nats://host",
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
