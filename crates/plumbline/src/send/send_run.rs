//! One run of `send`: the files in order, chunk by chunk, each behind the answer to the one before.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::history::lines::{self, RawRecord};
use crate::kafka::topic_sender::TopicSender;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{SEND_REQUEST_TIMEOUT, SHUTDOWN_POLL};
use crate::send::chunk::Chunk;
use crate::send::http_sender::{ChunkDelivery, HttpSender};
use crate::send::send_error::SendError;
use crate::send::send_state::{SendState, stamp};
use crate::send::send_summary::{RejectList, SendSummary, SentReject};
use crate::send::sent_answer::{AnsweredElement, SentAnswer};
use crate::terminal::progress::Progress;

/// One input of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SendInput {
    /// A file with events, and its name in messages.
    File { name: String, path: PathBuf },
    /// Standard input.
    Stdin,
}

/// Receives the records of a source, each with the line on which it begins.
pub(crate) type EachRecord<'e> = &'e mut dyn FnMut(u64, RawRecord<'_>) -> Result<()>;

/// The target of a sender.
#[derive(Debug)]
pub(crate) enum SendTarget {
    /// A service.
    Http(HttpSender),
    /// An input topic: its name, and its producer.
    Topic(String, TopicSender),
}

/// A sender with everything that it counts.
pub(crate) struct SendRun<'a> {
    pub(crate) target: SendTarget,
    pub(crate) state: SendState,
    pub(crate) summary: SendSummary,
    pub(crate) rejects: RejectList,
    pub(crate) progress: Progress,
    pub(crate) interrupt: &'a Interrupt,
    /// Bytes of the files before the current one.
    done_bytes: u64,
}

/// The place of a source while it is sent.
struct SourceProgress {
    name: String,
    stamp: String,
    /// Records that earlier runs have sent.
    skip: u64,
    /// Records that were read, skipped ones included.
    read: u64,
    bytes: u64,
    size: u64,
    chunk: Chunk,
}

