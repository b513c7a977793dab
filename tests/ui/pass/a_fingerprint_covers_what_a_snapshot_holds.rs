use rehydrate::{Aggregate, Event};
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

            pub(super) fn fingerprint() -> String {
                format!("{:?}", Door::SNAPSHOTS).split("fingerprint").nth(1).expect("a fingerprint")
                    .split("encode").next().expect("a fingerprint").to_owned()
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
    container,
    0,
    #[serde(rename_all = "camelCase")]
    struct Door {
        by: String,
        times: Option<u64>,
    }
);

fn main() {
    assert_eq!(first::fingerprint(), formatted::fingerprint());
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
}
