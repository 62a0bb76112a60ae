use super::{File, Span, withdrawal};
use crate::faults::Class;
use crate::limits::{HORIZON_MS_MAX, NODES_MAX, PEOPLE_MAX};
use protocol::ids::FacilityId;
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose};
use protocol::time::{Date, Millis};
use std::collections::BTreeSet;

/// A scenario whose names are resolved and whose figures fit.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub file: File,
    /// When simulated time begins.
    pub start: Millis,
    /// Nodes in the order of the file.
    pub nodes: Vec<Node>,
    /// Accords in the order of the file.
    pub accords: Vec<AccordPlan>,
    /// Classes of faults that may be on.
    pub classes: Vec<Class>,
    /// Nodes that are switched off: which, when, for how long.
    pub outages: Vec<(usize, Span, Span)>,
}

/// One node, resolved.
#[derive(Clone, Debug)]
pub struct Node {
    /// Short name.
    pub id: String,
    /// Which network; none for an outsider.
    pub network: Option<usize>,
    /// Its facility.
    pub facility: FacilityId,
    /// What kind of house.
    pub class: FacilityClass,
    /// The others meet it first.
    pub hub: bool,
    /// A bad neighbour.
    pub bad: bool,
    /// When its membership ends.
    pub ends: Option<Span>,
    /// When its certificate ends.
    pub key_ends: Option<Span>,
    /// When its membership is taken back.
    pub revoked: Option<Span>,
    /// One way to the backbone, in microseconds.
    pub latency_us: u64,
    /// Bits per second.
    pub bits_per_s: u64,
}

/// One accord, resolved.
#[derive(Clone, Debug)]
pub struct AccordPlan {
    /// Both sides.
    pub parties: [usize; 2],
    /// Kinds that it opens.
    pub kinds: KindSet,
    /// Purposes that it opens them for.
    pub purposes: Codes,
    /// Classes that it opens them to.
    pub classes: Codes,
    /// When it ends.
    pub ends: Option<Span>,
}

