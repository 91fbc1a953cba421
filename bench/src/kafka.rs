//! The whole way over a real broker, and the bare client on the same topic. The input topic has one native event in each record. The
//! events pass through `run intake`, `run tally`, which is killed and restarted, and `run publish`.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

use crate::bare::{self, PARTITIONS};
use crate::process::Process;
use crate::service::{Connection, Service, plumbline};

/// Time between two polls of a service. Polling adds to its cost.
const LOOK: Duration = Duration::from_millis(100);
/// Time from the start to the only cut of the run by roles: after intake has begun and before it ends.
const CUT_AFTER_SECONDS: u64 = 6;
/// Events that all roles in one process accept in a second, at least.
const LEAST_A_SECOND: u64 = 150_000;
/// Time between two cuts, so long that there is no second one.
const CUT_EVERY_SECONDS: u64 = 72_000;
/// Events that the bare producer writes, at most.
const MOST_COPIED: u64 = 1_000_000;

/// The measurement and its input.
pub struct Plan {
    brokers: String,
    events: u64,
    /// An existing input topic; without one the bench creates one with its own traffic.
    topic: Option<String>,
    /// Measures added to the built-in ones.
    measures: Option<PathBuf>,
    /// Folder that keeps configuration and keys, for a look at the topics.
    folder: Option<PathBuf>,
    /// The broker's process, whose CPU time is printed.
    broker: Option<Process>,
}

impl Plan {
    /// Parses the arguments after the number of events, such as `--topic NAME`. The variable `BROKER_PID` names the broker.
    ///
    /// # Errors
    /// When an option is unknown.
    pub fn read(brokers: &str, events: u64, mut options: &[&str]) -> Result<Plan> {
        let broker = std::env::var("BROKER_PID").ok().and_then(|pid| pid.parse().ok()).map(Process::numbered);
        let mut plan = Plan { brokers: brokers.to_owned(), events, topic: None, measures: None, folder: None, broker };
        while let [name, value, rest @ ..] = options {
            match *name {
                "--topic" => plan.topic = Some((*value).to_owned()),
                "--measures" => plan.measures = Some(fs::canonicalize(value).with_context(|| format!("measures {value}"))?),
                "--folder" => plan.folder = Some(value.into()),
                _ => bail!("{name:?} is none of --topic NAME, --measures DIR and --folder DIR"),
            }
            options = rest;
        }
        ensure!(options.is_empty(), "{options:?}: the last option has no value; add it");
        Ok(plan)
    }

    /// Prints the cost per event of each role. Created topics are deleted at the end, unless a folder is named.
    ///
    /// # Errors
    /// When a step fails.
    pub fn measure(&self) -> Result<()> {
        let prefix = format!("bench-{}.", std::process::id());
        let measured = match &self.folder {
            Some(folder) => self.roles(folder, &prefix),
            None => self.roles(tempfile::tempdir()?.path(), &prefix),
        };
        let deleted = if self.folder.is_none() { bare::delete(&self.brokers, &prefix) } else { Ok(()) };
        measured.and(deleted)
    }

    fn roles(&self, folder: &Path, prefix: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        let input = self.topic.clone().unwrap_or(format!("{prefix}input"));
        if self.topic.is_none() {
            bare::make(&self.brokers, &input)?;
            bare::fill(&self.brokers, &input, self.events)?;
        }
        let copy = format!("{prefix}copy");
        bare::make(&self.brokers, &copy)?;
        let copied = self.events.min(MOST_COPIED);
        self.alone("bare consumer", self.events, || bare::consume(&self.brokers, &input, self.events))?;
        self.alone("bare consumer and producer", copied, || bare::copy(&self.brokers, &input, &copy, copied))?;
        self.together(&folder.join("together"), &format!("{prefix}together."), &input)?;
        let due = self.configure(folder, prefix, &input, CUT_AFTER_SECONDS)?;
        self.intake(folder)?;
        while now() < due {
            sleep(LOOK);
        }
        self.killed(folder)?;
        self.tally(folder)?;
        self.publish(folder)
    }

    /// All roles in one process, as a user starts: from the input topic to rows and the published run.
    fn together(&self, folder: &Path, prefix: &str, input: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        // The rows of the cut are complete only if it comes after all events.
        self.configure(folder, prefix, input, CUT_AFTER_SECONDS + self.events / LEAST_A_SECOND)?;
        let mut watch = Watch::start(self, folder, &[])?;
        watch.until("plumbline_tally_events_total", self.events)?;
        watch.print("all roles in one process")?;
        watch.until_there("plumbline_cut_lag_seconds")?;
        let cpu = watch.cpu()? * 1e6 / self.events as f64;
        println!("{:<28} {cpu:>5.2} us of CPU an event when the run was published, {:.1} s after its start", "", watch.seconds());
        Ok(())
    }

    /// Creates the topics. Returns the time of the cut, this many seconds from now, in seconds since 1970.
    fn configure(&self, folder: &Path, prefix: &str, input: &str, after: u64) -> Result<u64> {
        let due = now() + after;
        let measures =
            self.measures.as_deref().map(|dir| format!("measures = {:?}\n", dir.display().to_string())).unwrap_or_default();
        let brokers = &self.brokers;
        let text = format!(
            "partitions = {PARTITIONS}\n{measures}[publish]\nevery = \"{CUT_EVERY_SECONDS}s\"\nat = \"{}s\"\n\
             [kafka]\nbrokers = \"{brokers}\"\nprefix = \"{prefix}\"\ninstance = \"bench\"\n[inputs.\"{input}\"]\nfeeds = \"any\"\n",
            due % CUT_EVERY_SECONDS
        );
        fs::write(folder.join("plumbline.toml"), text).context("writing the configuration")?;
        let made = plumbline(folder, &["topics", "--apply"])?.output()?;
        ensure!(made.status.success(), "topics: {}", String::from_utf8_lossy(&made.stderr));
        Ok(due)
    }

