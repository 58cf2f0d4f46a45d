//! The faces that the picture is written in, all inside the binary, and what becomes of letters that none of them has.
//!
//! Inter has Latin, Greek and Cyrillic, Noto Sans Arabic has Arabic. Whatever has neither is left out: a box says less than nothing.

use std::sync::{Arc, LazyLock};

use resvg::usvg::{
    FontResolver,
    fontdb::{Database, ID},
};
use skrifa::{FontRef, MetadataProvider as _, charmap::Charmap};

const INTER: [&[u8]; 2] = [include_bytes!("../../../assets/inter-400.ttf"), include_bytes!("../../../assets/inter-600.ttf")];
const ARABIC: [&[u8]; 2] = [include_bytes!("../../../assets/noto-arabic-400.ttf"), include_bytes!("../../../assets/noto-arabic-600.ttf")];

/// All faces; Inter by its name, the other where Inter lacks a letter.
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

/// Chooses the other face of the same weight for what Inter lacks.
pub fn resolver() -> FontResolver<'static> {
    let other = |c: char, used: &[ID], fonts: &mut Arc<Database>| {
        let weight = fonts.face(*used.first()?)?.weight;
        let of_weight = fonts.faces().filter(|face| face.weight == weight && !used.contains(&face.id));
        of_weight.map(|face| face.id).find(|_| covered(c))
    };
    FontResolver { select_fallback: Box::new(other), ..FontResolver::default() }
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
