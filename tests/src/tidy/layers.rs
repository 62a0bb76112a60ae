//! Who may use whom: the arrows between the packages, and which outside crates stay in one package.
//!
//! A new arrow is a design change: say so in the commit, and change the table in ARCHITECTURE.md and the one here.
use super::{Finding, Tree};
use toml::{Table, Value};

/// One package: its level, and the packages it may use.
struct Layer {
    package: &'static str,
    level: u8,
    uses: &'static [&'static str],
}

const LAYERS: [Layer; 11] = [
    Layer { package: "protocol", level: 0, uses: &[] },
    Layer { package: "records", level: 1, uses: &["protocol"] },
    Layer { package: "matching", level: 1, uses: &["protocol"] },
    Layer { package: "store", level: 2, uses: &["protocol", "records"] },
    Layer { package: "service", level: 3, uses: &["store", "matching", "records", "protocol"] },
    Layer { package: "peer", level: 4, uses: &["service", "protocol"] },
    Layer { package: "portal", level: 4, uses: &["service", "records", "protocol"] },
    Layer { package: "gateway", level: 4, uses: &["service", "records", "protocol"] },
    Layer { package: "sim", level: 4, uses: &["protocol", "matching", "records", "store"] },
    Layer {
        package: "musubi",
        level: 5,
        uses: &["protocol", "records", "matching", "store", "service", "peer", "portal", "gateway", "sim"],
    },
    // The program is used as a process; the values that it prints are read with the types of protocol.
    Layer { package: "e2e", level: 6, uses: &["musubi", "sim", "protocol"] },
];

/// Outside crates that only some packages may know.
const CONFINED: [(&str, &[&str]); 5] = [
    ("sled", &["store"]),
    ("libp2p", &["peer"]),
    ("libp2p-stream", &["peer"]),
    ("maud", &["portal"]),
    ("axum", &["portal", "gateway", "musubi"]),
];

/// Outside crates that bring clocks, sockets or tasks, and the pure packages that must not know them.
const IMPURE: [&str; 6] = ["tokio", "tokio-util", "futures", "getrandom", "rand", "hyper"];
const PURE: [&str; 4] = ["protocol", "records", "matching", "sim"];

/// Arrows that the table does not have, members that it does not know, and versions that stand in a member's manifest.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with("Cargo.toml") && !path.contains("/fuzz/")) {
        match text.parse::<Table>() {
            Ok(manifest) => findings.extend(check_manifest(path, text, &manifest)),
            Err(error) => findings.push(Finding::new(path, 0, format!("not TOML: {error}"), "repair the manifest")),
        }
    }
    findings
}

fn check_manifest(path: &str, text: &str, manifest: &Table) -> Vec<Finding> {
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let Some(name) = name else { return Vec::new() };
    let Some(layer) = LAYERS.iter().find(|layer| layer.package == name) else {
        let remedy = "give it a level and arrows in the table of ARCHITECTURE.md and in the layers check";
        return vec![Finding::new(path, line_of(text, "name"), format!("package `{name}` has no level"), remedy)];
    };
    let mut findings = Vec::new();
    for (section, table) in sections(manifest) {
        for (dependency, value) in table {
            let renamed = value.get("package").and_then(Value::as_str);
            let dependency = renamed.unwrap_or(dependency);
            if let Some((problem, remedy)) = judge(layer, section, dependency) {
                findings.push(Finding::new(path, line_of(text, dependency), problem, remedy));
            }
            // A package may name itself by path to switch on its own `testing` feature for its tests.
            let is_itself = section == Section::Dev && dependency == name;
            if !is_itself && value.get("workspace").and_then(Value::as_bool) != Some(true) {
                let problem = format!("`{dependency}` has a version or path of its own");
                let remedy = "put it into [workspace.dependencies] with its reason and write `.workspace = true` here";
                findings.push(Finding::new(path, line_of(text, dependency), problem, remedy));
            }
        }
    }
    findings
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Shipped,
    Dev,
}

/// All dependency tables of a manifest, those under `target.…` too.
fn sections(manifest: &Table) -> Vec<(Section, &Table)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let roots = std::iter::once(manifest).chain(targets.filter_map(Value::as_table));
    let names = [
        ("dependencies", Section::Shipped),
        ("build-dependencies", Section::Shipped),
        ("dev-dependencies", Section::Dev),
    ];
    roots
        .flat_map(|root| {
            names.into_iter().filter_map(move |(name, section)| Some((section, root.get(name)?.as_table()?)))
        })
        .collect()
}