impl<'a> SendRun<'a> {
    pub(crate) fn new(
        target: SendTarget,
        state: SendState,
        rejects: RejectList,
        progress: Progress,
        interrupt: &'a Interrupt,
    ) -> SendRun<'a> {
        let summary = state.summary();
        SendRun { target, state, summary, rejects, progress, interrupt, done_bytes: 0 }
    }

    /// Sends an input.
    ///
    /// # Errors
    /// [`SendError`] when the sender must stop, and the file system's.
    pub(crate) fn send(&mut self, input: &SendInput) -> Result<()> {
        match input {
            SendInput::Stdin => self.source("-", String::new(), 0, &mut |each| lines::read_stream(std::io::stdin(), each)),
            SendInput::File { name, path } => {
                let named = || format!("reading {}", path.display());
                let size = std::fs::metadata(path).with_context(named)?.len();
                let read: &mut dyn FnMut(EachRecord<'_>) -> Result<()> = &mut |each| lines::read(path, each);
                self.source(name, stamp(path).with_context(named)?, size, read).with_context(named)
            }
        }
    }

    /// Sends the records of a source that earlier runs have not sent.
    pub(crate) fn source(
        &mut self,
        name: &str,
        stamp: String,
        size: u64,
        read: &mut dyn FnMut(EachRecord<'_>) -> Result<()>,
    ) -> Result<()> {
        let skip = self.state.records(name, &stamp);
        let is_complete = self.state.is_complete(name, &stamp);
        let mut source = SourceProgress { name: name.to_owned(), stamp, skip, read: 0, bytes: 0, size, chunk: Chunk::default() };
        if !is_complete {
            let result = read(&mut |line, record| self.record(&mut source, line, record));
            let result = result.and_then(|()| self.flush(&mut source));
            // Answers from before the failure are kept.
            let written = self.state.write();
            result?;
            written?;
            let place = (&*source.name, &*source.stamp);
            self.state.answered(place, source.read, true, &self.summary)?;
        }
        self.done_bytes += size;
        Ok(())
    }

    fn record(&mut self, source: &mut SourceProgress, line: u64, record: RawRecord<'_>) -> Result<()> {
        if self.interrupt.asked() {
            return Err(SendError::Interrupted.into());
        }
        if source.read < source.skip {
            source.read += 1;
            return Ok(());
        }
        let (line, reason, detail) = match record {
            RawRecord::Bytes(bytes) => {
                if !source.chunk.fits(bytes) {
                    self.flush(source)?;
                }
                source.bytes += bytes.len() as u64 + 1;
                source.chunk.push(bytes, line);
                source.read += 1;
                return Ok(());
            }
            RawRecord::TooLong(limit) => {
                let detail = format!("the record is longer than {} MiB; write one record a line", limit >> 20);
                (line, "too_long", detail)
            }
            RawRecord::Damaged => {
                let detail = "the gzip data are damaged here, and the rest of the file is not read; compress the file again";
                (line, "wrong_format", detail.to_owned())
            }
        };
        self.flush(source)?;
        self.unsent(source, line, reason, detail)?;
        source.read += 1;
        Ok(())
    }

    /// Sends the chunk of a source, and notes its records.
    fn flush(&mut self, source: &mut SourceProgress) -> Result<()> {
        let chunk = std::mem::take(&mut source.chunk);
        if chunk.is_empty() {
            return Ok(());
        }
        let shown = self.done_bytes + source.bytes.min(source.size);
        self.progress.at(shown, source.name.clone());
        self.deliver(source, chunk)?;
        self.state.answered((&source.name, &source.stamp), source.read, false, &self.summary)
    }

    fn deliver(&mut self, source: &SourceProgress, chunk: Chunk) -> Result<()> {
        match &self.target {
            SendTarget::Http(http) => {
                let progress = &self.progress;
                match http.deliver(&chunk.body, &mut |notice| progress.note(&format!("plumbline: {notice}")))? {
                    ChunkDelivery::Answered(answer) => self.answered(source, &chunk, &answer),
                    ChunkDelivery::TooLarge(detail) => match chunk.halves() {
                        Some([first, second]) => {
                            self.deliver(source, first)?;
                            self.deliver(source, second)
                        }
                        None => self.unsent(source, chunk.lines().0, "too_large", detail),
                    },
                }
            }
            SendTarget::Topic(topic, _) => {
                let topic = topic.clone();
                self.write_records(source, &chunk).map_err(|error| match error.downcast::<SendError>() {
                    Ok(stopped) => stopped.into(),
                    Err(error) => {
                        let target = format!("the topic {topic}");
                        SendError::Away { target, fault: stream::log::with_sources(error.as_ref()) }.into()
                    }
                })
            }
        }
    }

    fn write_records(&mut self, source: &SourceProgress, chunk: &Chunk) -> Result<()> {
        let SendTarget::Topic(_, sender) = &self.target else { unreachable!("the caller has a topic") };
        let is_stopped = || self.interrupt.asked();
        let mut refused = Vec::new();
        for (line, record) in chunk.records() {
            if sender.send(record, &is_stopped)?.is_err() {
                refused.push(line);
            }
        }
        let begun = std::time::Instant::now();
        while !sender.acknowledged(SHUTDOWN_POLL, &is_stopped)? {
            if is_stopped() {
                return Err(SendError::Interrupted.into());
            }
            // The client itself fails a record after `delivery.timeout.ms`, five minutes by default.
            if begun.elapsed() > SEND_REQUEST_TIMEOUT * 5 {
                return Err(anyhow!("no broker acknowledges the records"));
            }
        }
        self.summary.acknowledged += chunk.len() as u64 - refused.len() as u64;
        for line in refused {
            let detail = "the record is larger than kafka.properties.\"message.max.bytes\" (16 MiB); send it over HTTP, in parts";
            self.unsent(source, line, "too_large", detail.to_owned())?;
        }
        Ok(())
    }

    fn answered(&mut self, source: &SourceProgress, chunk: &Chunk, answer: &SentAnswer) -> Result<()> {
        self.summary.add(answer);
        for element in answer.events.iter().filter(|element| element.status == "rejected") {
            self.reject(&rejected(&source.name, chunk, element))?;
        }
        Ok(())
    }

    /// Counts a record that no request can carry.
    fn unsent(&mut self, source: &SourceProgress, line: u64, reason: &str, detail: String) -> Result<()> {
        self.summary.unsent += 1;
        *self.summary.reasons.entry(reason.to_owned()).or_default() += 1;
        let (file, reason) = (source.name.clone(), reason.to_owned());
        self.reject(&SentReject { file, line, last_line: None, id: None, reason, field: String::new(), detail })
    }

    fn reject(&mut self, reject: &SentReject) -> Result<()> {
        self.rejects.add(reject).context("writing the file of --rejects")
    }
}

/// A rejected element at its place. An entry of a Bundle has no line of its own, so the lines of its chunk are named.
fn rejected(file: &str, chunk: &Chunk, element: &AnsweredElement) -> SentReject {
    let (first, last) = chunk.lines();
    let line = element.line.and_then(|line| chunk.source_line(line));
    let last_line = (line.is_none() && first < last).then_some(last);
    let AnsweredElement { id, reason, field, detail, .. } = element.clone();
    SentReject { file: file.to_owned(), line: line.unwrap_or(first), last_line, id, reason, field, detail }
}
