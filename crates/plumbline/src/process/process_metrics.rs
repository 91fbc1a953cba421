//! The `process_*` metrics that Prometheus' clients agree on, read from `/proc`. Systems without that folder show none of them.

use std::fs;

use crate::process::metric_registry::MetricRegistry;

/// Linux reports processor times in hundredths of a second (`USER_HZ`), on every architecture that Plumbline supports.
const TICKS_A_SECOND: f64 = 100.0;
/// Fields of `/proc/self/stat` behind the program's name, from 0. Source: `proc_pid_stat(5)`, fields 14, 15 and 22.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const START_TICKS: usize = 19;

/// Adds the metrics of this process.
pub fn register(registry: &MetricRegistry) {
    let gauge = |name, help, read: fn() -> Option<f64>| {
        registry.gauges(name, help, [], move || read().map(|value| ([""; 0], value)).into_iter().collect());
    };
    let help = "Processor time, user and system. High: the process is busy, mostly with folding or with a run.";
    registry.seconds_counter("process_cpu_seconds_total", help, || cpu_seconds(&fs::read_to_string("/proc/self/stat").ok()?));
    let help = "Memory in use. High: close to the limit of the container or the machine, which then ends the process.";
    gauge("process_resident_memory_bytes", help, resident_bytes);
    let help = "Address space that the process has reserved, in use or not.";
    gauge("process_virtual_memory_bytes", help, || status_bytes("VmSize:"));
    let help = "Open files and connections. High: close to process_max_fds, where opening more fails.";
    gauge("process_open_fds", help, || Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64));
    let help = "Files and connections that the process may have open.";
    gauge("process_max_fds", help, || max_open_files(&fs::read_to_string("/proc/self/limits").ok()?));
    let help = "Start of the process, in seconds since 1970. A change is a restart.";
    gauge("process_start_time_seconds", help, || {
        start_seconds(&fs::read_to_string("/proc/stat").ok()?, &fs::read_to_string("/proc/self/stat").ok()?)
    });
}

/// Memory in use, bytes; `None` where the system does not say.
#[must_use]
pub fn resident_bytes() -> Option<f64> {
    status_bytes("VmRSS:")
}

/// The program's name is in parentheses and may hold spaces and parentheses itself.
fn stat_field(stat: &str, field: usize) -> Option<f64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(field)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, USER_TICKS)? + stat_field(stat, SYSTEM_TICKS)?) / TICKS_A_SECOND)
}

/// The time of the machine's start and the ticks from there to the process's start.
fn start_seconds(machine: &str, stat: &str) -> Option<f64> {
    let booted: f64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(booted + stat_field(stat, START_TICKS)? / TICKS_A_SECOND)
}

fn status_bytes(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: f64 = status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1_024.0)
}

fn max_open_files(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7540 (a b) c) R 7535 7535 26900 0 -1 4194304 99 0 0 0 250 50 0 0 20 0 1 0 287634 3133440 411 0";

    #[test]
    fn processor_time_is_user_and_system_time_and_the_name_may_hold_anything() {
        assert_eq!(cpu_seconds(STAT), Some(3.0));
        assert_eq!(cpu_seconds("7540 (cut off"), None);
    }

    #[test]
    fn the_start_is_counted_from_the_machines_start() {
        assert_eq!(start_seconds("cpu 1 2 3\nbtime 1796000661\nprocesses 9\n", STAT), Some(1_796_003_537.34));
    }

    #[test]
    fn the_soft_limit_of_open_files_counts() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            20000                524288    files\n";
        assert_eq!(max_open_files(limits), Some(20_000.0));
        assert_eq!(max_open_files("Max open files  unlimited  unlimited  files"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_shows_all_of_them() {
        let registry = MetricRegistry::default();
        register(&registry);
        let text = registry.text().unwrap();
        for definition in registry.definitions() {
            let series = format!("\n{} ", definition.name);
            assert!(text.contains(&series), "{series:?} is missing in {text}");
        }
    }
}
