//! Which shard is looked into when, and what is said of it.

use rehydrate::EnvelopeError;

use super::*;

fn listed(id: &str, parents: &[&str]) -> Listed {
    Listed {
        id: id.to_owned(),
        parents: parents.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn open(offset: Option<&str>, shards: &[(&str, &[&str])]) -> Result<Shards, String> {
    let places = offset.map_or(Ok(Places::default()), |it| {
        Places::parse(&Offset(it.to_owned()))
    });
    let listed = shards.iter().map(|(id, parents)| listed(id, parents));
    let places = places.expect("it is an offset");
    Shards::new(places, listed.collect(), TimeDelta::days(1), Utc::now())
}

fn page(sequences: &[u32], iterator: Option<&str>, is_at_tip: bool) -> Page {
    let records = sequences.iter().map(|number| {
        let sequence = Sequence::parse(&number.to_string()).expect("it is one");
        let event = Err(EnvelopeError::Missing("data"));
        (
            sequence,
            ReceivedMessage::new(event, String::new(), Utc::now()),
        )
    });
    Page {
        records: records.collect(),
        iterator: iterator.map(ToOwned::to_owned),
        until: Utc::now(),
        is_at_tip,
    }
}

fn all_looks(shards: &mut Shards, now: Instant) -> Vec<String> {
    std::iter::from_fn(|| shards.look(now).map(|look| look.shard)).collect()
}

#[test]
fn a_shard_is_looked_into_when_all_those_it_came_of_were_seen_to_their_end() {
    let family: [(&str, &[&str]); 4] = [
        ("a", &[]),
        ("b", &["long gone"]),
        ("c", &["a", "b"]),
        ("d", &["c"]),
    ];
    let mut shards = open(None, &family).expect("nothing is gone");
    let now = Instant::now();
    assert_eq!(all_looks(&mut shards, now), ["a", "b"]);
    assert!(shards.saw("a", page(&[1], None, false), now));
    assert!(all_looks(&mut shards, now).is_empty());
    assert!(shards.saw("b", page(&[], None, false), now));
    assert_eq!(all_looks(&mut shards, now), ["c"]);
    assert!(!shards.saw("c", page(&[7], Some("i"), true), now));
    assert!(all_looks(&mut shards, now + SPACING).contains(&"c".to_owned()));
    assert!(!shards.is_at_end());
}

#[test]
fn an_offset_says_what_was_handed_over_and_not_what_was_seen() {
    let mut shards = open(None, &[("a", &[]), ("b", &[])]).expect("nothing is gone");
    let now = Instant::now();
    assert_eq!(all_looks(&mut shards, now).len(), 2);
    shards.saw("a", page(&[1, 2, 3], None, false), now);
    shards.saw("b", page(&[9], Some("i"), true), now);
    let place = |shards: &Shards, shard: &str| {
        let places = Places::parse(&shards.offset()).expect("it is an offset");
        places.shards.get(shard).map(|it| it.place.clone())
    };
    let after = |number: &str| Sequence::parse(number).map(Place::After);
    assert_eq!(place(&shards, "a"), Some(Place::Start));
    assert_eq!(shards.give(2).len(), 2);
    assert_eq!(place(&shards, "a"), after("2"));
    assert_eq!(shards.give(1).len(), 1);
    assert_eq!(place(&shards, "a"), Some(Place::Finished));
    assert!(!shards.is_at_end());
    assert_eq!(shards.give(5).len(), 1);
    assert_eq!(place(&shards, "b"), after("9"));
    assert!(shards.is_at_end());
    // Nothing is handed over twice, even if it is seen twice.
    shards.saw("b", page(&[9, 10], Some("i"), true), now);
    assert_eq!(shards.give(5).len(), 1);
}

#[test]
fn a_shard_that_is_not_listed_any_more_is_gone_unless_it_was_read_to_its_end() {
    let shards: [(&str, &[&str]); 1] = [("b", &["a"])];
    assert!(open(Some("a:end,b:5"), &shards).is_ok());
    assert!(open(Some("b:start"), &shards).is_ok());
    for gone in ["a:5", "a:start,b:5"] {
        let reason = open(Some(gone), &shards).expect_err("a is gone");
        assert!(reason.starts_with("a was not read"), "{reason}");
    }
}

#[test]
fn whoever_was_away_for_longer_than_anything_is_kept_may_have_missed_something() {
    let ago = |hours: i64| (Utc::now() - TimeDelta::hours(hours)).timestamp();
    for (offset, may_have_hole) in [
        (format!("a:5@{}", ago(23)), false),
        (format!("a:5@{}", ago(25)), true),
        (format!("a:start@{}", ago(25)), true),
        ("a:5".to_owned(), true),
        ("a:start".to_owned(), false),
    ] {
        let shards = open(Some(&offset), &[("a", &[])]);
        let look = shards.expect("it is there").look(Instant::now());
        let look = look.expect("it can be looked into");
        assert_eq!(look.may_have_hole, may_have_hole, "{offset}");
    }
}

#[test]
fn children_that_are_not_there_yet_are_looked_for_again() {
    let mut shards = open(None, &[("a", &[])]).expect("nothing is gone");
    let now = Instant::now();
    assert_eq!(all_looks(&mut shards, now), ["a"]);
    assert!(shards.saw("a", page(&[], None, false), now));
    assert!(!shards.know(vec![listed("a", &[])], now));
    assert!(shards.know(vec![listed("a", &[]), listed("b", &["a"])], now));
    assert_eq!(all_looks(&mut shards, now), ["b"]);
    // What it has came after the reader was opened.
    shards.give(1);
    assert!(shards.is_at_end());
}

#[test]
fn children_that_were_not_there_when_the_reader_was_opened_are_looked_for() {
    let shards = |offset, listed| open(Some(offset), listed).expect("nothing is gone");
    assert!(!shards("a:end", &[("a", &[])]).has_all_children());
    assert!(shards("a:end,b:1", &[("a", &[]), ("b", &["a"])]).has_all_children());
    assert!(shards("a:1", &[("a", &[])]).has_all_children());
}

#[test]
fn whoever_has_read_nothing_yet_has_missed_nothing_however_old_the_shard_is() {
    let mut shards = open(None, &[("a", &[])]).expect("nothing is gone");
    let mut now = Instant::now();
    let empty = |is_at_tip, behind| Page {
        until: Utc::now() - behind,
        ..page(&[], Some("i"), is_at_tip)
    };
    // Where nothing has come for a while the service answers with nothing, and goes on.
    let horizon = TimeDelta::days(1) - TimeDelta::seconds(1);
    for behind in [horizon, TimeDelta::hours(2)] {
        let look = shards.look(now).expect("it can be looked into");
        assert!(!look.may_have_hole, "{behind}");
        shards.saw("a", empty(false, behind), now);
        shards.give(1);
        assert_eq!(shards.offset().0, "a:start");
        now += SPACING;
    }
    shards.saw("a", empty(true, TimeDelta::zero()), now);
    shards.give(1);
    assert!(shards.offset().0.starts_with("a:start@"));
}

#[test]
fn a_look_that_was_refused_goes_on_where_the_last_one_ended() {
    let mut shards = open(None, &[("a", &[])]).expect("nothing is gone");
    let now = Instant::now();
    assert_eq!(all_looks(&mut shards, now), ["a"]);
    // Nothing was read that one could begin after.
    shards.saw("a", page(&[], Some("i"), false), now);
    for _ in 0..3 {
        let look = shards.look(now + LONGEST_PAUSE).expect("it is due");
        assert_eq!(look.iterator.as_deref(), Some("i"));
        shards.missed("a", now);
    }
}