/// Why a scenario cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// There is none of this name.
    #[error("no scenario is called `{0}`; `sim list` names them")]
    Unknown(String),
    /// Not TOML, or keys that nobody knows.
    #[error("the scenario cannot be read: {0}")]
    Form(String),
    /// A name or figure that does not fit.
    #[error("{place}: {problem}")]
    Value {
        /// Where in the file.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The scenarios of the house.
pub const NAMES: [&str; 5] = ["kesen-mmwin", "evaluators", "bad-neighbours", "withdrawal-150", "withdrawal-30"];

/// A scenario of the house.
///
/// # Errors
/// [`ScenarioError::Unknown`] if there is none of this name.
pub fn load_named(name: &str) -> Result<Scenario, ScenarioError> {
    match name {
        "kesen-mmwin" => load(include_str!("kesen-mmwin.toml")),
        "evaluators" => load(include_str!("evaluators.toml")),
        "bad-neighbours" => load(include_str!("bad-neighbours.toml")),
        "withdrawal-150" => resolve(withdrawal(name, 150)),
        "withdrawal-30" => resolve(withdrawal(name, 30)),
        _ => Err(ScenarioError::Unknown(name.to_owned())),
    }
}

/// Reads and checks a scenario.
///
/// # Errors
/// [`ScenarioError`] naming the place.
pub fn load(text: &str) -> Result<Scenario, ScenarioError> {
    resolve(toml::from_str(text).map_err(|error| ScenarioError::Form(error.to_string()))?)
}

/// Checks a scenario that was read or made.
///
/// # Errors
/// [`ScenarioError`] naming the place.
pub fn resolve(file: File) -> Result<Scenario, ScenarioError> {
    let start =
        Date::from_number(file.start).ok_or_else(|| wrong("start", "no date of the calendar; write YYYYMMDD"))?;
    if file.horizon.0 == 0 || file.horizon.0 > HORIZON_MS_MAX {
        return Err(wrong("horizon", "between one moment and sixty days"));
    }
    if file.people.count == 0 || file.people.count > PEOPLE_MAX {
        return Err(wrong("people.count", &format!("between 1 and {PEOPLE_MAX}")));
    }
    let shares = [
        ("people.large_permille", file.people.large_permille),
        ("work.withdraw_in_transfer_permille", file.work.withdraw_in_transfer_permille),
        ("swarm.on_permille", file.swarm.on_permille),
    ];
    if let Some((place, _)) = shares.iter().find(|(_, share)| *share > 1000) {
        return Err(wrong(place, "a share per mille is at most 1000"));
    }
    let nodes = nodes(&file)?;
    evaluators(&file, &nodes)?;
    let accords = accords(&file)?;
    let known =
        |word: &String| Class::parse(word).ok_or_else(|| wrong("swarm.classes", &format!("unknown class `{word}`")));
    let classes = file.swarm.classes.iter().map(known).collect::<Result<_, _>>()?;
    let outages = outages(&file)?;
    Ok(Scenario { start: start.start_jst(), nodes, accords, classes, outages, file })
}

fn evaluators(file: &File, nodes: &[Node]) -> Result<(), ScenarioError> {
    for (at, network) in file.network.iter().enumerate() {
        let known = |id: &String| nodes.iter().any(|node| node.id == *id && node.network == Some(at));
        let few = (1..3).contains(&network.evaluators.len());
        if few || !network.evaluators.iter().all(known) {
            let place = format!("network {}, evaluators", network.id);
            return Err(wrong(&place, "three or more nodes of this network, or none"));
        }
    }
    Ok(())
}

fn outages(file: &File) -> Result<Vec<(usize, Span, Span)>, ScenarioError> {
    let place = |id: &String| file.node.iter().position(|node| node.id == *id && node.network.is_some());
    let outages = file.outage.iter().map(|outage| match place(&outage.node) {
        Some(node) => Ok((node, outage.at, outage.span)),
        None => Err(wrong("outage", &format!("no member is called `{}`", outage.node))),
    });
    outages.collect()
}

fn nodes(file: &File) -> Result<Vec<Node>, ScenarioError> {
    if file.node.is_empty() || file.node.len() > NODES_MAX {
        return Err(wrong("node", &format!("between 1 and {NODES_MAX}")));
    }
    let mut seen = BTreeSet::new();
    let mut nodes = Vec::with_capacity(file.node.len());
    for node in &file.node {
        let place = |key: &str| format!("node {}, {key}", node.id);
        let network = match &node.network {
            Some(name) => Some(network(file, name).ok_or_else(|| wrong(&place("network"), "no such network"))?),
            None => None,
        };
        let facility =
            FacilityId::parse(&node.facility).map_err(|error| wrong(&place("facility"), &error.to_string()))?;
        if !seen.insert(node.id.clone()) || !seen.insert(node.facility.clone()) {
            return Err(wrong(&place("id"), "name or facility is there twice"));
        }
        if node.mbps == 0 {
            return Err(wrong(&place("mbps"), "at least 1"));
        }
        nodes.push(Node {
            id: node.id.clone(),
            network,
            facility,
            class: FacilityClass::parse(&node.class).ok_or_else(|| wrong(&place("class"), "no such class"))?,
            hub: node.hub,
            bad: node.bad,
            ends: node.ends,
            key_ends: node.key_ends,
            revoked: node.revoked,
            latency_us: node.latency.micros(),
            bits_per_s: node.mbps * 1_000_000,
        });
    }
    for (at, network) in file.network.iter().enumerate() {
        if nodes.iter().filter(|node| node.network == Some(at) && node.hub).count() != 1 {
            return Err(wrong(&format!("network {}", network.id), "exactly one of its nodes must be its hub"));
        }
    }
    Ok(nodes)
}

fn accords(file: &File) -> Result<Vec<AccordPlan>, ScenarioError> {
    let mut accords = Vec::with_capacity(file.accord.len());
    for accord in &file.accord {
        let place = |key: &str| format!("accord {}, {key}", accord.id);
        let party = |name: &String| network(file, name).ok_or_else(|| wrong(&place("parties"), "no such network"));
        let parties = [party(&accord.parties[0])?, party(&accord.parties[1])?];
        if parties[0] == parties[1] {
            return Err(wrong(&place("parties"), "a network needs no accord with itself"));
        }
        let mut kinds = KindSet::NONE;
        for word in &accord.kinds {
            let kind = Coarse::parse(word).ok_or_else(|| wrong(&place("kinds"), &format!("no kind `{word}`")))?;
            kinds = kinds.or(KindSet::of(&[kind]));
        }
        let codes = |key: &str, words: &[String], read: fn(&str) -> Option<u8>| {
            let code = |word: &String| read(word).ok_or_else(|| wrong(&place(key), &format!("unknown word `{word}`")));
            words.iter().map(code).collect::<Result<Vec<u8>, _>>().map(Codes::of)
        };
        accords.push(AccordPlan {
            parties,
            kinds,
            purposes: codes("purposes", &accord.purposes, |word| Purpose::parse(word).map(Purpose::code))?,
            classes: codes("classes", &accord.classes, |word| FacilityClass::parse(word).map(FacilityClass::code))?,
            ends: accord.ends,
        });
    }
    Ok(accords)
}

fn network(file: &File, name: &str) -> Option<usize> {
    file.network.iter().position(|network| network.id == name)
}

fn wrong(place: &str, problem: &str) -> ScenarioError {
    ScenarioError::Value { place: place.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_house_loads() {
        for name in NAMES {
            assert_eq!(load_named(name).map(|scenario| scenario.file.name), Ok(name.to_owned()));
        }
        assert_eq!(load_named("kesen").map(|_| ()), Err(ScenarioError::Unknown("kesen".into())));
    }
    #[test]
    fn a_wrong_scenario_names_the_place() {
        let text = include_str!("kesen-mmwin.toml");
        let check = |from: &str, to: &str, expect: &str| {
            let error = load(&text.replacen(from, to, 1)).map(|_| ()).expect_err("refused").to_string();
            assert!(error.contains(expect), "{error}");
        };
        check("count = 8", "counts = 8", "counts");
        check("horizon = \"2d\"", "horizon = \"2000d\"", "horizon");
        check("network = \"kesen\"", "network = \"kessen\"", "node kesen-hospital, network");
        check("\"clock\"", "\"clocks\"", "swarm.classes");
        check("kinds = [\"prescription\", \"lab\"]", "kinds = [\"pills\"]", "accord kesen-mmwin-2027, kinds");
        check("hub = true", "hub = false", "network kesen");
        check("on_permille = 500", "on_permille = 5000", "swarm.on_permille");
        check("name = \"北上\"", "name = \"北上\"\nevaluators = [\"kesen-clinic\"]", "network kitakami, evaluators");
    }
}
