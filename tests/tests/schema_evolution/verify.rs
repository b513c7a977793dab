//! Whether this program can read what is in a store.

use std::sync::Arc;

use rehydrate::schema::Meaning;
use rehydrate::{
    EventStore, LoadError, MemoryStore, Position, Repository, SchemaVersion, VerifiedLog,
    VerifiedType, VerifyLog, VerifyLogError, Version, checksum,
};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::{Watched, unavailable};

use crate::past::{Fine, Note, READABLE, UNREADABLE, many, store as put, whole_past};

async fn verify(store: impl EventStore) -> VerifiedLog {
    let verify = VerifyLog::new().aggregate::<Fine>().aggregate::<Note>();
    verify.run(&store, |_| ()).await.unwrap()
}

/// Type and version, meaning, events, today's events, failures.
type Line<'a> = (&'a str, &'a str, u32, Option<Meaning>, u64, u64, u64);

fn line(found: &VerifiedType) -> Line<'_> {
    (
        &found.category,
        &found.event_type,
        found.schema_version.get(),
        found.meaning,
        found.events,
        found.decoded_to,
        found.failed,
    )
}

const THREE: SchemaVersion = SchemaVersion(3);
const TO_THREE: Option<Meaning> = Some(Meaning::Upcast { newest: THREE });

