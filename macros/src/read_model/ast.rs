//! What `derive(ReadModel)` reads.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Type};

use crate::attr::serde;
use crate::attr::{self, Keys, Once};
use crate::ctxt::Ctxt;
use crate::{name, text};

const ON_STRUCT: Keys = Keys {
    attribute: "read_model",
    place: "of `#[read_model]` on a struct",
    known: &[("table", "table = \"balances\"")],
    elsewhere: &[
        (
            "key",
            "`key` belongs on the field that tells the rows apart, as in `#[read_model(key)] id: Uuid`",
        ),
        ("index", "`index` belongs on the field that is searched by"),
        ("json", "`json` belongs on the field that is kept as JSON"),
    ],
};

const ON_FIELD: Keys = Keys {
    attribute: "read_model",
    place: "of `#[read_model]` on a field",
    known: &[("key", "key"), ("index", "index"), ("json", "json")],
    elsewhere: &[
        ("table", "`table` belongs on the struct"),
        (
            "name",
            "a column is named as the field is in JSON: write `#[serde(rename = \"…\")]`",
        ),
        (
            "rename",
            "a column is named as the field is in JSON: write `#[serde(rename = \"…\")]`",
        ),
    ],
};

/// A struct with `derive(ReadModel)`.
pub(super) struct ReadModel<'a> {
    pub(super) input: &'a DeriveInput,
    /// The table that the attribute gives, if it gives one.
    pub(super) given_table: Option<LitStr>,
    pub(super) table: String,
    /// serde's rule for the names of all fields.
    pub(super) rename_all: Option<LitStr>,
    pub(super) columns: Vec<Column<'a>>,
    /// Whether a key is there, well written or not.
    pub(super) has_key: bool,
}

/// One field: one column.
pub(super) struct Column<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) attrs: &'a [Attribute],
    /// The name that serde's `rename` gives, if it gives one.
    pub(super) given_name: Option<LitStr>,
    /// The field's name in the code.
    pub(super) field: String,
    pub(super) name: String,
    /// The keys `key`, `index` and `json`, where they are there.
    pub(super) key: Option<Ident>,
    pub(super) index: Option<Ident>,
    pub(super) json: Option<Ident>,
}

impl<'a> ReadModel<'a> {
    pub(super) fn parse(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        let mut table = Once::default();
        attr::each_key(ctxt, &input.attrs, &ON_STRUCT, |key, input| {
            table.set(ctxt, key, attr::string(key, input)?);
            Ok(())
        });
        let given_table = table.into_inner();
        let rename_all = renamed(&input.attrs, "rename_all");
        let mut has_key = false;
        let mut columns = Vec::new();
        if let Data::Struct(data) = &input.data
            && let Fields::Named(fields) = &data.fields
        {
            for field in &fields.named {
                if let Some(ident) = &field.ident {
                    let (column, present) = Column::parse(ctxt, field, ident, rename_all.as_ref());
                    has_key |= present.contains(&"key");
                    columns.push(column);
                }
            }
        }
        Self {
            input,
            table: given_table
                .as_ref()
                .map_or_else(|| name::snake_case(&input.ident), LitStr::value),
            given_table,
            rename_all,
            columns,
            has_key,
        }
    }

    /// Whether serde can read the type at all without borrowing: a stub needs that too.
    pub(super) fn can_be_stored(&self) -> bool {
        let borrows = self.input.generics.lifetimes().next().is_some();
        !borrows && !matches!(self.input.data, Data::Union(_))
    }

    /// The columns of the key.
    pub(super) fn key(&self) -> Vec<&Column<'a>> {
        let columns = self.columns.iter();
        columns.filter(|column| column.key.is_some()).collect()
    }

    /// Where a mistake in the table's name is shown.
    pub(super) fn table_span(&self) -> Span {
        match &self.given_table {
            Some(table) => table.span(),
            None => self.input.ident.span(),
        }
    }
}

impl<'a> Column<'a> {
    fn parse(
        ctxt: &Ctxt,
        field: &'a Field,
        ident: &'a Ident,
        rename_all: Option<&LitStr>,
    ) -> (Self, Vec<&'static str>) {
        let mut keys = [Once::default(), Once::default(), Once::default()];
        let present = attr::each_key(ctxt, &field.attrs, &ON_FIELD, |key, input| {
            let flag = attr::flag(key, input)?;
            let [is_key, is_index, is_json] = &mut keys;
            match key.to_string().as_str() {
                "key" => is_key.set(ctxt, key, flag),
                "index" => is_index.set(ctxt, key, flag),
                _ => is_json.set(ctxt, key, flag),
            }
            Ok(())
        });
        let [key, index, json] = keys.map(Once::into_inner);
        let given_name = renamed(&field.attrs, "rename");
        let text = text::of_ident(ident);
        let name = match (&given_name, rename_all) {
            (Some(given), _) => given.value(),
            (None, Some(rule)) => serde::Case::of(&rule.value()).of_field(&text),
            (None, None) => text.clone(),
        };
        let column = Self {
            ident,
            ty: &field.ty,
            attrs: &field.attrs,
            given_name,
            field: text,
            name,
            key,
            index,
            json,
        };
        (column, present)
    }

    /// Where a mistake in the column's name is shown.
    pub(super) fn name_span(&self) -> Span {
        match &self.given_name {
            Some(name) => name.span(),
            None => self.ident.span(),
        }
    }
}

/// What one of serde's `rename` and `rename_all` says, if it says one thing.
fn renamed(attrs: &[Attribute], key: &str) -> Option<LitStr> {
    serde::keys(attrs)
        .iter()
        .filter(|found| found.key == key)
        .find_map(|found| found.rename()?.same().cloned())
}
