//! The damage campaign: one file of a real folder is damaged, then everything is opened, checked, read, repaired and made anew.
//!
//! Short by default. The long run: `MUSUBI_DAMAGE_TRIALS=400 cargo test -p store --locked damage -- --nocapture`; a trial is
//! replayed with `MUSUBI_DAMAGE_SEED` and one trial.
use super::folder::{copy_folder, files};
use super::*;
use crate::{BlobId, Store, check_closed, repair_closed};
use protocol::data::Outcome;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Everything that a store holds.
#[derive(Debug, PartialEq)]
struct Content {
    pairs: Vec<(Space, Vec<u8>, Vec<u8>)>,
    blobs: BTreeMap<BlobId, Vec<u8>>,
}

fn config() -> StoreConfig {
    StoreConfig { segment_bytes: 6 << 10, reserve_bytes: 0, ..StoreConfig::new([6; 32]) }
}

struct Town {
    _folder: tempfile::TempDir,
    template: PathBuf,
    backup: PathBuf,
    work: PathBuf,
    truth: Content,
    ids: Vec<BlobId>,
}

impl Town {
    /// A store with two snapshots, dropped segments, blobs, and a backup of all of it.
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [template, backup, work] = ["template", "backup", "work"].map(|name| folder.path().join(name));
        let (store, _) = Store::open(&template, config()).unwrap();
        let mut ids = Vec::new();
        for number in 1..=260 {
            if number % 50 == 1 {
                ids.push(store.blobs().put(&vec![number as u8; 900 * number as usize]).unwrap());
            }
            assert!(matches!(store.commit(batch(number)), Outcome::Committed { .. }));
            if number == 60 || number == 120 {
                store.compact(&mut |_| true).unwrap();
            }
        }
        assert!(store.backup(&backup, 1, &mut |_, _| true).unwrap().problems.is_empty());
        let truth = content(&store, &ids).unwrap();
        store.close();
        assert!(std::fs::read_dir(template.join("snapshots")).unwrap().count() == 2);
        Self { _folder: folder, template, backup, work, truth, ids }
    }

    fn trial(&self, seed: u64) -> Tally {
        let mut dice = Dice(seed);
        if self.work.exists() {
            std::fs::remove_dir_all(&self.work).unwrap();
        }
        copy_folder(&self.template, &self.work);
        let Some((path, how)) = self.damage(&mut dice) else { return Tally::default() };
        let told = format!("seed {seed}: {path}: {how}");
        let lived = catch_unwind(AssertUnwindSafe(|| self.judge(&path, dice.below(4) == 0, &told)));
        lived.unwrap_or_else(|cause| {
            let why = cause.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".into());
            panic!("{told}: {why}")
        })
    }

    /// Damages one file; none if the bytes stayed as they were.
    fn damage(&self, dice: &mut Dice) -> Option<(String, String)> {
        let part = ["journal", "journal", "db", "blobs", "snapshots"][dice.below(5) as usize];
        let mut all = files(&self.work.join(part));
        all.sort();
        let path = &all[dice.below(all.len() as u64) as usize];
        let name = path.strip_prefix(&self.work).unwrap().to_str().unwrap().to_owned();
        let before = std::fs::read(path).unwrap();
        let mut bytes = before.clone();
        let at = dice.below(bytes.len().max(1) as u64) as usize;
        let how = match dice.below(5) {
            0 | 1 if !bytes.is_empty() => {
                let bit = dice.below(8);
                bytes[at] ^= 1 << bit;
                format!("bit {bit} of byte {at} flipped")
            }
            2 => {
                let from = at / 512 * 512;
                let to = (from + 512).min(bytes.len());
                bytes[from..to].fill(0);
                format!("sector at {from} zeroed")
            }
            3 => {
                bytes[at..].fill(0);
                format!("zeroed from {at} on")
            }
            4 => {
                bytes.truncate(at);
                format!("cut at {at}")
            }
            _ => {
                std::fs::remove_file(path).unwrap();
                return Some((name, "missing".into()));
            }
        };
        if dice.below(6) == 0 {
            std::fs::remove_file(path).unwrap();
            return Some((name, "missing".into()));
        }
        std::fs::write(path, &bytes).unwrap();
        (bytes != before).then_some((name, how))
    }

    /// Named or harmless; healed by a start or from the backup; never other bytes than were written.
    fn judge(&self, path: &str, with_backup: bool, told: &str) -> Tally {
        let mut tally = Tally { trials: 1, ..Tally::default() };
        let (named, sound) = match check_closed(&self.work, config(), &mut |_| true) {
            Ok(report) => {
                let named =
                    report.damages.iter().map(ToString::to_string).chain(report.healed.clone()).collect::<Vec<_>>();
                (named.join("; "), report.is_sound())
            }
            Err(error) => (error.to_string(), false),
        };
        let is_index = path.starts_with("db");
        if !named.is_empty() {
            let says = named.contains(path) || (is_index && named.contains("db"));
            assert!(says, "the damage is not named: {named}");
            tally.named += 1;
        }
        // Nothing said: then nothing may be lost, not even if everything is made anew.
        if named.is_empty() {
            tally.harmless += 1;
        }
        if sound {
            assert_eq!(self.read(), Ok(()), "{told}: sound, but other content");
        } else if let Err(error) = self.read() {
            // A store that does not open, or says what it cannot read, is no silent loss.
            assert!(!error.contains("other content") || is_index, "{told}: {error}");
        }
        // Three of four damages to the journal are healed from snapshots and index alone.
        let needs = !sound && !path.starts_with("journal");
        let from = (with_backup || needs).then_some(self.backup.as_path());
        repair_closed(&self.work, from).unwrap();
        let report = check_closed(&self.work, config(), &mut |_| true).unwrap();
        let report =
            if report.is_sound() { report } else { check_closed(&self.work, config(), &mut |_| true).unwrap() };
        assert!(report.is_sound(), "not healed: {:?}", report.damages);
        assert_eq!(self.read(), Ok(()), "healed, but other content");
        std::fs::remove_dir_all(self.work.join("db")).unwrap();
        assert_eq!(self.read(), Ok(()), "the index made anew has other content");
        tally.healed += 1;
        tally
    }

    /// Opens and reads everything.
    fn read(&self) -> Result<(), String> {
        let (store, _) = Store::open(&self.work, config()).map_err(|error| error.to_string())?;
        let found = catch_unwind(AssertUnwindSafe(|| content(&store, &self.ids)));
        // A view stops with a panic rather than answer *nothing there* from a damaged index.
        let found = found.unwrap_or_else(|_| Err("a view stopped".into()))?;
        if found == self.truth { Ok(()) } else { Err("other content".into()) }
    }
}

