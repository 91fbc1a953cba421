//! `GET /v1/export`: cards as one table, written while the client reads it.

use std::io::{self, BufWriter, Write};

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use flate2::write::GzEncoder;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::record::access_record::AccessRecord;

use crate::config::authorizer::SenderRights;
use crate::config::did_you_mean::unknown;
use crate::config::scope::Scope;
use crate::http::http_state::HttpState;
use crate::http::parameters::Parameters;
use crate::http::problem::{ProblemType, Refusal};
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{accepts, no_cards};
use crate::http::subscribe::answer_coding::{ContentCoding, ZSTD_LEVEL};
use crate::http::subscribe::card_filter::{ROLL_UPS, measure_ids};
use crate::http::subscribe::channel_body::{PieceSender, channel};
use crate::process::limits::{EXPORT_PIECE_BYTES, EXPORTS};
use crate::view::export::card_export::{CardExport, Disclosure, TableShape};
use crate::view::export::table_format::TableFormat;

/// The cards that the parameters choose, as a table.
pub(crate) async fn export(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, rights }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let export = match card_export(&parameters, &rights, &headers, &state.deployment.measures) {
        Ok(export) => export,
        Err(wrong) => return wrong.into_response(),
    };
    let Some(mut store) = state.cards.clone() else { return no_cards() };
    let Ok(permit) = state.exports.clone().try_acquire_owned() else {
        let text = format!("{EXPORTS} exports run already; retry after the seconds of Retry-After");
        return ProblemType::Busy.response(&text);
    };
    if export.disclosure == Disclosure::Named {
        let month = export.from.filter(|from| export.to == Some(*from));
        let look = AccessRecord { page: "export".to_owned(), month, ..AccessRecord::default() };
        if let Err(refused) = state.record(&rights, look).await {
            return refused;
        }
    }
    tracing::info!(token = rights.token_name(), format = export.format.word(), "cards exported");
    let coding = match export.format {
        // They are compact.
        TableFormat::Avro | TableFormat::Parquet => ContentCoding::Identity,
        TableFormat::Csv | TableFormat::Ndjson => ContentCoding::accepted(&headers),
    };
    let kind = export.format.content_type();
    let file = format!("attachment; filename=\"plumbline-cards.{}\"", export.format.word());
    let (sender, body) = channel();
    tokio::task::spawn_blocking(move || {
        let mut out = PieceWriter { sender, is_whole: false };
        let running = || !store_ends(&state);
        let written = encoded(coding, &mut out, |out| {
            export.write(&mut store, out, &running).map(drop).map_err(|failed| io::Error::other(failed.to_string()))
        });
        out.is_whole = written.is_ok();
        if let Err(error) = written {
            tracing::warn!(%error, "an export was cut off");
        }
        drop(permit);
    });
    let mut response = ([(header::CONTENT_TYPE, kind)], body).into_response();
    response.headers_mut().extend(HeaderValue::from_str(&file).ok().map(|file| (header::CONTENT_DISPOSITION, file)));
    if coding != ContentCoding::Identity {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    response
}

fn store_ends(state: &HttpState) -> bool {
    state.cards.as_ref().is_some_and(|cards| cards.ends())
}

/// Reads the parameters. A disclosed export of one practice could show one person, so it has no such filter.
fn card_export(
    parameters: &Parameters,
    rights: &SenderRights,
    headers: &HeaderMap,
    measures: &MeasureSet,
) -> Result<CardExport, Refusal> {
    let may_name = rights.include(&Scope::CardsNamed);
    let is_disclosed = match parameters.text("disclosed") {
        None => !may_name,
        Some("true") => true,
        Some("false") if may_name => false,
        Some("false") => {
            let text = "names need the scope `cards:named`; send another token, or leave disclosed out";
            return Err(Refusal::new(ProblemType::ScopeMissing, text));
        }
        Some(_) => return Err(malformed("disclosed is not valid; write true or false")),
    };
    let practices: Vec<String> = parameters.text("practice").map(practice_codes).unwrap_or_default();
    if is_disclosed && !practices.is_empty() {
        return Err(malformed(
            "a disclosed export has no filter by practice; leave practice out, or send a token with cards:named",
        ));
    }
    let (month, from, to) = (parameters.value("month")?, parameters.value("from")?, parameters.value("to")?);
    if month.is_some() && (from.is_some() || to.is_some()) {
        return Err(malformed("month is given with from or to; write month alone, or from and to"));
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(malformed("from is after to; write the older month as from"));
    }
    let accepted = TableFormat::ALL.into_iter().find(|format| accepts(headers, format.content_type()));
    let format = chosen(parameters, "format", TableFormat::ALL, TableFormat::word)?.or(accepted).unwrap_or(TableFormat::Csv);
    format.check().map_err(malformed)?;
    Ok(CardExport {
        format,
        shape: chosen(parameters, "shape", TableShape::ALL, TableShape::word)?.unwrap_or(TableShape::Long),
        disclosure: if is_disclosed { Disclosure::Disclosed } else { Disclosure::Named },
        from: month.or(from),
        to: month.or(to),
        practices,
        measures: parameters.text("measure").map(|text| measure_ids(text, measures)).transpose()?.unwrap_or_default(),
        role: parameters.text("role").map(str::to_owned),
    })
}

/// Codes separated by commas; `all` is the roll-ups.
pub(crate) fn practice_codes(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).map(|code| if code == ROLL_UPS { String::new() } else { code.to_owned() }).collect()
}

fn chosen<T: Copy, const N: usize>(
    parameters: &Parameters,
    name: &str,
    all: [T; N],
    word: fn(T) -> &'static str,
) -> Result<Option<T>, Refusal> {
    let Some(text) = parameters.text(name) else { return Ok(None) };
    let known = all.map(word);
    let found = all.into_iter().find(|one| word(*one) == text);
    found.map(Some).ok_or_else(|| malformed(&format!("{name} is not valid: {}", unknown(name, text, &known))))
}

fn malformed(text: &str) -> Refusal {
    Refusal::new(ProblemType::MalformedParameter, text)
}

/// Writes through the coding and its end.
fn encoded(
    coding: ContentCoding,
    out: &mut PieceWriter,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(EXPORT_PIECE_BYTES, out);
    match coding {
        ContentCoding::Identity => write(&mut out)?,
        ContentCoding::Gzip => {
            let mut encoder = GzEncoder::new(&mut out, flate2::Compression::default());
            write(&mut encoder)?;
            encoder.finish()?;
        }
        ContentCoding::Zstd => {
            let mut encoder = zstd::Encoder::new(&mut out, ZSTD_LEVEL)?;
            write(&mut encoder)?;
            encoder.finish()?;
        }
    }
    out.flush()
}

/// Sends pieces to the client. If it is dropped before the table is whole, the connection is cut off.
struct PieceWriter {
    sender: PieceSender,
    is_whole: bool,
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.sender.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client hung up"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PieceWriter {
    fn drop(&mut self) {
        if !self.is_whole {
            // A client that hung up needs no error.
            let _ = self.sender.blocking_send(Err(io::Error::other("the export was cut off")));
        }
    }
}
