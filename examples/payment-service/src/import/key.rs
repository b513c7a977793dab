//! The idempotency key of a row: what makes a second import append nothing.

use std::collections::{HashMap, VecDeque};

use uuid::{Uuid, uuid};

/// How many different rows are remembered. Identical rows have the same day, so they stand close
/// together in a file that is in the order of time.
const WINDOW: usize = 65_536;

const NAMESPACE: Uuid = uuid!("9b1f7f2e-8a54-4b0c-9f5f-3c1b6c2d7a10");

/// Names each row by its content, and identical rows by their number among themselves.
///
/// So two equal payments of one day are two, and a row that is corrected later does not change the
/// names of the others.
pub(super) struct Keys {
    seen: HashMap<Uuid, u32>,
    order: VecDeque<Uuid>,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            seen: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn key(&mut self, content: &str) -> String {
        let hash = Uuid::new_v5(&NAMESPACE, content.as_bytes());
        let count = self.seen.entry(hash).or_insert(0);
        *count += 1;
        let key = format!("import/{hash}/{count}");
        if *count == 1 {
            self.order.push_back(hash);
        }
        if self.order.len() > WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_rows_have_names_of_their_own_that_do_not_depend_on_other_rows() {
        let mut keys = Keys::new();
        let names = ["a", "b", "a"].map(|row| keys.key(row));
        assert_ne!(names[0], names[2]);
        let mut keys = Keys::new();
        assert_eq!(
            ["a", "a"].map(|row| keys.key(row)),
            [names[0].clone(), names[2].clone()]
        );
    }

    #[test]
    fn memory_does_not_grow_with_the_file() {
        let mut keys = Keys::new();
        for row in 0..WINDOW + 10 {
            keys.key(&row.to_string());
        }
        assert_eq!((keys.seen.len(), keys.order.len()), (WINDOW, WINDOW));
    }
}
