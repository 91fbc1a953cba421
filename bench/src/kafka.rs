//! The whole way over a real broker: an input topic of native events, one a record, through `run intake`, `run tally`, which is
//! killed on its way and started again, and `run publish`; and the bare client on the same topic.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

use crate::bare::{self, PARTITIONS};
use crate::process::Process;
use crate::service::{Connection, Service, plumbline};

/// So often a service is asked how far it is; asking costs it something, too.
const LOOK: Duration = Duration::from_millis(100);
/// The one cut of the run by roles is due so long after the start, which is before intake is through and after it has begun.
const CUT_AFTER_SECONDS: u64 = 6;
/// So many events a second all roles in one process take at least.
const LEAST_A_SECOND: u64 = 150_000;
/// The next one would be so much later: no second one comes.
const CUT_EVERY_SECONDS: u64 = 72_000;
/// The bare producer writes no more than so many events.
const MOST_COPIED: u64 = 1_000_000;

/// What is measured, and on what.
pub struct Plan {
    brokers: String,
    events: u64,
    /// An input topic of so many events that is there; one of our own traffic without it.
    topic: Option<String>,
    /// Measures beside the built-in ones.
    measures: Option<PathBuf>,
    /// Where configuration and keys are left, so that somebody may look at the topics.
    folder: Option<PathBuf>,
    /// The broker's process, whose CPU is told then.
    broker: Option<Process>,
}

impl Plan {
    /// From the arguments behind the number of events, such as `--topic NAME`; `BROKER_PID` in the environment names the broker.
    ///
    /// # Errors
    /// When there is no such option.
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
        ensure!(options.is_empty(), "{options:?}: an option wants its value");
        Ok(plan)
    }

    /// Prints what each role costs an event. The topics that it makes are deleted in the end, unless somebody named a folder.
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

    /// All roles in one process, which is what a user starts with: from the input topic to rows and the published run.
    fn together(&self, folder: &Path, prefix: &str, input: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        // The rows of the cut hold everything only if it comes after everything.
        self.configure(folder, prefix, input, CUT_AFTER_SECONDS + self.events / LEAST_A_SECOND)?;
        let mut watch = Watch::start(self, folder, &[])?;
        watch.until("plumbline_tally_events_total", self.events)?;
        watch.print("all roles in one process")?;
        watch.until_there("plumbline_cut_lag_seconds")?;
        let cpu = watch.cpu()? * 1e6 / self.events as f64;
        println!("{:<28} {cpu:>5.2} us of CPU an event when the run was published, {:.1} s after its start", "", watch.seconds());
        Ok(())
    }

    /// Makes the topics; returns when the cut is due, so many seconds from now, in seconds since 1970.
    fn configure(&self, folder: &Path, prefix: &str, input: &str, after: u64) -> Result<u64> {
        let due = now() + after;
        let measures =
            self.measures.as_deref().map(|dir| format!("measures = {:?}\n", dir.display().to_string())).unwrap_or_default();
        let brokers = &self.brokers;
        let text = format!(
            "partitions = {PARTITIONS}\n{measures}[publish]\nevery = \"{CUT_EVERY_SECONDS}s\"\nat = \"{}s\"\n\
             [kafka]\nbrokers = \"{brokers}\"\nprefix = \"{prefix}\"\ninstance = \"bench\"\n[inputs.\"{input}\"]\n",
            due % CUT_EVERY_SECONDS
        );
        fs::write(folder.join("plumbline.toml"), text).context("writing the configuration")?;
        let made = plumbline(folder, &["topics", "--apply"])?.output()?;
        ensure!(made.status.success(), "topics: {}", String::from_utf8_lossy(&made.stderr));
        Ok(due)
    }

    /// What this process itself does.
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

    /// Seconds; 0 where nobody said which process it is.
    fn broker_cpu(&self) -> Result<f64> {
        self.broker.as_ref().map_or(Ok(0.0), Process::cpu_seconds)
    }

    fn intake(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["intake"])?;
        watch.until("plumbline_intake_received_total", self.events)?;
        watch.print("intake")
    }

    /// A tally that is killed when it has folded three quarters.
    fn killed(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["tally"])?;
        let folded = watch.until("plumbline_tally_events_total", self.events * 3 / 4)?;
        println!("{:<28} killed (SIGKILL) at {folded} events", "tally");
        Ok(())
    }

    fn tally(&self, folder: &Path) -> Result<()> {
        let mut watch = Watch::start(self, folder, &["tally"])?;
        watch.until("plumbline_tally_events_total", self.events * 3 / 4)?;
        println!("{:<28} back at three quarters {:.1} s after its start", "tally, started again", watch.seconds());
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

/// A role that runs, and what it has cost so far.
struct Watch<'p> {
    plan: &'p Plan,
    service: Service,
    connection: Connection,
    begun: Instant,
    broker: f64,
    empty: u64,
    done: u64,
    /// Events and CPU seconds when a quarter was done: from there on it is warm.
    quarter: Option<(u64, f64)>,
}

impl Watch<'_> {
    fn start<'p>(plan: &'p Plan, folder: &Path, roles: &[&str]) -> Result<Watch<'p>> {
        let (begun, broker) = (Instant::now(), plan.broker_cpu()?);
        let service = Service::start(folder, &[&["run"], roles].concat())?;
        let (connection, empty) = (service.connection()?, service.process().peak_rss()?);
        Ok(Watch { plan, service, connection, begun, broker, empty, done: 0, quarter: None })
    }

    /// Waits until a counter is there; returns where it is then.
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

    /// Waits until a metric is told at all.
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
