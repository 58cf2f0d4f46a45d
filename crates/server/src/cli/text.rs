//! What goes to a terminal: names and reasons come from outside, so nothing in them may steer it.

use pitlane_api::{Timestamp, seconds_between};

/// The text without control characters and without those that turn the reading direction around. Line breaks and tabs
/// become spaces in [`line`], and stay here.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !steers(*c)).collect()
}

/// Like [`plain`], on one line.
pub fn line(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !steers(*c)).collect()
}

fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// "3 s", "5 min", "2 h 10 min", "4 d".
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 if seconds % 3_600 < 60 => format!("{} h", seconds / 3_600),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, by the server's clock.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span(seconds_between(at, now)))
}

/// Columns, each as wide as its widest cell.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// Prints JSON for a program.
pub fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("pitlane: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_steers_the_terminal() {
        assert_eq!(line("db\u{1b}[2J\u{202e}gpj.exe\r\nroot#"), "db[2Jgpj.exe root#");
        assert_eq!(plain("two\nlines\u{7}"), "two\nlines");
        assert_eq!(table(&[vec!["a\u{1b}".into(), "b".into()], vec!["longer".into(), "c".into()]]), "a       b\nlonger  c\n");
    }

    #[test]
    fn spans_are_short() {
        let spans: Vec<String> = [3, 300, 7_200, 7_800, 400_000].into_iter().map(span).collect();
        assert_eq!(spans, ["3 s", "5 min", "2 h", "2 h 10 min", "4 d"]);
    }
}
