//! What the application has told the console of its types.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rehydrate::schema::AnyEvent;
use rehydrate::{
    Aggregate, AggregateId, Clock, EventSet, EventStore, LoadError, Position, Projection, Rebuild,
    Repository, RowScope, SnapshotCheck, UpcastCopy, VerifyLog, Version,
};
use serde::Serialize;
use serde_json::Value;

use crate::error::OpsError;

/// When to look at an aggregate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Now,
    Version(Version),
    Time(DateTime<Utc>),
}

/// An aggregate as it is or was.
pub(crate) struct Loaded {
    pub(crate) version: Version,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    pub(crate) state: Value,
}

/// An aggregate's type, without the type.
#[async_trait]
pub(crate) trait AnyAggregate: Send + Sync {
    fn has_snapshots(&self) -> bool;

    async fn load(&self, id: &str, at: At) -> Result<Loaded, OpsError>;

    async fn verify(&self, id: &str) -> Result<SnapshotCheck, OpsError>;
}

struct Typed<A: Aggregate>(Repository<A>);

impl<A: Aggregate> Typed<A> {
    fn id(&self, text: &str) -> Result<A::Id, OpsError> {
        A::Id::parse(text).map_err(|source| OpsError::Because {
            what: format!("{text:?} is not an id of a {}", A::CATEGORY),
            source: Box::new(source),
        })
    }
}

#[async_trait]
impl<A: Aggregate + Serialize> AnyAggregate for Typed<A> {
    fn has_snapshots(&self) -> bool {
        A::SNAPSHOTS.fingerprint().is_some()
    }

    async fn load(&self, id: &str, at: At) -> Result<Loaded, OpsError> {
        let id = self.id(id)?;
        let root = match at {
            At::Now => self.0.load(&id).await?,
            At::Version(version) => self.0.load_at(&id, version).await?,
            At::Time(time) => self.0.load_as_of(&id, time).await?,
        };
        Ok(Loaded {
            version: root.version(),
            position: root.position(),
            recorded_at: root.recorded_at(),
            state: serde_json::to_value(&*root)?,
        })
    }

    async fn verify(&self, id: &str) -> Result<SnapshotCheck, OpsError> {
        let id = self.id(id)?;
        let checked: Result<SnapshotCheck, LoadError> = self.0.verify(&id).await;
        Ok(checked?)
    }
}

/// A version of a projection.
pub(crate) struct Registered {
    pub(crate) rebuild: Rebuild,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) is_idempotent: bool,
    pub(crate) rows: RowScope,
}

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) aggregates: BTreeMap<&'static str, Arc<dyn AnyAggregate>>,
    /// How the events of all of them are read.
    pub(crate) verify_log: VerifyLog,
    /// Their event enums, each once.
    pub(crate) events: Vec<AnyEvent>,
    /// How the events of all of them are written as they are today.
    pub(crate) upcast_copy: UpcastCopy,
    /// By name, the versions in ascending order.
    pub(crate) projections: BTreeMap<&'static str, Vec<Registered>>,
    pub(crate) reactors: Vec<&'static str>,
}

impl Registry {
    pub(crate) fn aggregate<A: Aggregate + Serialize>(&mut self, store: &Arc<dyn EventStore>) {
        let repository: Repository<A> = Repository::new(Arc::clone(store));
        self.aggregates
            .insert(A::CATEGORY, Arc::new(Typed(repository)));
        self.verify_log = self.verify_log.clone().aggregate::<A>();
        let event = AnyEvent::of::<A::Event>();
        // Two aggregates may have one enum.
        if self.events.iter().all(|it| it.schema() != event.schema()) {
            self.events.push(event);
        }
        self.upcast_copy = self.upcast_copy.clone().aggregate::<A>();
    }

    pub(crate) fn projection<P: Projection>(&mut self, rebuild: Rebuild) {
        let versions = self.projections.entry(P::NAME).or_default();
        // The last one of a version counts.
        versions.retain(|other| other.rebuild.version() != P::VERSION);
        versions.push(Registered {
            rebuild,
            categories: P::Events::categories(),
            is_idempotent: P::IDEMPOTENT,
            rows: P::ROWS,
        });
        versions.sort_by_key(|registered| registered.rebuild.version());
    }

    pub(crate) fn set_clock(&mut self, clock: &Arc<dyn Clock>) {
        for registered in self.projections.values_mut().flatten() {
            let rebuild = registered.rebuild.clone();
            registered.rebuild = rebuild.with_clock(Arc::clone(clock));
        }
    }

    /// A projection, in this version or in the newest one.
    pub(crate) fn find(&self, name: &str, version: Option<u32>) -> Result<&Registered, OpsError> {
        let versions = self.versions(name)?;
        let found = match version {
            None => versions.last(),
            Some(wanted) => versions
                .iter()
                .find(|registered| registered.rebuild.version() == wanted),
        };
        found.ok_or_else(|| {
            let known: Vec<String> = versions
                .iter()
                .map(|registered| registered.rebuild.version().to_string())
                .collect();
            OpsError::Usage(format!(
                "this program has no version {} of {name}; it has: {}",
                version.unwrap_or_default(),
                known.join(", ")
            ))
        })
    }

    pub(crate) fn versions(&self, name: &str) -> Result<&[Registered], OpsError> {
        let versions = self.projections.get(name).map(Vec::as_slice);
        versions.ok_or_else(|| {
            let known: Vec<&str> = self.projections.keys().copied().collect();
            OpsError::Usage(if self.reactors.contains(&name) {
                format!("{name} is a reactor, and only projections are rebuilt and replayed")
            } else if known.is_empty() {
                format!("this program has no projection {name}, nor any other")
            } else {
                format!(
                    "this program has no projection {name}; it has: {}",
                    known.join(", ")
                )
            })
        })
    }
}
