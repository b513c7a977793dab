//! The columns, by their names in the header.

use csv::ByteRecord;

use super::{ImportError, Rejected};

/// A column that the import reads. Others may stand beside them, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    FineId,
    Date,
    Activity,
    Amount,
    Expense,
    Payment,
    TotalPaid,
    Article,
    Points,
    VehicleClass,
    Officer,
    Dismissal,
    NotificationType,
    LastSent,
}

const NAMES: [&str; 14] = [
    "fine_id",
    "date",
    "activity",
    "amount",
    "expense",
    "payment",
    "total_paid",
    "article",
    "points",
    "vehicle_class",
    "officer",
    "dismissal",
    "notification_type",
    "last_sent",
];

impl Column {
    pub(super) fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

/// Where each column stands.
pub(super) struct Columns {
    header: Vec<String>,
    places: [usize; NAMES.len()],
}

impl Columns {
    pub(super) fn of_header(line: &[u8]) -> Result<Self, ImportError> {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let header: Vec<String> = split(line)
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let mut places = [0; NAMES.len()];
        let mut missing = Vec::new();
        for (place, name) in places.iter_mut().zip(NAMES) {
            let mut found = header
                .iter()
                .enumerate()
                .filter(|(_, column)| *column == name);
            match (found.next(), found.next()) {
                (Some((index, _)), None) => *place = index,
                (None, _) => missing.push(name),
                (Some(_), Some(_)) => {
                    let reason = format!("names the column {name} twice");
                    return Err(ImportError::Header(reason));
                }
            }
        }
        if missing.is_empty() {
            Ok(Self { header, places })
        } else {
            let reason = format!("lacks the column {}", missing.join(", "));
            Err(ImportError::Header(reason))
        }
    }

    /// Splits a line into the values of the columns.
    pub(super) fn split(&self, line: u64, text: &[u8]) -> Result<Values, Rejected> {
        let record = split(text);
        let (expected, found) = (self.header.len(), record.len());
        if found != expected {
            let fault = found.min(expected - 1);
            return Err(Rejected {
                line,
                column: self.header[fault].clone(),
                reason: format!("the row has {found} fields, the header {expected}"),
            });
        }
        let mut values: [String; NAMES.len()] = Default::default();
        for ((value, place), name) in values.iter_mut().zip(self.places).zip(NAMES) {
            *value = String::from_utf8(record[place].to_vec()).map_err(|_| Rejected {
                line,
                column: name.to_owned(),
                reason: "not UTF-8 text".to_owned(),
            })?;
        }
        Ok(Values { line, values })
    }
}

/// The values of one row.
pub(super) struct Values {
    line: u64,
    values: [String; NAMES.len()],
}

impl Values {
    pub(super) fn text(&self, column: Column) -> &str {
        &self.values[column as usize]
    }

    /// Everything that tells the row from others: no value can contain a line's end.
    pub(super) fn content(&self) -> String {
        self.values.join("\n")
    }

    pub(super) fn fault(&self, column: Column, reason: impl ToString) -> Rejected {
        Rejected {
            line: self.line,
            column: column.name().to_owned(),
            reason: reason.to_string(),
        }
    }
}

fn split(line: &[u8]) -> ByteRecord {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(line.len().max(1))
        .from_reader(line);
    let mut record = ByteRecord::new();
    // Neither memory nor a ragged row can fail; a line without fields is an empty record.
    match reader.read_byte_record(&mut record) {
        Ok(_) => record,
        Err(_) => ByteRecord::new(),
    }
}
