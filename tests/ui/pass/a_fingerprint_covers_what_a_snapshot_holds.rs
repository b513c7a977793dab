use rehydrate::{Aggregate, Describe, Event, Fingerprint};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

macro_rules! door {
    ($module:ident, $version:literal, $($state:tt)*) => {
        mod $module {
            use super::*;

            #[derive(Aggregate, Debug, Default, Serialize, Deserialize)]
            #[aggregate(id = String, event = DoorEvent, snapshot(every = 10, version = $version))]
            $($state)*

            impl ApplyDoorEvent for Door {
                fn shut(&mut self) {}
            }

            pub(super) fn fingerprint() -> Fingerprint {
                Door::SNAPSHOTS.fingerprint().expect("a fingerprint")
            }
        }
    };
}

door!(
    first,
    0,
    struct Door {
        by: String,
        times: Option<u64>,
    }
);
door!(
    formatted,
    0,
    /// With a comment.
    pub(crate) struct Door {
        /// Who.
        pub(super) by: String,
        times: Option<u64>,
    }
);
door!(
    versioned,
    1,
    struct Door {
        by: String,
        times: Option<u64>,
    }
);
door!(
    renamed,
    0,
    struct Door {
        whom: String,
        times: Option<u64>,
    }
);
door!(
    retyped,
    0,
    struct Door {
        by: String,
        times: Option<u32>,
    }
);
door!(
    reordered,
    0,
    struct Door {
        times: Option<u64>,
        by: String,
    }
);
door!(
    attributed,
    0,
    struct Door {
        #[serde(rename = "b")]
        by: String,
        times: Option<u64>,
    }
);
door!(
    renamed_to_the_same,
    0,
    #[serde(rename_all = "camelCase")]
    struct Door {
        by: String,
        times: Option<u64>,
    }
);
door!(
    container,
    0,
    #[serde(rename_all = "UPPERCASE")]
    struct Door {
        by: String,
        times: Option<u64>,
    }
);

macro_rules! held {
    ($module:ident, $derive:ident, $name:ident $held:tt) => {
        mod $module {
            use super::*;

            door!(
                door,
                0,
                struct Door {
                    last: Option<super::$name>,
                }
            );

            #[derive(Debug, $derive, Serialize, Deserialize)]
            struct $name $held

            pub(super) fn fingerprint() -> Fingerprint {
                door::fingerprint()
            }
        }
    };
}

held!(described, Describe, Visit { by: String });
held!(described_under_another_name, Describe, Guest { by: String });
held!(
    described_with_another_field,
    Describe,
    Visit { whom: String }
);
held!(undescribed, Clone, Visit { by: String });
held!(
    undescribed_with_another_field,
    Clone,
    Visit { whom: String }
);

fn main() {
    assert_eq!(first::fingerprint(), formatted::fingerprint());
    assert_eq!(first::fingerprint(), renamed_to_the_same::fingerprint());
    let all = [
        first::fingerprint(),
        versioned::fingerprint(),
        renamed::fingerprint(),
        retyped::fingerprint(),
        reordered::fingerprint(),
        attributed::fingerprint(),
        container::fingerprint(),
    ];
    let different: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());

    assert_eq!(
        described::fingerprint(),
        described_under_another_name::fingerprint()
    );
    assert_ne!(
        described::fingerprint(),
        described_with_another_field::fingerprint()
    );
    assert_ne!(described::fingerprint(), undescribed::fingerprint());
    assert_eq!(
        undescribed::fingerprint(),
        undescribed_with_another_field::fingerprint()
    );
}
