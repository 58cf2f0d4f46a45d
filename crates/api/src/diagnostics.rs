//! What the diagnostics of a node leave out unless it is asked for by name.

words! {
    /// Something that people or programs of theirs wrote.
    DiagnosticsPart {
        /// Reasons of maintenance, of planned drains and of overrides.
        Reasons = "reasons",
        /// Values of labels that are not on the list of well-known ones.
        Labels = "labels",
        /// Names, figures and texts within the sentences of the activity log.
        Activity = "activity",
    }
}
