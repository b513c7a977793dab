//! The real log, where it is at hand.

use std::path::{Path, PathBuf};
use std::sync::Once;

use rehydrate_tests::engine::missing;
use serde_json::json;

use crate::program::Place;

/// The real log, if it is there: `REHYDRATE_FINES`, or in a folder beside the clone.
pub(crate) fn real_file() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fines.csv");
    let given = std::env::var_os("REHYDRATE_FINES");
    let file = given.map_or_else(usual, PathBuf::from);
    if file.exists() {
        return Some(file);
    }
    let what = "the real log is not there (REHYDRATE_FINES)";
    missing(&SAID, what, &file.display())
}

#[test]
fn the_real_log_is_imported_once_and_reconciles() {
    let Some(file) = real_file() else { return };
    let place = Place::new();
    for (appended, skipped) in [(17_203, 0), (0, 17_203)] {
        let run = place.run(&["--json", "import", file.to_str().unwrap()]);
        let expected = json!({
            "rows": 17_203,
            "appended": appended,
            "skipped": skipped,
            "fines": 4_931,
            "paid_cents": 10_372_665,
        });
        assert_eq!((run.code, run.json()), (0, expected), "{}", run.stderr);
    }
    let run = place.run(&["--json", "reconcile"]);
    let expected = json!({ "fines": 4_931, "paid_cents": 10_372_665, "unreconciled": [] });
    assert_eq!((run.code, run.json()), (0, expected));
}
