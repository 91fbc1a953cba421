//! A full disk under the embedded log: threads that write end, and the service goes on answering reads.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use stream::log::{LogError, with_sources};
use tracing::error;

use crate::process::limits::SHUTDOWN_POLL;
use crate::service::worker::WorkerContext;

/// Time in which the thread that found the disk full reports it, after another thread failed because of it.
const REPORT_WAIT: Duration = Duration::from_secs(1);

/// Whether the service goes on answering reads after this failure of a thread: the log is embedded and the disk is full. After the
/// first failed write the engine refuses all others, without their reason.
pub(crate) fn keeps_reading(work: &WorkerContext, role: &'static str, failure: &LogError) -> bool {
    if work.log.kafka().is_some() || !matches!(failure, LogError::Storage(_)) {
        return false;
    }
    if is_full(failure) {
        let text = with_sources(failure);
        work.status.fail_disk(text.clone());
        error!(role, error = text, "the disk is full: writes end and reads go on; free disk space, then restart");
        return true;
    }
    let begun = Instant::now();
    while begun.elapsed() < REPORT_WAIT && work.status.disk_failure().is_none() {
        std::thread::sleep(SHUTDOWN_POLL);
    }
    work.status.disk_failure().is_some()
}

fn is_full(failure: &LogError) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = Some(failure);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use crate::intake::rejects::reject_store::RejectStoreError;
    use crate::log::log_directory::LocalLogError;

    #[test]
    fn a_full_disk_is_recognised_below_the_log_and_the_rejects() {
        let io = |kind: ErrorKind| io::Error::from(kind);
        let of_log =
            |kind| LogError::Storage(LocalLogError::Io { dir: PathBuf::new(), doing: "written", source: io(kind) }.into());
        let of_rejects =
            |kind| LogError::Storage(RejectStoreError::Io { path: PathBuf::new(), doing: "written", source: io(kind) }.into());
        assert!(is_full(&of_log(ErrorKind::StorageFull)) && is_full(&of_rejects(ErrorKind::QuotaExceeded)));
        assert!(!is_full(&of_log(ErrorKind::PermissionDenied)));
        assert!(!is_full(&LogError::Storage(LocalLogError::Poisoned { dir: PathBuf::new(), doing: "written" }.into())));
    }
}
