use crate::limits::{ARRIVALS_MAX, SLOTS_MAX};
use std::fmt::Write;

/// What is sent beside pages, named by its hash, so that browsers may keep it for ever.
pub struct Assets {
    files: Vec<Asset>,
}

/// One file.
pub struct Asset {
    /// Its name: a hash and an ending.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: String,
}

impl Assets {
    /// All of them, as they are in this program.
    pub fn new() -> Self {
        let style = [
            include_str!("assets/tokens.css"),
            include_str!("assets/portal.css"),
            include_str!("assets/desk.css"),
            include_str!("assets/matching.css"),
            include_str!("assets/emergency.css"),
            &places(),
        ]
        .concat();
        let icon = include_str!("assets/icon.svg").to_owned();
        let script = [include_str!("assets/portal.js"), include_str!("assets/passkey.js")].concat();
        let files = vec![
            asset("js", "text/javascript; charset=utf-8", script),
            asset("css", "text/css; charset=utf-8", style),
            asset("svg", "image/svg+xml", icon),
        ];
        Self { files }
    }
    /// The file with this name.
    pub fn find(&self, name: &str) -> Option<&Asset> {
        self.files.iter().find(|file| file.name == name)
    }
    /// Path of the style sheet.
    pub fn style(&self) -> String {
        self.path("css")
    }
    /// Path of the script.
    pub fn script(&self) -> String {
        self.path("js")
    }
    /// Path of the icon.
    pub fn icon(&self) -> String {
        self.path("svg")
    }
    fn path(&self, ending: &str) -> String {
        let file = self.files.iter().find(|file| file.name.ends_with(ending));
        file.map(|file| format!("/assets/{}", file.name)).unwrap_or_default()
    }
}

fn asset(ending: &str, kind: &'static str, bytes: String) -> Asset {
    let hash = blake3::hash(bytes.as_bytes()).to_hex();
    Asset { name: format!("{}.{ending}", &hash.as_str()[..20]), kind, bytes }
}

/// Every holder's place in the strip and on the time axis, and every list's: the policy forbids style in pages, so they are
/// counted out here. Newer browsers also hide what an answer covers; older ones only lay the answer over it.
fn places() -> String {
    let mut out = String::new();
    // Writing into a text cannot fail.
    for slot in 0..2 * SLOTS_MAX {
        let row = FIRST_HOLDER_ROW + 2 * slot;
        let _ = writeln!(out, ".r-{slot}{{grid-row:{row}}}.g-{slot}{{grid-row:{}}}", row - 1);
    }
    for list in 0..ARRIVALS_MAX {
        let _ = writeln!(out, ".l-{list}{{grid-row:{}}}", FIRST_LIST_ROW + list);
    }
    strip(&mut out, 4);
    out.push_str("@media (max-width:1100px),print{\n");
    strip(&mut out, 3);
    out.push_str("}\n@supports selector(:has(a)){\n");
    for slot in 0..SLOTS_MAX {
        let _ = writeln!(out, ".sheet:has(.got-{slot}) .ask-{slot}{{visibility:hidden}}");
    }
    out.push_str(
        ".sheet:has(.sum.done) .sum:not(.done){visibility:hidden}\n\
         .sheet:has(.part.all) .part:not(.all),.sheet:has(.side.all) .side:not(.all),.sheet:has(.list-all) .list-own{display:none}\n}\n",
    );
    out
}

/// Places of the strip, so many beside each other.
fn strip(out: &mut String, beside: usize) {
    let width = 12 / beside;
    for slot in 0..2 * SLOTS_MAX {
        let (row, column) = (2 + slot / beside, 1 + slot % beside * width);
        let _ = writeln!(out, ".c-{slot}{{grid-row:{row};grid-column:{column}/span {width}}}");
    }
}

/// Rows 47 to 50 are the toolbar, the axis and the own row (one lower on narrow pages, where the summary stands above). Each
/// holder has two: a heading may stand before its row.
const FIRST_HOLDER_ROW: usize = 54;
/// After the places of holders, the legend and the own list (`.under`, `.list-own` in the style sheet).
const FIRST_LIST_ROW: usize = 314;
const _: () = assert!(FIRST_HOLDER_ROW + 4 * SLOTS_MAX < 312, "the legend stands in row 312");
const _: () = assert!(2 + 2 * SLOTS_MAX / 3 < 46, "the sentence below the strip stands in row 46");
const _: () = assert!(FIRST_LIST_ROW + ARRIVALS_MAX <= 442, "the grid has 442 rows of their own height");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_asks_no_other_host_and_is_found_by_its_name() {
        let assets = Assets::new();
        let name = assets.style();
        let file = assets.find(name.trim_start_matches("/assets/")).expect("the style sheet");
        assert!(!file.bytes.contains("http:") && !file.bytes.contains("https:") && !file.bytes.contains("@import"));
        assert!(file.bytes.len() < 84_000, "{} bytes", file.bytes.len());
        assert!(assets.find("../Cargo.toml").is_none());
    }
}
