//! `schema check` and `schema update`.

use rehydrate::MemoryStore;
use rehydrate_console::{Console, Exit};

use crate::town::{Fine, run};

#[tokio::test]
async fn what_was_shipped_is_written_on_request_and_then_compared() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let console = Console::new(MemoryStore::new()).aggregate::<Fine>();

    let ran = run(&console, &format!("schema check --in {place}")).await;
    assert_eq!(ran.exit, Exit::Attention, "{}", ran.out);
    assert!(ran.out.contains("there is no events.lock yet"));
    let here = format!("`ops schema update --in {place}`");
    assert!(ran.out.contains(&here), "{}", ran.out);
    assert_eq!(std::fs::read_dir(place).unwrap().count(), 0);

    let ran = run(&console, &format!("schema update --in {place}")).await;
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.out);
    assert!(folder.path().join("events.lock").is_file());
    assert!(folder.path().join("events.golden/FineEvent").is_dir());

    let ran = run(&console, &format!("--json schema check --in {place}")).await;
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.out);
    let checked = ran.json();
    assert_eq!(checked["is_fine"], true);
    assert_eq!(checked["golden"], checked["versions"]);

    let lock = folder.path().join("events.lock");
    let text = std::fs::read_to_string(&lock).unwrap();
    std::fs::write(
        &lock,
        text.replace("u64", "string").replace("i64", "string"),
    )
    .unwrap();
    let ran = run(&console, &format!("--json schema update --in {place}")).await;
    assert_eq!(ran.exit, Exit::Attention, "{}", ran.out);
    let refused = ran.json();
    assert_eq!(refused["is_fine"], false);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("was shipped as string")
    );
}