#[tokio::test]
async fn what_is_old_and_can_be_read_is_fine() {
    on_every_store(|store| async move {
        let positions = put(&*store, &READABLE).await;
        let verified = verify(store).await;
        let lines: Vec<_> = verified.by_type.iter().map(line).collect();
        let expected = [
            ("fine", "flagged", 1, Some(Meaning::Retired), 1, 0, 0),
            ("fine", "issued", 1, TO_THREE, 2, 2, 0),
            ("fine", "issued", 2, TO_THREE, 1, 1, 0),
            ("fine", "issued", 3, Some(Meaning::Current), 1, 1, 0),
            ("fine", "paid", 2, TO_THREE, 1, 1, 0),
            ("fine", "paid_and_closed", 1, Some(Meaning::Legacy), 1, 2, 0),
            ("fine", "settled", 3, Some(Meaning::Current), 1, 1, 0),
            ("note", "scribbled", 4, Some(Meaning::Tolerated), 1, 1, 0),
        ];
        assert_eq!(lines, expected);
        assert!(
            verified
                .by_type
                .iter()
                .all(|found| found.first_failure.is_none())
        );
        assert!(verified.is_fine());
        assert_eq!((verified.events, verified.failed()), (9, 0));
        assert_eq!(Some(&verified.read_to), positions.last());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_reported_by_type_and_version_with_its_first_event() {
    on_every_store(|store| async move {
        let positions = whole_past(store.clone()).await;
        let verified = verify(store).await;
        let lines: Vec<_> = verified.by_type.iter().map(line).collect();
        let newer = Some(Meaning::NewerVersion { newest: THREE });
        let gone = Some(Meaning::UnsupportedVersion);
        let expected = [
            ("car", "sold", 1, None, 2, 0, 2),
            ("fine", "Flagged", 1, Some(Meaning::UnknownType), 1, 0, 1),
            ("fine", "flagged", 1, Some(Meaning::Retired), 1, 0, 0),
            ("fine", "issued", 1, TO_THREE, 4, 2, 2),
            ("fine", "issued", 2, TO_THREE, 2, 1, 1),
            ("fine", "issued", 3, Some(Meaning::Current), 2, 1, 1),
            ("fine", "paid", 1, gone, 1, 0, 1),
            ("fine", "paid", 2, TO_THREE, 2, 1, 1),
            ("fine", "paid", 4, newer, 1, 0, 1),
            ("fine", "paid_and_closed", 1, Some(Meaning::Legacy), 1, 2, 0),
            ("fine", "settled", 3, Some(Meaning::Current), 2, 1, 1),
            ("fine", "towed", 1, Some(Meaning::UnknownType), 1, 0, 1),
            ("note", "scribbled", 4, Some(Meaning::Tolerated), 1, 1, 0),
        ];
        assert_eq!(lines, expected);
        assert!(!verified.is_fine());
        assert_eq!((verified.events, verified.failed()), (21, 12));
        let failures: Vec<_> = verified.by_type.iter().filter_map(failure).collect();
        let at = |event: usize| positions[event];
        let unknown = "is not an event of FineEvent: add a variant, an alias, `retired` or `legacy` for it, or deploy the program that wrote it";
        let refused = |from: &str, to: &str, why: &str| {
            let past = "schema_evolution::past";
            format!("was refused by the upcast from {past}::{from} to {past}::{to}: {why}")
        };
        let expected = [
            (at(19), "car/X1", 1, "is of a category that no aggregate of this program has: name the aggregate to whoever verifies, or deploy the program that wrote it".to_owned()),
            (at(17), "fine/D4", 9, unknown.to_owned()),
            (at(9), "fine/D4", 1, refused("IssuedV1", "IssuedV2", "panicked: nobody is fined 1000 euros")),
            (at(10), "fine/D4", 2, refused("IssuedV2", "FineEvent", "a fine of -1 cents")),
            (at(11), "fine/D4", 3, "has a payload of another shape: invalid type: string \"many\", expected u64 at line 1 column 15".to_owned()),
            (at(13), "fine/D4", 5, "is no longer supported: put its type into `history` in place of `_`".to_owned()),
            (at(14), "fine/D4", 6, refused("PaidV2", "FineEvent", "nobody has paid it")),
            (at(15), "fine/D4", 7, "is newer than 3, the newest this program knows: deploy the newer program".to_owned()),
            (at(18), "fine/D4", 10, "has unreadable metadata: invalid type: integer `1`, expected a string at line 1 column 2".to_owned()),
            (at(16), "fine/D4", 8, unknown.to_owned()),
        ];
        let expected = expected.each_ref().map(|(position, stream, version, error)| {
            (*position, *stream, Version(*version), error.as_str())
        });
        assert_eq!(failures, expected);
    })
    .await;
}

fn failure(found: &VerifiedType) -> Option<(Position, &str, Version, &str)> {
    let failure = found.first_failure.as_ref()?;
    let (stream, error) = (failure.stream.as_str(), failure.error.as_str());
    Some((failure.position, stream, failure.version, error))
}

#[tokio::test]
async fn a_payload_that_makes_its_reader_panic_fails_alone() {
    on_every_store(|store| async move {
        let minted = r#"{"cents":1,"currency":"???"}"#;
        let bad = [("fine/A1", "issued", 3, minted, None); 2];
        let positions = put(&*store, &[&bad[..], &READABLE[..]].concat()).await;
        let verified = verify(store.clone()).await;
        assert_eq!((verified.events, verified.failed()), (11, 2));
        let mut failures = verified.by_type.iter().filter_map(failure);
        let (position, stream, version, error) = failures.next().unwrap();
        assert_eq!(
            (position, stream, version),
            (positions[0], "fine/A1", Version(1))
        );
        assert!(
            error.ends_with("panicked: no currency is called ???"),
            "{error}"
        );
        assert_eq!(failures.next(), None);
        let fines: Repository<Fine> = Repository::new(store);
        let loaded = fines.load(&"A1".to_owned()).await;
        let Err(LoadError::Decode(error)) = loaded else {
            panic!("a payload that nobody can read was loaded");
        };
        assert_eq!(error.event.position, positions[0]);
    })
    .await;
}

#[tokio::test]
async fn a_verification_reads_the_log_once_and_writes_nothing() {
    on_every_store(|store| async move {
        whole_past(store.clone()).await;
        let until = store.watermark().await.unwrap();
        let before = checksum(&*store, until).await.unwrap();
        let watched = Watched::new(store.clone());
        verify(watched.clone()).await;
        assert_eq!(watched.calls(), ["watermark", "read log"]);
        assert_eq!(store.watermark().await.unwrap(), until);
        assert_eq!(checksum(&*store, until).await.unwrap(), before);
    })
    .await;
}

#[tokio::test]
async fn a_long_log_is_verified_in_order_with_progress() {
    on_every_store(|store| async move {
        many(&*store, 11_000, &[6_700, 6_701, 10_200]).await;
        let mut seen = Vec::new();
        let verify = VerifyLog::new().aggregate::<Fine>();
        let verified = verify.run(&*store, |progress| seen.push(progress)).await;
        let verified = verified.unwrap();
        let found = &verified.by_type[0];
        assert_eq!(
            (found.events, found.decoded_to, found.failed),
            (11_000, 10_997, 3)
        );
        let first = found.first_failure.as_ref().unwrap();
        assert_eq!(first.version, Version(6_701));
        assert!(seen.len() >= 3, "{seen:?}");
        assert!(seen.is_sorted_by(|one, next| one.position < next.position));
        let last = seen.last().unwrap();
        assert_eq!((last.events, last.failed), (11_000, 3));
        assert_eq!(
            (last.position, last.until),
            (verified.read_to, verified.read_to)
        );
        assert_eq!(verified.read_to, store.watermark().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_later_run_verifies_only_what_has_come_since() {
    on_every_store(|store| async move {
        put(&*store, &UNREADABLE).await;
        let first = verify(store.clone()).await;
        assert_eq!(first.failed(), 12);
        let again = VerifyLog::new().aggregate::<Fine>().after(first.read_to);
        let nothing = again.run(&*store, |_| ()).await.unwrap();
        assert_eq!((nothing.events, nothing.read_to), (0, first.read_to));
        assert!(nothing.is_fine());
        let positions = put(&*store, &READABLE[..2]).await;
        let newer = again.run(&*store, |_| ()).await.unwrap();
        assert_eq!((newer.events, newer.read_to), (2, positions[1]));
        assert!(newer.is_fine());
    })
    .await;
}

#[tokio::test]
async fn a_position_that_the_log_has_not_reached_is_no_place_to_begin() {
    on_every_store(|store| async move {
        let verify = VerifyLog::new().aggregate::<Fine>();
        let empty = verify.clone().after(Position(1)).run(&*store, |_| ()).await;
        let error = empty.unwrap_err().to_string();
        assert!(error.starts_with("the log ends at position 0,"), "{error}");
        put(&*store, &UNREADABLE).await;
        let end = store.watermark().await.unwrap();
        let beyond = verify.clone().after(Position(end.get() + 1));
        let error = beyond.run(&*store, |_| ()).await.unwrap_err();
        let VerifyLogError::AfterTheLog { after, watermark } = error else {
            panic!("{error}");
        };
        assert_eq!((after.get(), watermark), (end.get() + 1, end));
        assert_eq!(error.kind(), rehydrate::ErrorKind::Refused);
        let at_the_end = verify.after(end).run(&*store, |_| ()).await.unwrap();
        assert_eq!((at_the_end.events, at_the_end.read_to), (0, end));
    })
    .await;
}

#[tokio::test]
async fn only_the_asked_categories_are_verified() {
    on_every_store(|store| async move {
        whole_past(store.clone()).await;
        let verify = VerifyLog::new().aggregate::<Note>();
        let notes = verify.clone().only(["note"]).run(&*store, |_| ()).await;
        let notes = notes.unwrap();
        assert_eq!((notes.events, notes.failed()), (1, 0));
        assert_eq!(notes.read_to, store.watermark().await.unwrap());
        let all = verify.run(&*store, |_| ()).await.unwrap();
        assert_eq!((all.events, all.failed()), (21, 20));
        let meanings: Vec<_> = all.by_type.iter().map(|found| found.meaning).collect();
        assert_eq!(
            meanings.iter().filter(|meaning| meaning.is_none()).count(),
            12
        );
    })
    .await;
}

#[tokio::test]
async fn a_verification_ends_where_the_log_ended_when_it_began() {
    on_every_store(|store| async move {
        many(&*store, 6_000, &[]).await;
        let until = store.watermark().await.unwrap();
        let watched = Watched::new(store.clone());
        // One before each of the first two pages.
        for _ in 0..2 {
            let store = store.clone();
            watched.before_call(
                "read log",
                1,
                async move { many(&*store, 5_000, &[]).await },
            );
        }
        let verified = verify(watched.clone()).await;
        assert!(verified.read_to >= until);
        assert!(verified.events >= 6_000);
        assert!(store.watermark().await.unwrap() > verified.read_to);
        let rest = VerifyLog::new().aggregate::<Fine>().after(verified.read_to);
        let rest = rest.run(&*store, |_| ()).await.unwrap();
        assert_eq!(
            verified.events + rest.events,
            16_000,
            "none twice, none left out"
        );
    })
    .await;
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_an_error_and_no_failure_of_an_event() {
    let store = MemoryStore::new();
    whole_past(Arc::new(store.clone())).await;
    let failing = Watched::new(Arc::new(store));
    failing.fail_a_log(unavailable());
    let verify = VerifyLog::new().aggregate::<Fine>();
    let error = verify.run(&failing, |_| ()).await.unwrap_err();
    assert_eq!(error.kind(), rehydrate::ErrorKind::TryAgain);
    verify.run(&failing, |_| ()).await.unwrap();
}

#[tokio::test]
async fn a_program_says_what_a_type_and_version_means_without_a_log() {
    let verify = VerifyLog::new();
    assert!(verify.is_empty());
    assert_eq!(verify.meaning("fine", "paid", THREE), None);
    let verify = verify.aggregate::<Fine>();
    assert!(!verify.is_empty());
    let paid = verify.meaning("fine", "paid", THREE);
    assert_eq!(paid, Some(Meaning::Current));
    let issued = verify.meaning("fine", "issued", SchemaVersion(1));
    assert_eq!(issued, TO_THREE);
    assert_eq!(verify.meaning("note", "written", THREE), None);
}
