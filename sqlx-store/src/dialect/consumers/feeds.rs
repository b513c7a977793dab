//! How far builds have read their sources, and what waits in them.

use rehydrate_port::{
    BoxError, FeedPlace, LastFed, Offset, Position, StoreError, StreamId, Version, WaitingEvent,
};
use serde::Deserialize;
use serde_json::json;

use crate::dialect::rows::clamp;
use crate::dialect::session::{Answer, Bind, Kept, Session};

#[derive(Debug, Deserialize)]
struct RawPlace {
    consumer: String,
    build: u32,
    origin: String,
    source_offset: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RawLast {
    category: String,
    stream_id: String,
    version: u64,
    part: u32,
}

#[derive(Debug, Deserialize)]
struct RawWaiting {
    position: u64,
    event: String,
}

pub(crate) async fn feeds(
    session: &mut impl Session,
    consumer: Option<&str>,
) -> Result<Vec<FeedPlace>, StoreError> {
    places(session, consumer, None).await
}

pub(crate) async fn feed(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
) -> Result<Option<FeedPlace>, StoreError> {
    Ok(places(session, Some(consumer), Some(build)).await?.pop())
}

async fn places(
    session: &mut impl Session,
    consumer: Option<&str>,
    build: Option<u32>,
) -> Result<Vec<FeedPlace>, StoreError> {
    const ACTION: &str = "read how far a source was read";
    let binds = vec![
        Bind::Name(consumer.map(ToOwned::to_owned)),
        Bind::Integer(build.map(i64::from)),
    ];
    let answers = session.read(ACTION, Kept::ReadFeeds, binds).await?;
    let places = answers.iter().map(|answer| {
        let raw: RawPlace = parsed(ACTION, answer)?;
        Ok(FeedPlace {
            consumer: raw.consumer,
            build: raw.build,
            origin: raw.origin,
            offset: raw.source_offset.map(Offset),
        })
    });
    places.collect()
}

pub(crate) async fn put_feed(
    session: &mut impl Session,
    place: &FeedPlace,
) -> Result<(), StoreError> {
    let binds = vec![
        Bind::name(&place.consumer),
        place.build.into(),
        Bind::text(&place.origin),
        Bind::Text(place.offset.as_ref().map(|offset| offset.0.clone())),
    ];
    session
        .write("note how far a source was read", Kept::PutFeed, binds)
        .await?;
    Ok(())
}

pub(crate) async fn last_fed(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    streams: &[StreamId],
) -> Result<Vec<LastFed>, StoreError> {
    const ACTION: &str = "read which events were taken from a source";
    if streams.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<[&str; 2]> = streams.iter().map(|it| [it.category(), it.id()]).collect();
    let binds = vec![
        Bind::text(&json!(names).to_string()),
        Bind::name(consumer),
        build.into(),
    ];
    let answers = session.read(ACTION, Kept::ReadLastFed, binds).await?;
    let last = answers.iter().map(|answer| {
        let raw: RawLast = parsed(ACTION, answer)?;
        Ok(LastFed {
            stream: StreamId::new(raw.category, raw.stream_id)
                .map_err(|error| unreadable(ACTION, error.into()))?,
            version: Version::new(raw.version),
            part: raw.part,
        })
    });
    last.collect()
}

pub(crate) async fn put_last_fed(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    last: &[LastFed],
) -> Result<(), StoreError> {
    if last.is_empty() {
        return Ok(());
    }
    let last = last.iter().map(|it| {
        let stream = &it.stream;
        json!([
            stream.category(),
            stream.id(),
            clamp(it.version.get()),
            it.part
        ])
    });
    let last: Vec<serde_json::Value> = last.collect();
    let binds = vec![
        Bind::name(consumer),
        build.into(),
        Bind::text(&json!(last).to_string()),
    ];
    session
        .write("note which events were taken", Kept::PutLastFed, binds)
        .await?;
    Ok(())
}

pub(crate) async fn fed_further(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    than: u32,
) -> Result<u64, StoreError> {
    let binds = vec![than.into(), Bind::name(consumer), build.into()];
    let answers = session
        .read("compare two builds", Kept::CountFedFurther, binds)
        .await?;
    let streams = answers.first().and_then(|answer| answer.0).unwrap_or(0);
    Ok(u64::try_from(streams).unwrap_or(0))
}

pub(crate) async fn waiting(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    stream: &StreamId,
    after: Position,
    limit: usize,
) -> Result<Vec<WaitingEvent>, StoreError> {
    const ACTION: &str = "read events that wait";
    let binds = vec![
        Bind::name(consumer),
        build.into(),
        Bind::name(stream.category()),
        Bind::name(stream.id()),
        clamp(after.get()).into(),
        clamp(limit).into(),
    ];
    let answers = session.read(ACTION, Kept::ReadWaiting, binds).await?;
    let events = answers.iter().map(|answer| {
        let raw: RawWaiting = parsed(ACTION, answer)?;
        Ok(WaitingEvent {
            position: Position::new(raw.position),
            stream: stream.clone(),
            event: raw.event,
        })
    });
    events.collect()
}

pub(crate) async fn put_waiting(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    event: &WaitingEvent,
) -> Result<(), StoreError> {
    let binds = vec![
        Bind::name(consumer),
        build.into(),
        clamp(event.position.get()).into(),
        Bind::name(event.stream.category()),
        Bind::name(event.stream.id()),
        Bind::text(&event.event),
    ];
    session
        .write("keep an event that waits", Kept::PutWaiting, binds)
        .await?;
    Ok(())
}

pub(crate) async fn remove_waiting(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    position: Position,
) -> Result<(), StoreError> {
    let binds = vec![
        Bind::name(consumer),
        build.into(),
        clamp(position.get()).into(),
    ];
    session
        .write(
            "remove an event that has waited",
            Kept::RemoveWaiting,
            binds,
        )
        .await?;
    Ok(())
}

fn parsed<'a, T: Deserialize<'a>>(
    action: &'static str,
    answer: &'a Answer,
) -> Result<T, StoreError> {
    let text = answer.1.as_deref().unwrap_or_default();
    serde_json::from_str(text).map_err(|error| unreadable(action, error.into()))
}

fn unreadable(action: &'static str, source: BoxError) -> StoreError {
    StoreError::Backend { action, source }
}
