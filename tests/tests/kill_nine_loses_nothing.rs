//! `kill -9` at random moments, more than thirty times, while a node takes in, publishes and reads: what was acknowledged is there
//! afterwards, the counts add up, the audit log verifies.
//!
//! Acknowledged is what a command ended well with: a scan, a consent, records that were shown. A ledger outside of the nodes
//! keeps all of it and is compared after every restart.
use e2e::cluster::{CLINIC, Cluster, Dice, Founders, HOSPITAL, House, Listen, Node, Region, RegionPlan, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ROUNDS: u64 = 36;
/// Patients that are in the storage before the first kill.
const FIRST: usize = 12;

/// What a node acknowledged.
#[derive(Debug, Default)]
struct Ledger {
    /// Events of each node's log, by position, as they were shown.
    events: BTreeMap<(&'static str, u64), Value>,
    /// Consents of the hospital's patients.
    receipts: BTreeMap<String, BTreeSet<String>>,
    /// Reads: request, reader's leaf, holder's leaf.
    reads: Vec<(String, u64, u64)>,
}

struct Trial {
    town: Cluster,
    hospital: Node,
    clinic: Node,
    /// Where the hospital's storage comes from, patient by patient.
    staged: Vec<PathBuf>,
    storage: PathBuf,
    /// Patients that both know and that may be read: here, there.
    pairs: Vec<(String, String)>,
    /// The hospital's patients for consents.
    patients: Vec<String>,
    ledger: Ledger,
    /// Kills that hit a command on its way.
    hits: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Ingest,
    Publish,
    Fetch,
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let (town, seed) =
        Cluster::with_seed("kill_nine_loses_nothing", "what_was_acknowledged_survives_every_kill", 20_261_122);
    let mut dice = Dice::new(seed);
    let mut trial = Trial::begin(town);
    for round in 0..ROUNDS {
        let work = [Work::Ingest, Work::Publish, Work::Fetch][(round % 3) as usize];
        trial.round(round, work, &mut dice);
    }
    println!(
        "seed {seed}: {ROUNDS} kills, {} of them in the middle of a command, {} acknowledgements kept",
        trial.hits,
        trial.ledger.count()
    );
    assert!(trial.hits > ROUNDS / 4, "most kills came too early or too late: {}", trial.hits);
    let (receipts, reads) = (trial.ledger.receipts.values().flatten().count(), trial.ledger.reads.len());
    assert!(receipts >= 4 && reads >= 4, "too little was acknowledged: {receipts} consents, {reads} reads");
    trial.end();
}

impl Trial {
    fn begin(town: Cluster) -> Self {
        let region = Region::make(
            &town,
            "region",
            RegionPlan { preset: "demo", patients: 100, seed: 9, houses: &[HOSPITAL, CLINIC] },
        );
        let founders = Founders::new(&town, "未来かなえネット", &["一", "二", "三"]);
        let (mut hospital, mut clinic) = (town.set_up(HOSPITAL, Listen::Relay), town.set_up(CLINIC, Listen::Port));
        hospital.start();
        clinic.start();
        founders.found(&town, &hospital, (1, 2));
        founders.admit(&hospital, &clinic, &[1, 2]);

        let shared = region.shared(&[HOSPITAL, CLINIC]);
        let storage = town.file("storage");
        std::fs::create_dir_all(storage.join("standard")).expect("the town's folder");
        std::fs::create_dir_all(storage.join("extended")).expect("the town's folder");
        let first: BTreeSet<&str> = shared.iter().take(FIRST).map(|person| person.number(&HOSPITAL)).collect();
        let (now, staged) = staged(&region, &HOSPITAL)
            .into_iter()
            .partition::<Vec<_>, _>(|path| first.iter().any(|number| path.ends_with(number)));
        now.iter().for_each(|path| move_in(&region.storage(&HOSPITAL), path, &storage));
        hospital.add_feed(&storage);
        clinic.add_feed(&region.storage(&CLINIC));
        hospital.scan();
        clinic.scan();
        let pairs: Vec<(String, String)> = shared
            .iter()
            .take(FIRST)
            .map(|person| (clinic.patient(person.number(&CLINIC)), hospital.patient(person.number(&HOSPITAL))))
            .collect();
        for (here, there) in &pairs {
            clinic.cli(["consent", "record", here]);
            hospital.cli(["consent", "record", there]);
        }
        let readable = |clinic: &Node, here: &String| {
            let found = clinic.cli(["locate", here]);
            found["candidates"].as_array().is_some_and(|list| list.iter().any(|one| one["certainty"] == "rules"))
        };
        eventually("some patients of both are found by the rules", || {
            pairs.iter().filter(|(here, _)| readable(&clinic, here)).count() > FIRST / 2
        });
        let pairs: Vec<_> = pairs.into_iter().filter(|(here, _)| readable(&clinic, here)).collect();
        // Half of them keep their consent, so that reads go on.
        let patients = pairs.iter().skip(pairs.len() / 2).map(|(_, there)| there.clone()).collect();
        let mut trial =
            Self { town, hospital, clinic, staged, storage, pairs, patients, ledger: Ledger::default(), hits: 0 };
        trial.staged.sort();
        trial
    }

    /// One kill: work begins, the node dies at some moment, comes back, and everything is compared.
    fn round(&mut self, round: u64, work: Work, dice: &mut Dice) {
        let from = self.town.file("region").join(HOSPITAL.id);
        if work == Work::Ingest {
            let count = self.staged.len().div_ceil((ROUNDS / 3) as usize - (round / 3) as usize);
            for path in self.staged.split_off(self.staged.len() - count.min(self.staged.len())) {
                move_in(&from, &path, &self.storage);
            }
        }
        let reader_dies = work == Work::Fetch && dice.below(2) == 0;
        let killed = AtomicBool::new(false);
        let moment = Duration::from_millis(dice.below(MOMENT_MS_MAX));
        let mut order = dice.clone();
        let (hospital, clinic) = (self.hospital.hand(), self.clinic.hand());
        let (pairs, patients) = (self.pairs.clone(), self.patients.clone());
        let done = std::thread::scope(|scope| {
            let worker = scope.spawn(|| match work {
                Work::Ingest => scans(&hospital, &killed),
                Work::Publish => consents(&hospital, &patients, &mut order, &killed),
                Work::Fetch => reads(&clinic, &pairs, &mut order, &killed),
            });
            // The moment is the point of this test: it is drawn by chance, not waited for.
            std::thread::sleep(moment);
            killed.store(true, Ordering::SeqCst);
            if reader_dies {
                self.clinic.kill_nine()
            } else {
                self.hospital.kill_nine()
            }
            worker.join().expect("the worker does not panic")
        });
        dice.throw();
        self.hits += u64::from(done.was_cut);
        done.receipts.into_iter().for_each(|(patient, receipt)| {
            self.ledger.receipts.entry(patient).or_default().insert(receipt);
        });
        self.ledger.reads.extend(done.reads);
        if reader_dies {
            self.clinic.start()
        } else {
            self.hospital.start()
        }
        self.compare(work, round);
    }

    /// After a restart: nothing acknowledged is missing, and nothing is other than it was.
    fn compare(&mut self, work: Work, round: u64) {
        for node in [&self.hospital, &self.clinic] {
            let verified = node.ask(["audit", "verify"]);
            assert_eq!(verified.exit, 0, "round {round} ({work:?}): {}", verified.stdout);
            self.ledger.check_events(node, round);
        }
        for (patient, receipts) in self.ledger.receipts.iter().filter(|_| work == Work::Publish) {
            let shown = self.hospital.cli(["consent", "show", patient]);
            let kept: BTreeSet<&str> =
                shown["receipts"].as_array().into_iter().flatten().filter_map(|one| one["receipt"].as_str()).collect();
            for receipt in receipts {
                assert!(
                    kept.contains(receipt.as_str()),
                    "round {round}: an acknowledged consent of {patient} is gone: {shown}"
                );
            }
        }
        if work == Work::Ingest {
            self.hospital.scan();
            let again = self.hospital.scan();
            for feed in again["feeds"].as_array().expect("a list") {
                assert!(
                    feed["added"] == 0 && feed["patients_changed"] == 0,
                    "round {round}: a re-scan changed something: {feed}"
                );
            }
        }
    }

    /// The node that was killed again and again holds what a node holds that never was.
    fn end(mut self) {
        for (node, list) in [
            (&self.clinic, self.ledger.reads.iter().map(|(request, leaf, _)| (request, leaf)).collect::<Vec<_>>()),
            (&self.hospital, self.ledger.reads.iter().map(|(request, _, leaf)| (request, leaf)).collect()),
        ] {
            for (request, leaf) in list {
                let event = self.ledger.events.get(&(node.house.word, *leaf)).expect("the log was read to its end");
                assert_eq!(
                    event["request"],
                    request.as_str(),
                    "an acknowledged read is not in the log of {}",
                    node.house.word
                );
            }
        }
        assert!(self.staged.is_empty());
        let fresh = self.town.set_up(House { word: "fresh", ..HOSPITAL }, Listen::Nowhere);
        fresh.add_feed(&self.storage);
        let (fresh_scan, scan) = (fresh.scan(), self.hospital.scan());
        let counts = |scan: &Value| -> Vec<Value> {
            let feeds = scan["feeds"].as_array().expect("a list");
            feeds
                .iter()
                .map(|f| {
                    json!([
                        f["name"],
                        f["seen"],
                        f["stored"],
                        f["history"],
                        f["deleted"],
                        f["quarantined"],
                        f["ignored"],
                        f["patients"]
                    ])
                })
                .collect()
        };
        assert_eq!(
            counts(&scan),
            counts(&fresh_scan),
            "after all kills the counts are those of a node that was never killed"
        );
        for path in std::fs::read_dir(self.town.file("storage").join("standard")).expect("a folder").flatten().take(3) {
            for number in numbers_below(&path.path()).into_iter().take(4) {
                assert_eq!(records(&self.hospital, &number), records(&fresh, &number), "one patient's records differ");
            }
        }
        let (here, there) = &self.pairs[0];
        self.hospital.cli(["consent", "record", there]);
        eventually("a read works as ever", || {
            self.clinic.ask(["fetch", here, "--role", "doctor", "--ground", "at the end"]).json["rows"][0]["status"]
                == "data"
        });
        for node in [&mut self.hospital, &mut self.clinic] {
            assert_eq!(node.stop(), 0, "{}", node.output());
        }
    }
}

impl Ledger {
    fn count(&self) -> usize {
        self.receipts.values().flatten().count() + self.reads.len()
    }
    /// Reads a node's log to its end: what was shown before must stand there as it did.
    fn check_events(&mut self, node: &Node, round: u64) {
        let word = node.house.word;
        let known = self.events.range((word, 0)..=(word, u64::MAX)).count() as u64;
        // The newest that were known before, and all that are new.
        let from = known.saturating_sub(OVERLAP);
        let list = node.cli(["audit", "list", "--from", &from.to_string(), "--limit", "10000"]);
        assert!(
            list["size"].as_u64() >= Some(known),
            "round {round}: the log of {word} had {known} events, now {}",
            list["size"]
        );
        for event in list["events"].as_array().expect("a list") {
            let leaf = event["leaf"].as_u64().expect("a position");
            let before = self.events.entry((word, leaf)).or_insert_with(|| event.clone());
            assert_eq!(before, event, "round {round}: event {leaf} of {word} is another than it was");
        }
    }
}

/// What a worker heard before the kill.
#[derive(Debug, Default)]
struct Acknowledged {
    receipts: Vec<(String, String)>,
    reads: Vec<(String, u64, u64)>,
    /// A command was on its way when the node died.
    was_cut: bool,
}

fn scans(node: &Node, killed: &AtomicBool) -> Acknowledged {
    let mut done = Acknowledged::default();
    while !killed.load(Ordering::SeqCst) {
        let answer = node.ask(["feed", "scan"]);
        done.was_cut |= answer.exit == LOST;
        assert!(answer.exit != 0 || answer.json["adds_up"] == true, "{}", answer.stdout);
    }
    done
}

fn consents(node: &Node, patients: &[String], dice: &mut Dice, killed: &AtomicBool) -> Acknowledged {
    let mut done = Acknowledged::default();
    while !killed.load(Ordering::SeqCst) {
        let patient = dice.pick(patients).clone();
        let verb: &[&str] =
            if dice.below(4) == 0 { &["withdraw", &patient] } else { &["record", &patient, "--days", "90"] };
        let answer = node.ask(["consent"].iter().chain(verb));
        done.was_cut |= answer.exit == LOST;
        if answer.exit == 0 {
            done.receipts.push((patient, answer.json["receipt"].as_str().expect("a receipt has an id").to_owned()));
        }
    }
    done
}

fn reads(node: &Node, pairs: &[(String, String)], dice: &mut Dice, killed: &AtomicBool) -> Acknowledged {
    let mut done = Acknowledged::default();
    while !killed.load(Ordering::SeqCst) {
        let (here, _) = dice.pick(pairs);
        let answer = node.ask(["fetch", here, "--role", "doctor", "--ground", "round", "--wait-ms", "8000"]);
        let row = &answer.json["rows"][0];
        done.was_cut |= answer.exit == LOST || row["status"] == "offline" || row["status"] == "late";
        if row["status"] == "data" {
            let leaf = |value: &Value| value.as_u64().expect("a leaf");
            let request = row["request"].as_str().expect("it was asked").to_owned();
            done.reads.push((request, leaf(&row["leaf"]), leaf(&row["holder_leaf"]["leaf"])));
        }
    }
    done
}

/// Folders of all patients of a storage, below `standard` and `extended`.
fn staged(region: &Region, house: &House) -> Vec<PathBuf> {
    let root = region.storage(house);
    ["standard", "extended"]
        .iter()
        .flat_map(|part| patient_folders(&root.join(part)))
        .map(|path| path.strip_prefix(&root).expect("below it").to_owned())
        .collect()
}

fn patient_folders(part: &Path) -> Vec<PathBuf> {
    let below =
        |path: &PathBuf| path.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    below(&part.to_owned()).iter().flat_map(below).collect::<Vec<_>>().iter().flat_map(below).collect()
}

fn numbers_below(first: &PathBuf) -> Vec<String> {
    let below =
        |path: &PathBuf| path.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let patients = below(first).iter().flat_map(below).collect::<Vec<_>>();
    patients.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

fn move_in(from: &Path, patient: &Path, to: &Path) {
    let at = to.join(patient);
    std::fs::create_dir_all(at.parent().expect("below the storage")).expect("the town's folder");
    std::fs::rename(from.join(patient), at).expect("both are in the town's folder");
}

/// A patient's records without what each node numbers for itself.
fn records(node: &Node, number: &str) -> Vec<String> {
    let found = node.cli(["patient", "find", number]);
    let Some(patient) = found["patients"].as_array().into_iter().flatten().find(|row| row["number"] == number) else {
        return Vec::new();
    };
    let shown = node.cli(["patient", "show", patient["patient"].as_str().expect("a number")]);
    let row = |row: &Value| {
        json!([
            row["kind"],
            row["care_date"],
            row["title"],
            row["bytes"],
            row["state"],
            row["made_at"],
            row["department"]
        ])
        .to_string()
    };
    let mut rows: Vec<String> = shown["records"].as_array().into_iter().flatten().map(row).collect();
    rows.sort();
    rows
}

/// Exit code of a command whose node died on it.
const LOST: i32 = 3;
/// The latest moment of a kill after the work began.
const MOMENT_MS_MAX: u64 = 700;
/// Events that are compared again although they were compared before.
const OVERLAP: u64 = 50;
