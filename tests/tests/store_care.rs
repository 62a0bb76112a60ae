//! The care of a store, with real processes: the procedure of docs/backup.md done literally, and `kill -9` while a backup, a
//! restore, a rebuild or a migration is on its way.
//!
//! More rounds: `MUSUBI_KILL_ROUNDS=25 cargo test -p e2e --locked --test store_care -- --nocapture`.
use e2e::cluster::{Call, Cluster, Dice, HOSPITAL, Listen, Node, Region, RegionPlan, program};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const FILE: &str = "store_care";

/// A node with made-up records, stopped.
fn filled(town: &Cluster) -> Node {
    let plan = RegionPlan { preset: "demo", patients: 30, seed: 5, houses: &[HOSPITAL] };
    let region = Region::make(town, "region", plan);
    let node = town.set_up(HOSPITAL, Listen::Nowhere);
    node.add_feed(&region.storage(&HOSPITAL));
    node.scan();
    node
}

/// What a check says of the content, which is equal only where the content is.
fn content(verified: &Value) -> Vec<Value> {
    let keys = ["patients", "records", "bodies", "tokens", "consents"].map(|space| verified["keys"][space].clone());
    keys.into_iter().chain([verified["blobs"].clone(), verified["blob_bytes"].clone()]).collect()
}

fn verify(town: &Cluster, folder: &Path) -> Value {
    let verified = town.musubi(["store", "verify", "--folder"]).arg(folder).run().done();
    assert_eq!(verified["ok"], true, "{verified}");
    verified
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the town's folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            std::fs::copy(&path, &target).expect("the town's folder");
        }
    }
}

#[test]
fn the_procedure_of_the_backup_page_works_as_it_is_written() {
    let town = Cluster::new(FILE, "the_procedure_of_the_backup_page_works_as_it_is_written");
    let mut node = filled(&town);
    let page = include_str!("../../docs/backup.md");
    let before = verify(&town, node.folder());
    node.start();
    run_blocks(&town, &node, page, "## Every night", "the node runs");
    node.kill_nine();
    // The machine is lost: only the backup and the copy of the keys are left.
    std::fs::rename(node.folder(), town.file("lost")).expect("the town's folder");
    run_blocks(&town, &node, page, "## When the machine is lost", "the machine is lost");
    let after = verify(&town, &town.file("restored"));
    assert_eq!(content(&after), content(&before), "the restored node has what the lost one had");
    // A damaged file of the restored node comes back from the backup.
    let folder = town.file("restored/journal");
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    names.sort();
    let mut bytes = std::fs::read(&names[0]).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&names[0], bytes).expect("ours");
    let found = town.musubi(["store", "verify", "--folder"]).arg(town.file("restored")).run().exits(1);
    let damage = &found["damages"][0];
    let name = names[0].file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(damage["file"], format!("journal/{name}"), "{found}");
    assert!(
        damage["byte"].as_u64().is_some() && damage["remedy"].as_str().is_some_and(|r| r.contains("repair")),
        "{found}"
    );
    run_blocks(&town, &node, page, "## When a check finds damage", "a file is damaged");
    assert_eq!(content(&verify(&town, &town.file("restored"))), content(&before));
}

