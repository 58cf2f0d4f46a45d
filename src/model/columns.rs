//! The columns of the table: which there are, which stand in the URL, and what they are sorted by.

use super::query::Query;
use super::sort::Sort;
use crate::words::tr;

/// What a column shows. The name always stands first, and what can be done last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    State,
    /// Why the node needs attention.
    Why,
    Region,
    Role,
    Address,
    Heartbeat,
    Cpu,
    Memory,
    Disk,
    Workloads,
    Stateful,
    Version,
    Maintenance,
    /// The value of this label.
    Label(String),
}

impl Column {
    /// In the order of the menu; labels come after them.
    pub const ALL: [Column; 13] = [
        Column::State,
        Column::Why,
        Column::Region,
        Column::Role,
        Column::Address,
        Column::Heartbeat,
        Column::Cpu,
        Column::Memory,
        Column::Disk,
        Column::Workloads,
        Column::Stateful,
        Column::Version,
        Column::Maintenance,
    ];

    /// Those of somebody who chose none.
    pub const fn usual() -> [Column; 9] {
        [Column::State, Column::Why, Column::Region, Column::Heartbeat, Column::Cpu, Column::Memory, Column::Disk, Column::Workloads, Column::Version]
    }

    /// The word in the URL.
    pub fn word(&self) -> String {
        match self {
            Column::State => "state".into(),
            Column::Why => "why".into(),
            Column::Region => "region".into(),
            Column::Role => "role".into(),
            Column::Address => "address".into(),
            Column::Heartbeat => "heartbeat".into(),
            Column::Cpu => "cpu".into(),
            Column::Memory => "memory".into(),
            Column::Disk => "disk".into(),
            Column::Workloads => "workloads".into(),
            Column::Stateful => "stateful".into(),
            Column::Version => "version".into(),
            Column::Maintenance => "maintenance".into(),
            Column::Label(key) => format!("label:{key}"),
        }
    }

    /// Reads the word of the URL; what is no column is left out.
    pub fn from_word(word: &str) -> Option<Self> {
        let label = || word.strip_prefix("label:").filter(|key| !key.is_empty()).map(|key| Column::Label(key.to_owned()));
        Self::ALL.into_iter().find(|column| column.word() == word).or_else(label)
    }

    /// The heading.
    pub fn label(&self) -> String {
        match self {
            Column::State => tr!("column" => "State"),
            Column::Why => tr!("column" => "Attention"),
            Column::Region => tr!("column" => "Region"),
            Column::Role => tr!("column" => "Role"),
            Column::Address => tr!("column" => "Address"),
            Column::Heartbeat => tr!("column" => "Heartbeat"),
            Column::Cpu => tr!("column" => "CPU"),
            Column::Memory => tr!("column" => "Memory"),
            Column::Disk => tr!("column" => "Disk"),
            Column::Workloads => tr!("column" => "Workloads"),
            Column::Stateful => tr!("column" => "Stateful"),
            Column::Version => tr!("column" => "Version"),
            Column::Maintenance => tr!("column" => "Maintenance"),
            // Told apart from a column of our own.
            Column::Label(key) if Self::ALL.iter().any(|column| column.word() == *key) => tr!("label {}", key),
            Column::Label(key) => key.clone(),
        }
    }

    /// What a press on its heading sorts by.
    pub const fn sort(&self) -> Option<Sort> {
        match self {
            Column::Why => Some(Sort::Attention),
            Column::Region => Some(Sort::Region),
            Column::Heartbeat => Some(Sort::Heartbeat),
            Column::Cpu => Some(Sort::Cpu),
            Column::Memory => Some(Sort::Memory),
            Column::Disk => Some(Sort::Disk),
            Column::Workloads => Some(Sort::Workloads),
            Column::Stateful => Some(Sort::Stateful),
            Column::Version => Some(Sort::Version),
            Column::Maintenance => Some(Sort::Maintenance),
            Column::State | Column::Role | Column::Address | Column::Label(_) => None,
        }
    }
}

/// The columns that a query shows.
pub fn shown(query: &Query) -> Vec<Column> {
    let chosen: Vec<Column> = query.columns.iter().filter_map(|word| Column::from_word(word)).collect();
    if chosen.is_empty() { Column::usual().to_vec() } else { chosen }
}

/// What stands in a query for columns; nothing for the usual ones.
pub fn words(columns: &[Column]) -> Vec<String> {
    if columns == Column::usual() { Vec::new() } else { columns.iter().map(Column::word).collect() }
}

/// The columns with one of them put in, in its place of the menu, or taken out; labels behind the others.
pub fn toggled(columns: &[Column], column: &Column) -> Vec<Column> {
    let mut chosen: Vec<Column> = columns.iter().filter(|known| *known != column).cloned().collect();
    if chosen.len() == columns.len() {
        let rank = |column: &Column| Column::ALL.iter().position(|known| known == column).unwrap_or(usize::MAX);
        let at = chosen.iter().position(|known| rank(known) > rank(column)).unwrap_or(chosen.len());
        chosen.insert(at, column.clone());
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_what_was_chosen() {
        let chosen = [Column::Cpu, Column::Label("rack".into())];
        let query = |columns: &[Column]| Query { columns: words(columns), ..Query::default() };
        assert_eq!(shown(&query(&chosen)), chosen);
        assert_eq!((shown(&query(&Column::usual())), words(&Column::usual())), (Column::usual().to_vec(), Vec::new()));
        assert_eq!(shown(&Query { columns: vec!["nonsense".into()], ..Query::default() }), Column::usual());
    }

    #[test]
    fn a_column_comes_back_to_its_place() {
        let usual = Column::usual();
        let without = toggled(&usual, &Column::Region);
        assert!(!without.contains(&Column::Region));
        assert_eq!(toggled(&without, &Column::Region), usual);
        let labelled = toggled(&usual, &Column::Label("rack".into()));
        assert_eq!(labelled.last(), Some(&Column::Label("rack".into())));
        assert_eq!((Column::Label("rack".into()).label(), Column::Label("role".into()).label()), ("rack".into(), "label role".into()));
    }
}