fn content(store: &Store, ids: &[BlobId]) -> Result<Content, String> {
    let mut blobs = BTreeMap::new();
    for id in ids {
        blobs.insert(*id, store.blobs().read(*id, 1 << 24).map_err(|error| error.to_string())?);
    }
    Ok(Content { pairs: all(&store.view()), blobs })
}

#[derive(Debug, Default)]
struct Tally {
    trials: u64,
    named: u64,
    harmless: u64,
    healed: u64,
}

#[test]
fn damage_is_named_and_healed_and_never_silent() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let trials = number("MUSUBI_DAMAGE_TRIALS").unwrap_or(TRIALS);
    let first = number("MUSUBI_DAMAGE_SEED").unwrap_or(1);
    let town = Town::make();
    let mut sum = Tally::default();
    let mut seed = first;
    while sum.trials < trials {
        let one = town.trial(seed);
        sum.trials += one.trials;
        sum.named += one.named;
        sum.harmless += one.harmless;
        sum.healed += one.healed;
        seed += 1;
    }
    println!("damage campaign from seed {first}: {sum:?}; no silent loss, no wrong byte, no panic");
    assert_eq!(sum.healed, sum.trials);
    assert!(sum.named * 2 > sum.trials, "too little was hit: {sum:?}");
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound.max(1)
    }
}

const TRIALS: u64 = 40;
