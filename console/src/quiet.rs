//! Panics that a report tells of anyway.

use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};

use rehydrate::VerifyLog;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// As long as it lives, a panic while events are verified prints nothing; any other panic does what
/// it did before.
#[derive(Debug)]
pub(crate) struct Quiet(());

/// There is one hook for all threads, and two verifications may run at once.
struct Installed {
    by: usize,
    before: Option<Arc<Hook>>,
}

static INSTALLED: Mutex<Installed> = Mutex::new(Installed {
    by: 0,
    before: None,
});

impl Quiet {
    pub(crate) fn new() -> Self {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.by += 1;
        if installed.before.is_none() {
            let before = Arc::new(panic::take_hook());
            installed.before = Some(Arc::clone(&before));
            panic::set_hook(Box::new(move |info| {
                if !VerifyLog::is_decoding() {
                    before(info);
                }
            }));
        }
        Self(())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.by -= 1;
        // A thread that panics cannot change the hook; the next verification will.
        if installed.by > 0 || std::thread::panicking() {
            return;
        }
        let before = installed.before.take();
        drop(panic::take_hook());
        if let Some(before) = before.and_then(Arc::into_inner) {
            panic::set_hook(before);
        }
    }
}