    /// Work in this process.
    fn alone(&self, what: &str, events: u64, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let own = Process::own();
        let (begun, cpu, broker) = (Instant::now(), own.cpu_seconds()?, self.broker_cpu()?);
        work()?;
        let each = |seconds: f64| seconds * 1e6 / events as f64;
        let rate = events as f64 / begun.elapsed().as_secs_f64() / 1e3;
        let (cpu, broker) = (each(own.cpu_seconds()? - cpu), each(self.broker_cpu()? - broker));
        println!("{what:<28} {cpu:>5.2} us of CPU an event, broker {broker:.2} us, {rate:.0} k events/s");
        Ok(())
    }

    /// Seconds; 0 if the broker's process is unknown.
    fn broker_cpu(&self) -> Result<f64> {
        self.broker.as_ref().map_or(Ok(0.0), Process::cpu_seconds)
    }

    fn intake(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["intake"])?;
        watch.until("plumbline_intake_received_total", self.events)?;
        watch.print("intake")
    }

    /// A tally that is killed after it has folded three quarters.
    fn killed(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["tally"])?;
        let folded = watch.until("plumbline_tally_events_total", self.events * 3 / 4)?;
        println!("{:<28} killed (SIGKILL) at {folded} events", "tally");
        Ok(())
    }

    fn tally(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["tally"])?;
        watch.until("plumbline_tally_events_total", self.events * 3 / 4)?;
        println!("{:<28} back at three quarters {:.1} s after its start", "tally, restarted", watch.seconds());
        watch.until("plumbline_tally_events_total", self.events)?;
        watch.print("tally")?;
        watch.until_there("plumbline_tick_lag_seconds")?;
        let (cpu, rows) = (watch.cpu()? * 1e6 / self.events as f64, watch.connection.metric("plumbline_rows")?);
        println!(
            "{:<28} {rows} rows and their marks written {:.1} s after its start, {cpu:.2} us of CPU an event by then",
            "",
            watch.seconds()
        );
        let facts = watch.connection.metric("plumbline_facts")?;
        let bytes = (watch.service.process().peak_rss()? - watch.empty) as f64 / facts as f64;
        println!("{:<28} {facts} facts, {bytes:.1} bytes a fact: (peak RSS - RSS empty) / facts", "");
        Ok(())
    }

    fn publish(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["publish"])?;
        watch.until_there("plumbline_cut_lag_seconds")?;
        let (cpu, peak) = (watch.cpu()?, watch.service.process().peak_rss()? as f64 / 1e6);
        let seconds = watch.seconds();
        println!("{:<28} {cpu:.2} s of CPU, run published {seconds:.1} s after its start, {peak:.0} MB at most", "publish");
        Ok(())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A running role and its cost so far.
struct Watch<'p> {
    plan: &'p Plan,
    service: Service,
    connection: Connection,
    begun: Instant,
    broker: f64,
    empty: u64,
    done: u64,
    /// Events and CPU seconds after a quarter of the events, when the process is warm.
    quarter: Option<(u64, f64)>,
}

impl Watch<'_> {
    fn start<'p>(plan: &'p Plan, folder: &Path, roles: &[&str]) -> Result<Watch<'p>> {
        let (begun, broker) = (Instant::now(), plan.broker_cpu()?);
        let service = Service::start(folder, &[&["run"], roles].concat())?;
        let (connection, empty) = (service.connection()?, service.process().peak_rss()?);
        Ok(Watch { plan, service, connection, begun, broker, empty, done: 0, quarter: None })
    }

    /// Waits until a counter reaches a value. Returns the counter.
    fn until(&mut self, metric: &str, events: u64) -> Result<u64> {
        loop {
            self.done = self.connection.metric(metric)?;
            if self.quarter.is_none() && self.done >= self.plan.events / 4 {
                self.quarter = Some((self.done, self.cpu()?));
            }
            if self.done >= events {
                return Ok(self.done);
            }
            sleep(LOOK);
        }
    }

    /// Waits until a metric is present.
    fn until_there(&mut self, metric: &str) -> Result<()> {
        while !self.connection.tells(metric)? {
            sleep(LOOK);
        }
        Ok(())
    }

    fn cpu(&self) -> Result<f64> {
        self.service.process().cpu_seconds()
    }

    fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn print(&self, what: &str) -> Result<()> {
        let (seconds, cpu) = (self.seconds(), self.cpu()?);
        let each = |seconds: f64, events: u64| seconds * 1e6 / events.max(1) as f64;
        let warm = self.quarter.map_or(0.0, |(done, before)| each(cpu - before, self.done - done));
        let broker = each(self.plan.broker_cpu()? - self.broker, self.done);
        let (cpu, rate) = (each(cpu, self.done), self.done as f64 / seconds / 1e3);
        let peak = self.service.process().peak_rss()? as f64 / 1e6;
        println!(
            "{what:<28} {cpu:>5.2} us of CPU an event from its start, {warm:.2} warm, broker {broker:.2} us, {rate:.0} k events/s, {peak:.0} MB at most"
        );
        Ok(())
    }
}