/// Runs the commands of one section of the page, with the page's folders standing for the town's.
fn run_blocks(town: &Cluster, node: &Node, page: &str, heading: &str, when: &str) {
    let section =
        page.split("\n## ").find(|part| heading.trim_start_matches("## ") == part.lines().next().unwrap_or(""));
    let section = section.unwrap_or_else(|| panic!("docs/backup.md has no section {heading:?}"));
    let blocks: Vec<&str> =
        section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(!blocks.is_empty(), "{heading} has commands");
    let folders = [
        ("/srv/musubi", node.folder().to_owned()),
        ("/srv/restored", town.file("restored")),
        ("/mnt/backup", town.file("backup")),
        ("/mnt/keys", town.file("keys")),
    ];
    for block in blocks {
        let script =
            folders.iter().fold(block.to_owned(), |text, (from, to)| text.replace(from, &to.display().to_string()));
        let path = format!(
            "{}:{}",
            program().parent().expect("in a folder").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let done =
            Command::new("sh").args(["-euc", &script]).env("PATH", path).current_dir(town.path()).output().expect("sh");
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{when}: this block of docs/backup.md failed:\n{block}\n{said}");
    }
}

#[test]
fn a_restore_without_keys_or_over_something_else_says_what_is_missing() {
    let town = Cluster::new(FILE, "a_restore_without_keys_or_over_something_else_says_what_is_missing");
    let node = filled(&town);
    let backup = town.file("backup");
    node.call(["backup", "--to"]).arg(&backup).run().done();
    let restore = |to: &str| town.musubi(["restore", "--from"]).arg(&backup).arg("--to").arg(town.file(to));
    restore("a").run().fails(4, &["keys", "--keys DIR"]);
    restore("a").arg("--keys").arg(town.file("nowhere")).run().fails(4, &["nowhere", "--keys DIR"]);
    let other = town.set_up(e2e::cluster::CLINIC, Listen::Nowhere);
    restore("b").arg("--keys").arg(other.folder().join("keys")).run().fails(4, &["does not fit this backup"]);
    node.ask(["restore", "--from", "nowhere", "--drill"]).fails(2, &["no backup"]);
    other.call(["backup", "--to"]).arg(&backup).run().fails(2, &["another store"]);
    restore("c").arg("--keys").arg(node.folder().join("keys")).run().done();
    restore("c").run().fails(2, &["not empty"]);
    // Nothing of a key is in the backup.
    let key = std::fs::read(node.folder().join("keys/store.key")).expect("a key");
    for file in files(&backup) {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(!bytes.windows(key.len()).any(|part| part == key), "{}", file.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Rounds of kills, and how many hit the work in its middle.
#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    hits: u64,
}

/// Starts a command, kills it at a random moment, and tells whether it was still at work.
fn killed(call: Call, dice: &mut Dice) -> bool {
    let mut command = call.into_command();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    // The moment is the point of this test: it is drawn by chance, not waited for.
    std::thread::sleep(Duration::from_millis(dice.below(MOMENT_MS_MAX)));
    let ended = child.try_wait().expect("it is our child").is_some();
    let _ = child.kill();
    child.wait().expect("it is our child");
    !ended
}

#[test]
fn kills_while_the_store_is_cared_for_lose_nothing() {
    let name = "kills_while_the_store_is_cared_for_lose_nothing";
    let (town, seed) = Cluster::with_seed(FILE, name, 20_261_130);
    let mut dice = Dice::new(seed);
    let rounds = std::env::var("MUSUBI_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let node = filled(&town);
    let backup = town.file("backup");
    node.call(["backup", "--to"]).arg(&backup).run().done();
    let truth = verify(&town, node.folder());
    let mut tally = [(); 4].map(|()| Tally::default());
    for round in 0..rounds {
        for (work, tally) in [back_up, restore, rebuild, migrate].iter().zip(&mut tally) {
            let scene = Scene { town: &town, node: &node, backup: &backup, truth: &truth, round };
            tally.rounds += 1;
            tally.hits += u64::from(work(&scene, &mut dice));
        }
    }
    let [backups, restores, rebuilds, migrations] = &tally;
    println!(
        "seed {seed}: kill -9 while backing up {backups:?}, restoring {restores:?}, rebuilding {rebuilds:?}, migrating {migrations:?}"
    );
    assert!(tally.iter().map(|tally| tally.hits).sum::<u64>() * 4 >= rounds, "every kill came too late: {tally:?}");
}

struct Scene<'a> {
    town: &'a Cluster,
    node: &'a Node,
    backup: &'a Path,
    truth: &'a Value,
    round: u64,
}

impl Scene<'_> {
    /// What is at `folder` is what the node had.
    fn check(&self, folder: &Path, what: &str) {
        let found = verify(self.town, folder);
        assert_eq!(content(&found), content(self.truth), "round {}: {what}", self.round);
    }
}

/// The node goes on growing; the backup that was there stays one, and the next run is whole.
fn back_up(scene: &Scene<'_>, dice: &mut Dice) -> bool {
    let fresh = scene.town.file(&format!("backup-{}", scene.round));
    let to = if scene.round.is_multiple_of(2) { &fresh } else { scene.backup };
    let hit = killed(scene.node.call(["backup", "--to"]).arg(to), dice);
    let drill = scene.node.call(["restore", "--drill", "--from"]).arg(scene.backup).run().done();
    assert_eq!(drill["ok"], true, "round {}: {drill}", scene.round);
    assert!(!scene.node.folder().join("drill").exists());
    scene.node.call(["backup", "--to"]).arg(to).run().done();
    scene.node.call(["restore", "--drill", "--from"]).arg(to).run().done();
    let _ = std::fs::remove_dir_all(fresh);
    hit
}

/// A half restored folder is no node; the same command makes it whole.
fn restore(scene: &Scene<'_>, dice: &mut Dice) -> bool {
    let to = scene.town.file("target");
    let keys = scene.node.folder().join("keys");
    let call =
        || scene.town.musubi(["restore", "--from"]).arg(scene.backup).arg("--to").arg(&to).arg("--keys").arg(&keys);
    let hit = killed(call(), dice);
    if to.join("restoring").exists() {
        scene.town.musubi(["store", "verify", "--folder"]).arg(&to).run().fails(4, &["being restored"]);
    }
    if to.join("restoring").exists() || !to.join("journal").exists() {
        call().run().done();
    }
    scene.check(&to, "restored");
    std::fs::remove_dir_all(&to).expect("ours");
    hit
}

/// The index is gone; a start that is killed while it makes it anew is repeated.
fn rebuild(scene: &Scene<'_>, dice: &mut Dice) -> bool {
    let at = scene.town.file("rebuilt");
    copy(scene.node.folder(), &at);
    std::fs::remove_dir_all(at.join("db")).expect("ours");
    let hit = killed(scene.town.musubi(["store", "verify", "--folder"]).arg(&at), dice);
    scene.check(&at, "rebuilt");
    std::fs::remove_dir_all(&at).expect("ours");
    hit
}

/// A store of the first release, killed while it goes forward.
fn migrate(scene: &Scene<'_>, dice: &mut Dice) -> bool {
    let at = scene.town.file("old");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/store/tests/golden/schema-1"), &at);
    let call = || scene.town.musubi(["store", "verify", "--folder"]).arg(&at);
    let hit = killed(call(), dice);
    let found = call().run().done();
    let expect = serde_json::json!([60, 3, 40]);
    let counted = serde_json::json!([found["log_events"], found["blobs"], found["keys"]["records"]]);
    assert_eq!(counted, expect, "round {}: {found}", scene.round);
    std::fs::remove_dir_all(&at).expect("ours");
    hit
}

/// Rounds in the test command; four kills each.
const ROUNDS: u64 = 3;
/// The latest moment of a kill after a command began.
const MOMENT_MS_MAX: u64 = 350;
