//! What goes to a terminal: names and reasons come from outside, so nothing in them may steer it.

pub use crate::plain::{age, line, plain, span};

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