/// What is wrong with this arrow, and what to do; `None` if it may stand.
fn judge(layer: &Layer, section: Section, dependency: &str) -> Option<(String, &'static str)> {
    let (name, level) = (layer.package, layer.level);
    if let Some(other) = LAYERS.iter().find(|other| other.package == dependency) {
        return match section {
            Section::Shipped if !layer.uses.contains(&dependency) => Some((
                format!("`{name}` may not use `{dependency}`"),
                "move the code down, or pass a value through the layer between",
            )),
            Section::Dev if other.level > level => Some((
                format!("tests of `{name}` may not use `{dependency}` above it"),
                "move the test up to that package",
            )),
            _ => None,
        };
    }
    if section == Section::Dev || name == "e2e" {
        return None;
    }
    if CONFINED.iter().any(|(outside, homes)| *outside == dependency && !homes.contains(&name)) {
        return Some((format!("`{name}` may not know `{dependency}`"), "use the types of the package that wraps it"));
    }
    let impure = PURE.contains(&name) && IMPURE.contains(&dependency);
    impure.then(|| {
        (format!("`{name}` is pure and may not know `{dependency}`"), "take time, seeds and bytes as arguments")
    })
}

/// The line (from 1) that begins with this key; 0 if none does.
fn line_of(text: &str, key: &str) -> usize {
    let begins = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
    text.lines().position(|line| begins(line.trim_start())).map_or(0, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(manifest: &str, expect: &[&str]) {
        let found = check(&Tree::from_iter([("x/Cargo.toml", manifest)]));
        let printed: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(printed.len(), expect.len(), "{printed:?}");
        for (finding, part) in printed.iter().zip(expect) {
            assert!(finding.contains(part), "{finding} should say {part}");
        }
    }

    #[test]
    fn arrows_of_the_table_stand_and_others_do_not() {
        check_one(
            "[package]\nname = \"store\"\n[dependencies]\nprotocol.workspace = true\nrecords = { workspace = true }\n",
            &[],
        );
        check_one(
            "[package]\nname = \"records\"\n[dependencies]\nstore.workspace = true\n",
            &["x/Cargo.toml:4: `records` may not use `store`"],
        );
        check_one(
            "[package]\nname = \"portal\"\n[dependencies]\nstore.workspace = true\n",
            &["`portal` may not use `store`"],
        );
        check_one(
            "[package]\nname = \"sim\"\n[dependencies]\nservice.workspace = true\n",
            &["`sim` may not use `service`"],
        );
        check_one(
            "[package]\nname = \"store\"\n[build-dependencies]\npeer.workspace = true\n",
            &["may not use `peer`"],
        );
        check_one(
            "[package]\nname = \"store\"\n[target.'cfg(unix)'.dependencies]\npeer.workspace = true\n",
            &["may not use `peer`"],
        );
    }
    #[test]
    fn a_renamed_arrow_is_still_an_arrow() {
        check_one(
            "[package]\nname = \"records\"\n[dependencies]\nx = { package = \"store\", workspace = true }\n",
            &["may not use `store`"],
        );
    }
    #[test]
    fn tests_may_look_wider_but_not_up() {
        check_one("[package]\nname = \"portal\"\n[dev-dependencies]\nstore.workspace = true\n", &[]);
        check_one("[package]\nname = \"store\"\n[dev-dependencies]\nservice.workspace = true\n", &["above it"]);
    }
    #[test]
    fn some_outside_crates_have_one_home() {
        check_one("[package]\nname = \"store\"\n[dependencies]\nsled.workspace = true\n", &[]);
        check_one("[package]\nname = \"service\"\n[dependencies]\nsled.workspace = true\n", &["may not know `sled`"]);
        check_one("[package]\nname = \"records\"\n[dependencies]\ntokio.workspace = true\n", &["is pure"]);
    }
    #[test]
    fn versions_stand_once_and_every_member_has_a_level() {
        check_one("[package]\nname = \"store\"\n[dependencies]\nserde = \"1\"\n", &["a version or path of its own"]);
        check_one(
            "[package]\nname = \"store\"\n[dev-dependencies]\nstore = { path = \".\", features = [\"testing\"] }\n",
            &[],
        );
        check_one("[package]\nname = \"extra\"\n", &["x/Cargo.toml:2: package `extra` has no level"]);
        check_one("[workspace]\nmembers = []\n", &[]);
        check_one("[package\n", &["not TOML"]);
    }
    #[test]
    fn the_table_itself_points_down() {
        for layer in &LAYERS {
            for used in layer.uses {
                let other = LAYERS.iter().find(|other| other.package == *used).expect("a known package");
                let gains = other.level < layer.level;
                assert!(gains, "{} → {used}", layer.package);
            }
        }
    }
}
