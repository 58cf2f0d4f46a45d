//! The activity log as a file: CSV for a spreadsheet, JSON lines for a program. Read and sent a page at a time, so that a long log
//! is never in memory as a whole.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use futures::StreamExt as _;
use pitlane_api::{ActivityEntry, ActivityPage};

use super::{
    problem::{Problem, Result},
    streams::OpenStream,
};
use crate::{
    fleet::{ActivityRequest, Fleet},
    plain::line,
};

/// Entries that are read at a time.
const PAGE: u32 = 500;
const COLUMNS: [&str; 10] = ["id", "at", "kind", "actor_kind", "actor", "origin", "node_id", "node_name", "message", "reason"];

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

struct Rest {
    fleet: Arc<Fleet>,
    request: ActivityRequest,
    format: Format,
    next: Option<ActivityPage>,
    _place: OpenStream,
}

/// The file, for which `place` is kept until it ends. Its first page is read before the answer begins, so that a store that does not answer is told as such.
pub async fn file(fleet: Arc<Fleet>, request: ActivityRequest, format: Format, place: OpenStream) -> Result<Response> {
    let request = ActivityRequest { limit: PAGE, ..request };
    let first = fleet.activity(&request).await.map_err(Problem::from)?;
    let head = if format == Format::Csv { row(&COLUMNS.map(str::to_owned))? } else { Vec::new() };
    let rest = Rest { fleet, request, format, next: Some(first), _place: place };
    let pages = futures::stream::unfold(rest, |mut rest| async move {
        let page = rest.next.take()?;
        let written = page.entries.iter().map(|entry| write(entry, rest.format)).collect::<Result<Vec<_>>>();
        let chunk = written.map(|rows| Bytes::from(rows.concat())).map_err(|_| std::io::Error::other("an entry could not be written"));
        if let (Ok(_), Some(cursor)) = (&chunk, page.next_cursor) {
            let request = ActivityRequest { cursor: Some(cursor), ..rest.request.clone() };
            match rest.fleet.activity(&request).await {
                Ok(page) => rest.next = Some(page),
                // What was sent is whole lines; the broken end says that more was to come.
                Err(error) => return Some((Err(std::io::Error::other(error.to_string())), rest)),
            }
        }
        Some((chunk, rest))
    });
    // Whoever compresses it asks once more after the end.
    let body = Body::from_stream(futures::stream::once(async { Ok(Bytes::from(head)) }).chain(pages).fuse());
    let mut response = Response::new(body);
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"pitlane-activity.csv\""),
        Format::JsonLines => ("application/x-ndjson", "attachment; filename=\"pitlane-activity.jsonl\""),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

fn write(entry: &ActivityEntry, format: Format) -> Result<Vec<u8>> {
    if format == Format::JsonLines {
        let mut line = serde_json::to_vec(entry).map_err(Problem::internal)?;
        line.push(b'\n');
        return Ok(line);
    }
    let text = |text: &Option<String>| text.as_deref().map(cell).unwrap_or_default();
    row(&[
        entry.id.to_string(),
        entry.at.to_string(),
        entry.kind.to_string(),
        entry.actor_kind.to_string(),
        text(&entry.actor),
        text(&entry.origin),
        entry.node_id.as_ref().map(|id| cell(id.as_str())).unwrap_or_default(),
        text(&entry.node_name),
        cell(&entry.message),
        text(&entry.reason),
    ])
}

fn row(cells: &[String; 10]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(Problem::internal)?;
    writer.into_inner().map_err(Problem::internal)
}

/// A text from outside in a cell: one line that steers nothing, and that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = line(text);
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_or_steers() {
        for evil in ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "  =1", "\t=1", "＝1"] {
            assert!(cell(evil).starts_with('\''), "{evil}");
        }
        assert_eq!(cell("re\u{202e}boot\u{7}\r\nnow"), "reboot now");
        assert_eq!(cell("Kernel 6.12 - reboot"), "Kernel 6.12 - reboot");
    }
}
