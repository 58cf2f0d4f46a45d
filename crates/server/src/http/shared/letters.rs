//! The faces that the picture is written in, all inside the binary, and what becomes of letters that none of them has.
//!
//! Inter has Latin, Greek and Cyrillic, Noto Sans Arabic has Arabic. Whatever has neither is left out: a box says less than nothing.

use std::sync::{Arc, LazyLock};

use resvg::usvg::{FontResolver, fontdb::Database};
use skrifa::{FontRef, MetadataProvider as _, charmap::Charmap};

const INTER: [&[u8]; 2] = [include_bytes!("../../../assets/inter-400.ttf"), include_bytes!("../../../assets/inter-600.ttf")];
const ARABIC: [&[u8]; 2] = [include_bytes!("../../../assets/noto-arabic-400.ttf"), include_bytes!("../../../assets/noto-arabic-600.ttf")];

/// All faces.
pub static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for face in INTER.into_iter().chain(ARABIC) {
        fonts.load_font_data(face.to_vec());
    }
    Arc::new(fonts)
});

/// Letters of either weight: a subset has the same in both, which a test holds.
static COVERED: LazyLock<Vec<Charmap<'static>>> =
    LazyLock::new(|| [INTER[0], ARABIC[0]].into_iter().filter_map(|face| Some(FontRef::new(face).ok()?.charmap())).collect());

fn covered(c: char) -> bool {
    COVERED.iter().any(|map| map.map(c).is_some())
}

/// No other face is looked for behind our back: resvg gives up where a ligature makes a line of two faces longer or shorter. See [`runs`].
pub fn resolver() -> FontResolver<'static> {
    FontResolver { select_fallback: Box::new(|_, _, _| None), ..FontResolver::default() }
}

/// The text in runs of one face, each with its name.
pub fn runs(text: &str) -> Vec<(&'static str, String)> {
    let mut runs: Vec<(&'static str, String)> = Vec::new();
    for c in text.chars() {
        let face = if COVERED.first().is_some_and(|inter| inter.map(c).is_none()) && covered(c) { "Noto Sans Arabic" } else { "Inter" };
        match runs.last_mut().filter(|(of, _)| *of == face) {
            Some((_, run)) => run.push(c),
            None => runs.push((face, c.to_string())),
        }
    }
    runs
}

/// The text as it can be written here: a run of letters that no face has becomes `…`, other signs (emoji) are left out. `None` where
/// nothing is left to read.
pub fn writable(text: &str) -> Option<String> {
    let mut kept = String::new();
    for c in text.chars() {
        if covered(c) {
            kept.push(c);
        } else if c.is_alphabetic() && !kept.ends_with('…') {
            kept.push('…');
        }
    }
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    kept.contains(char::is_alphanumeric).then_some(kept)
}

/// Whether a text is read from right to left, by its first letter that has a direction.
pub fn from_the_right(text: &str) -> bool {
    text.chars().find(|c| c.is_alphabetic()).is_some_and(|c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faces_have_the_letters_of_the_consoles_languages_and_their_neighbours() {
        for text in ["Łódź źő ışğ ñßæ", "Обновление ядра", "Αθήνα", "إعادة تشغيل النواة ٢٠٢٦", "پچژگ", "5 € → ± ≥ “x” … № ™"]
        {
            assert_eq!(writable(text).as_deref(), Some(text));
        }
        let all = |face: &[u8]| FontRef::new(face).unwrap().charmap().mappings().map(|(c, _)| c).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(all(INTER[0]), all(INTER[1]));
        assert_eq!(all(ARABIC[0]), all(ARABIC[1]));
    }

    #[test]
    fn what_no_face_has_becomes_something_to_read_or_nothing() {
        assert_eq!(writable("東京-01").as_deref(), Some("…-01"));
        assert_eq!(writable("Reboot 🚀 now 👩‍🔧 内核升级").as_deref(), Some("Reboot now …"));
        assert_eq!(writable("内核升级"), None);
        assert_eq!(writable("🚀🚀"), None);
    }

    #[test]
    fn the_direction_is_that_of_the_first_letter() {
        assert!(from_the_right("٤٢ إعادة تشغيل Kernel"));
        assert!(!from_the_right("42 Kernel إعادة"));
    }
}
