//! The names under which serde writes and reads a field or a variant.

use proc_macro2::Ident;
use syn::LitStr;

use crate::attr::serde::{Case, SerdeKey};
use crate::text;

/// The names of a field or a variant.
#[derive(Default)]
pub(in super::super) struct Names {
    /// In the code.
    pub(in super::super) code: String,
    /// Under which it is written.
    pub(in super::super) key: String,
    /// Other names under which it is read, in an order that does not depend on the code.
    pub(in super::super) aliases: Vec<String>,
    /// The one under which it is read, if that which is written is none of them.
    pub(in super::super) read_as: Option<String>,
}

/// What `rename` and `alias` say.
#[derive(Default)]
pub(super) struct Given {
    written: Option<String>,
    read: Vec<String>,
    aliases: Vec<String>,
}

/// What `rename_all` or `rename_all_fields` says.
#[derive(Clone, Copy, Default)]
pub(super) struct Cases {
    pub(super) write: Case,
    pub(super) read: Case,
}

impl Cases {
    pub(super) fn of(found: &SerdeKey) -> Self {
        let rename = found.rename().unwrap_or_default();
        let case = |rule: Option<&LitStr>| rule.map(|rule| Case::of(&rule.value()));
        Self {
            write: case(rename.serialize.as_ref()).unwrap_or_default(),
            read: case(rename.deserialize.first()).unwrap_or_default(),
        }
    }

    /// These, each in its own right before the other ones.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            write: self.write.or(other.write),
            read: self.read.or(other.read),
        }
    }
}

impl Given {
    pub(super) fn rename(&mut self, found: &SerdeKey) {
        let rename = found.rename().unwrap_or_default();
        self.written = rename
            .serialize
            .map(|name| name.value())
            .or(self.written.take());
        let read = rename.deserialize.iter().map(LitStr::value);
        self.read.extend(read);
    }

    pub(super) fn alias(&mut self, found: &SerdeKey) {
        let alias = found.value::<LitStr>();
        self.aliases.extend(alias.map(|name| name.value()));
    }

    pub(super) fn names(
        self,
        ident: &Ident,
        written: impl FnOnce(&str) -> String,
        read: impl FnOnce(&str) -> String,
    ) -> Names {
        let code = text::of_ident(ident);
        let key = self.written.unwrap_or_else(|| written(&code));
        let mut names = self.read;
        if names.is_empty() {
            names.push(read(&code));
        }
        let first = names.first().cloned();
        names.extend(self.aliases);
        let read_as = first.filter(|_| !names.contains(&key));
        names.retain(|name| *name != key);
        names.sort();
        names.dedup();
        Names {
            code,
            key,
            aliases: names,
            read_as,
        }
    }
}
