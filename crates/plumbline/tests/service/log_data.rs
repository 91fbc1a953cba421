//! The log on the disk: backups, formats, full disks and `kill -9`.

mod backup;
mod disk;
mod kill;
mod log_formats;
mod older_log;
