//! CPU time and memory of a process, from Linux: `/proc/PID/stat` and `/proc/PID/status`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks per second in `/proc`, the same on every Linux.
const TICKS: f64 = 100.0;

/// CPU time of this thread, which excludes other processes of the machine.
pub fn thread_time() -> Result<Duration> {
    // Linux updates the time of a running thread only from time to time, and always when it yields.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("reading CPU times; this needs Linux")?;
    let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.map(Duration::from_nanos).context("nanoseconds in /proc/thread-self/schedstat")
}

/// One process.
pub struct Process(String);

impl Process {
    /// This process.
    pub fn own() -> Process {
        Process("self".to_owned())
    }

    /// The process with this id.
    pub fn numbered(pid: u32) -> Process {
        Process(pid.to_string())
    }

    /// CPU seconds so far over all cores, user and system.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).context("reading CPU times; this needs Linux")?;
        // After the name in parentheses: state is the first field, user and system times are the twelfth and thirteenth.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("a time in /proc/PID/stat");
        Ok((ticks(11)? + ticks(12)?) / TICKS)
    }

    /// Peak resident memory, bytes.
    pub fn peak_rss(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).context("reading memory; this needs Linux")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM in /proc/PID/status")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("a number of kB")?;
        Ok(kib * 1_024)
    }
}
