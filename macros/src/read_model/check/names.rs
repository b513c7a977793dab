//! The names of the table and its columns: each is one for every database, and none is there twice.

use std::collections::HashMap;

use super::super::ast::ReadModel;
use crate::ctxt::Ctxt;
use crate::name;

pub(super) fn check(ctxt: &Ctxt, model: &ReadModel<'_>) {
    check_table(ctxt, model);
    check_rule(ctxt, model);
    let mut seen = HashMap::new();
    for column in &model.columns {
        let is_ruled = column.given_name.is_none() && model.rename_all.is_some();
        if let Some(fault) = name::column_fault(&column.name) {
            // Otherwise the rule is to blame, which has been said.
            if !is_ruled || name::column_fault(&column.field).is_some() {
                let fix = match &column.given_name {
                    Some(_) => "",
                    None => ", or give the column a name with `#[serde(rename = \"…\")]`",
                };
                ctxt.error_at(column.name_span(), format!("{fault}{fix}"));
            }
        } else if let Some(first) = seen.get(&column.name) {
            let (name, ident) = (&column.name, column.ident);
            ctxt.error_at(
                column.name_span(),
                format!("the fields `{first}` and `{ident}` are both called `{name}`: rename one of them"),
            );
        } else {
            seen.insert(column.name.clone(), column.ident);
        }
    }
}

fn check_table(ctxt: &Ctxt, model: &ReadModel<'_>) {
    if let Some(fault) = name::table_fault(&model.table) {
        let fix = match &model.given_table {
            Some(_) => "",
            None => ", or name the table with `#[read_model(table = \"…\")]`",
        };
        ctxt.error_at(model.table_span(), format!("{fault}{fix}"));
    }
}

/// A rule that makes names which no column can have is reported once, and not on each field.
fn check_rule(ctxt: &Ctxt, model: &ReadModel<'_>) {
    let Some(rule) = &model.rename_all else {
        return;
    };
    let fault = model
        .columns
        .iter()
        .filter(|column| column.given_name.is_none())
        .filter(|column| name::column_fault(&column.field).is_none())
        .find_map(|column| name::column_fault(&column.name));
    if let Some(fault) = fault {
        let rule_text = rule.value();
        ctxt.error(
            rule,
            format!("a column is named as its field is in JSON, and with `{rule_text}` {fault}; so write `rename_all = \"snake_case\"`, or remove it"),
        );
    }
}
