use super::house::House;
use super::town::Cluster;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What made-up storages are wanted.
#[derive(Clone, Copy, Debug)]
pub struct RegionPlan<'a> {
    /// As in `--preset`.
    pub preset: &'a str,
    /// How many people.
    pub patients: u32,
    /// The same seed makes the same files.
    pub seed: u64,
    /// Who has storages; nobody named: the five of the preset.
    pub houses: &'a [House],
}

/// Made-up storages as `musubi demo-data` wrote them.
#[derive(Debug)]
pub struct Region {
    /// What the command said.
    pub json: Value,
    folder: PathBuf,
}

/// A person of the region and where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The truth's name for it.
    pub id: String,
    /// By facility.
    pub known: BTreeMap<String, Registered>,
}

/// A person as one facility wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its number there.
    pub number: String,
    /// Whether the clerk wrote everything as it is.
    pub is_faultless: bool,
}

impl Region {
    /// Has the command write the storages into a folder of the town.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn make(town: &Cluster, folder: &str, plan: RegionPlan<'_>) -> Self {
        let folder = town.file(folder);
        let (patients, seed) = (plan.patients.to_string(), plan.seed.to_string());
        let call = town.musubi([
            "demo-data",
            "--preset",
            plan.preset,
            "--patients",
            &patients,
            "--seed",
            &seed,
            "--years",
            "1",
        ]);
        let houses = plan.houses.iter().map(|house| format!("{}:{}:{}:地域:800", house.id, house.class, house.name));
        let houses = houses.flat_map(|house| ["--facility".to_owned(), house]);
        let json = call.args(houses).arg("--to").arg(&folder).deadline(DEADLINE).run().done();
        Self { json, folder }
    }
    /// The storage of a facility: the folder above `standard` and `extended`.
    pub fn storage(&self, house: &House) -> PathBuf {
        self.folder.join(house.id)
    }
    /// What the command says that it wrote for a facility.
    ///
    /// # Panics
    /// If the facility is not in the region.
    pub fn summary(&self, house: &House) -> &Value {
        let facilities = self.json["facilities"].as_array().expect("a list of facilities");
        let found = facilities.iter().find(|facility| facility["id"] == house.id);
        &found.expect("a facility of the region")["summary"]
    }
    /// Everybody, by the truth that the command wrote beside the storages.
    ///
    /// # Panics
    /// If the file is not as its header says.
    pub fn people(&self) -> Vec<Person> {
        let mut people = BTreeMap::<String, Person>::new();
        for row in rows(&self.folder.join("truth.csv")) {
            let person = people
                .entry(row["person_id"].clone())
                .or_insert_with_key(|id| Person { id: id.clone(), known: BTreeMap::new() });
            let registered = Registered { number: row["local_id"].clone(), is_faultless: row["errors"].is_empty() };
            person.known.insert(row["facility"].clone(), registered);
        }
        people.into_values().collect()
    }
    /// People whom all of these facilities know and wrote down without a fault.
    pub fn shared(&self, houses: &[House]) -> Vec<Person> {
        let knows = |person: &Person, house: &House| person.known.get(house.id).is_some_and(|known| known.is_faultless);
        self.people().into_iter().filter(|person| houses.iter().all(|house| knows(person, house))).collect()
    }
    /// The list of patients of a facility, each with its columns by name.
    pub fn patients(&self, house: &House) -> Vec<BTreeMap<String, String>> {
        rows(&self.storage(house).join("patients.csv"))
    }
}

impl Person {
    /// Its number at a facility.
    ///
    /// # Panics
    /// If it is not known there.
    pub fn number(&self, house: &House) -> &str {
        &self.known.get(house.id).expect("known there").number
    }
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines
        .map(|line| {
            names.iter().zip(line.split(',')).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
        })
        .collect()
}

/// Some hundred thousand files on a busy machine.
const DEADLINE: Duration = Duration::from_secs(1_800);
