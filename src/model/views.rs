//! Views that somebody saved under a name: links to this console, remembered by the browser.

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    pub name: String,
    /// Path and query.
    pub href: String,
}

/// Reads what the browser remembers: a name and a link a line, with a tab between them. Only links into this console are links here.
pub fn read(text: &str) -> Vec<SavedView> {
    let view = |line: &str| {
        let (name, href) = line.split_once('\t')?;
        let own = href.starts_with('/') && !href.starts_with("//");
        (own && !name.is_empty()).then(|| SavedView { name: name.to_owned(), href: href.to_owned() })
    };
    text.lines().filter_map(view).collect()
}

/// The reverse.
pub fn write(views: &[SavedView]) -> String {
    views.iter().map(|view| format!("{}\t{}\n", view.name, view.href)).collect()
}

/// The views with one more, in the order of their names. One of the same name is replaced.
pub fn with(views: &[SavedView], name: &str, href: &str) -> Vec<SavedView> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut views = without(views, &name);
    if !name.is_empty() {
        views.push(SavedView { name, href: href.to_owned() });
    }
    views.sort_by(|a, b| a.name.cmp(&b.name));
    views
}

/// The views without one.
pub fn without(views: &[SavedView], name: &str) -> Vec<SavedView> {
    views.iter().filter(|view| view.name != name).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_link_out_of_the_console_is_no_view() {
        assert_eq!(read("evil\thttps://example.org/\nworse\t//example.org\nbroken\ngood\t/nodes?q=a\n").len(), 1);
    }

    proptest! {
        #[test]
        fn what_was_saved_is_read(names in prop::collection::vec(".{1,12}", 0..6)) {
            let views = names.iter().fold(Vec::new(), |views, name| with(&views, name, "/nodes?sort=name"));
            prop_assert_eq!(read(&write(&views)), views);
        }
    }
}
