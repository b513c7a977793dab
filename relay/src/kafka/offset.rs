//! Offsets of all partitions in one text: `0:17,1:4`.

use std::collections::BTreeMap;
use std::fmt::Write;

/// For each partition, the offset that comes next.
pub(super) type Places = BTreeMap<i32, i64>;

pub(super) fn text(places: &Places) -> String {
    let mut text = String::new();
    for (partition, next) in places {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{comma}{partition}:{next}");
    }
    text
}

/// `None` if the text is none of [`text`].
pub(super) fn parse(text: &str) -> Option<Places> {
    let mut places = Places::new();
    for part in text.split(',') {
        let (partition, next) = part.split_once(':')?;
        let (partition, next): (u32, u64) = (partition.parse().ok()?, next.parse().ok()?);
        let partition = i32::try_from(partition).ok()?;
        let is_new = places
            .insert(partition, i64::try_from(next).ok()?)
            .is_none();
        is_new.then_some(())?;
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_they_are_written() {
        let places = Places::from([(10, 4), (0, 17), (2, 0)]);
        assert_eq!(text(&places), "0:17,2:0,10:4");
        assert_eq!(parse("0:17,2:0,10:4"), Some(places));
        for wrong in ["", "17", "0:", "0:-1", "-1:0", "0:1,0:2", "0:1,", "a:1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
