//! The style sheets: layers, tokens, and what would break both themes or the content security policy.

use crate::tree::{File, Finding, assert_caught, assert_clean, sample, tree};
use regex::Regex;

fn sheets(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.is_under("style") && file.has_ending(&["css"]))
}

fn colours(files: &[File]) -> Vec<Finding> {
    sheets(files)
        .filter(|file| file.path != "style/tokens.css")
        .flat_map(|file| {
            let literal = r":[^;]*#[0-9a-fA-F]{3,8}\b|\b(rgb|rgba|hsl|hsla|oklch|oklab|hwb)\(";
            file.matches(file.lines(), literal, "colour literals live in style/tokens.css")
        })
        .collect()
}

#[test]
fn colours_live_in_tokens() {
    assert_clean("colour literals only in style/tokens.css", colours(&tree()));
    assert_caught(colours(&sample("style/ui/a.css", "  color: #fff;\n")));
    assert_caught(colours(&sample("style/ui/a.css", "  box-shadow: 0 0 1px rgb(0 0 0 / 10%);\n")));
}

fn forbidden(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let without_comments = Regex::new(r"(?s)/\*.*?\*/").unwrap();
    for file in sheets(files) {
        findings.extend(file.matches(file.lines(), r"!\s*important", "layers decide, not importance"));
        findings.extend(file.matches(file.lines(), r"@import\b|@tailwind\b|@apply\b", "Trunk does not resolve this"));
        // A selector is what stands before an opening brace; with colours out of the way, a # in one is an id.
        let text = without_comments.replace_all(&file.text, "");
        for selector in text.split('{').filter_map(|part| part.rsplit(['}', ';']).next()) {
            if selector.contains('#') {
                findings.push(file.finding(1, format!("ids are for anchors, not for style: {}", selector.trim())));
            }
        }
        if !file.text.contains("@layer") {
            findings.push(file.finding(1, "stands in no layer"));
        }
    }
    findings
}

#[test]
fn sheets_keep_to_layers_and_classes() {
    assert_clean("no !important, no ids, no @import; every sheet in a layer", forbidden(&tree()));
    assert_caught(forbidden(&sample("style/a.css", "@layer ui { .a { color: red !important; } }\n")));
    assert_caught(forbidden(&sample("style/a.css", "@layer ui { #main { color: red; } }\n")));
    assert_caught(forbidden(&sample("style/a.css", "@layer ui;\n@import \"b.css\";\n")));
    assert_caught(forbidden(&sample("style/a.css", ".a { color: red; }\n")));
    assert_clean("a colour is not an id", forbidden(&sample("style/tokens.css", "@layer tokens { :root { --a: #fff; } }\n")));
}

/// A line is read from the right in some languages: what stands at its start stands there in all of them.
fn sides(files: &[File]) -> Vec<Finding> {
    let side = r"(^|[\s;{])((margin|padding|border|scroll-(margin|padding))-)?(left|right)\s*:|text-align:\s*(left|right)|float:\s*(left|right)|translateX|inset:(\s+\S+){4};";
    sheets(files)
        .flat_map(|file| file.matches(file.lines(), side, "say inline-start or inline-end, since lines may be read from the right"))
        .collect()
}

#[test]
fn sheets_know_no_left_and_right() {
    assert_clean("logical properties only in style/", sides(&tree()));
    assert_caught(sides(&sample("style/a.css", "    margin-left: 4px;\n")));
    assert_caught(sides(&sample("style/a.css", "    right: 4px;\n")));
    assert_caught(sides(&sample("style/a.css", "    text-align: left;\n")));
    assert_clean("a start is no side", sides(&sample("style/a.css", "    margin-inline-start: 4px;\n")));
}

/// Trunk bundles what index.html links; a sheet that nobody links is dead.
fn unlinked(files: &[File]) -> Vec<Finding> {
    let page = files.iter().find(|file| file.path == "index.html").map_or("", |file| file.text.as_str());
    sheets(files).filter(|file| !page.contains(&format!("\"{}\"", file.path))).map(|file| file.finding(1, "index.html does not link it")).collect()
}

#[test]
fn every_sheet_is_linked() {
    assert_clean("every sheet of style/ is linked in index.html", unlinked(&tree()));
    assert_caught(unlinked(&sample("style/lost.css", "@layer ui {}\n")));
}
