//! The free space of the disk under the data folder, and the reserve below which intake stops.
//!
//! A full disk ends every writer. So intake stops earlier, and publication, reads and the removal of old records have room to go on.

use std::path::{Path, PathBuf};

use crate::process::metric_registry::MetricRegistry;

/// Bytes in one MiB.
const MIB: u64 = 1 << 20;

/// The disk of a folder, and its reserve.
#[derive(Clone, Debug)]
pub struct DiskSpace {
    folder: PathBuf,
    reserve: u64,
}

impl DiskSpace {
    /// The disk of this folder, with a reserve in bytes; 0 is none.
    #[must_use]
    pub fn of(folder: &Path, reserve: u64) -> DiskSpace {
        DiskSpace { folder: folder.to_owned(), reserve }
    }

    /// Bytes that this user can still write; `None` where the system does not say.
    #[cfg(unix)]
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.folder).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Bytes that this user can still write; `None` where the system does not say.
    #[cfg(not(unix))]
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        None
    }

    /// The reason why intake accepts nothing now, with the cure; `None` while there is more room than the reserve.
    #[must_use]
    pub fn shortage(&self) -> Option<String> {
        let free = self.free().filter(|free| *free < self.reserve)?;
        Some(format!(
            "the disk of {} has {} MiB left, less than disk-reserve ({} MiB); free disk space, or lower disk-reserve and restart",
            self.folder.display(),
            free / MIB,
            self.reserve / MIB
        ))
    }

    /// Adds the gauges of the disk.
    pub fn register_metrics(&self, registry: &MetricRegistry) {
        let disk = self.clone();
        let help = "Bytes that the service can still write to the disk of its data folder. Below the reserve intake answers 507.";
        registry.gauge("plumbline_disk_free_bytes", help, move || disk.free());
        let reserve = self.reserve;
        let help = "Free bytes below which intake accepts nothing: the option `disk-reserve`; 0 over Kafka.";
        registry.gauge("plumbline_disk_reserve_bytes", help, move || reserve);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_names_the_folder_the_room_and_the_option() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(DiskSpace::of(dir.path(), 0).shortage(), None);
        assert_eq!(DiskSpace::of(Path::new("/no/such/folder"), u64::MAX).shortage(), None, "unknown is not full");
        let text = DiskSpace::of(dir.path(), u64::MAX).shortage().unwrap();
        assert!(text.contains(&dir.path().display().to_string()) && text.contains("disk-reserve"), "{text}");
    }
}
