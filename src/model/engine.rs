//! What an engine is called on the screen. Products keep their names in every language.

use pitlane_api::EngineKind;

use crate::words::tr;

/// Its name.
pub fn name(kind: EngineKind) -> String {
    match kind {
        EngineKind::Embedded => tr!("Embedded engine"),
        other => other.describe().to_owned(),
    }
}
